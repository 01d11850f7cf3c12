//! The body of a record: one readable line.

use std::fmt::Write as _;

use super::{asked::Asked, value::clean};
use crate::protocol::{Exchange, Head};

/// Longest part of a path that the line shows.
const MAX_PATH: usize = 200;

/// Appends `GET example.org/path 200`.
pub(super) fn push(line: &mut String, exchange: &Exchange, asked: Option<&Asked<'_>>) {
    if let Some(asked) = asked {
        if let Some(method) = &asked.method {
            line.push_str(method);
            line.push(' ');
        }
        if let Some(host) = asked.authority {
            line.push_str(&clean(&host[..host.len().min(MAX_PATH)]));
        }
        line.push_str(&asked.path[..asked.path.floor_char_boundary(MAX_PATH)]);
    } else if exchange.request.is_some() {
        line.push_str("request that is not HTTP");
    } else {
        line.push_str("response without its request");
    }
    let head = exchange.response.as_ref().and_then(|m| m.head.as_ref());
    match head.and_then(Head::status) {
        Some(status) => {
            let _ = write!(line, " {status}");
        }
        None if exchange.response.is_some() => line.push_str(" without status"),
        None => line.push_str(" without response"),
    }
}
