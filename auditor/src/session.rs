//! Events → per-connection truth: two ordered byte streams with explicit holes, from open to close.
//!
//! One owner, no locks: [`Sessions::step`] takes an event and appends what became certain.

mod connection;
mod early;
mod facts;
mod hellos;
mod plaintext;
mod progress;
mod stream;
mod table;
mod unbound;

pub use crate::decode::{BootTime, Owner, Role};
pub use connection::{Closed, Directive, Termination};
pub use facts::ConnectionFacts;
pub use plaintext::{Inside, Tier};
pub use progress::{Moment, Ongoing};
pub use table::{Output, Sessions, Statistics};

#[cfg(test)]
mod tests;
