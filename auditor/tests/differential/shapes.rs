//! The shapes of traffic.

mod closing;
mod framed;
mod malformed;
mod targets;

use crate::client::Client;
use crate::random::Random;

#[derive(Clone, Copy)]
pub(crate) struct Shape {
    pub(crate) name: &'static str,
    pub(crate) play: fn(&mut Client, &mut Random),
}

const fn shape(name: &'static str, play: fn(&mut Client, &mut Random)) -> Shape {
    Shape { name, play }
}

/// Those after which the connection can carry another exchange.
pub(crate) static OPEN: &[Shape] = &const { joined::<OPEN_COUNT>(framed::SHAPES, targets::SHAPES) };

/// Those that are the last of their connection.
pub(crate) static CLOSING: &[Shape] =
    &const { joined::<CLOSING_COUNT>(closing::SHAPES, malformed::SHAPES) };

const OPEN_COUNT: usize = framed::SHAPES.len() + targets::SHAPES.len();
const CLOSING_COUNT: usize = closing::SHAPES.len() + malformed::SHAPES.len();

const fn joined<const N: usize>(a: &[Shape], b: &[Shape]) -> [Shape; N] {
    let mut all = [a[0]; N];
    let mut n = 0;
    while n < N {
        all[n] = if n < a.len() { a[n] } else { b[n - a.len()] };
        n += 1;
    }
    all
}
