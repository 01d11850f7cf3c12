//! The body of a record: one readable line.

use super::{path::path, policy::Policy, target::Target, value::clean};
use crate::protocol::{Exchange, Head};

/// Longest part of a path that the line shows.
const MAX_PATH: usize = 200;

/// `GET example.org/path 200`.
pub(super) fn http(exchange: &Exchange, policy: &Policy) -> String {
    let mut line = String::with_capacity(64);
    let head = exchange.request.as_ref().and_then(|m| m.head.as_ref());
    if let Some(head) = head {
        let target = Target::of_head(head);
        if let Some(method) = head.method() {
            line.push_str(&clean(method));
            line.push(' ');
        }
        if let Some(host) = target.authority.or_else(|| head.values("host").next()) {
            line.push_str(&clean(&host[..host.len().min(MAX_PATH)]));
        }
        let path = path(target.path, policy.path);
        line.push_str(&path[..path.floor_char_boundary(MAX_PATH)]);
    } else if exchange.request.is_some() {
        line.push_str("request that is not HTTP");
    } else {
        line.push_str("response without its request");
    }
    let head = exchange.response.as_ref().and_then(|m| m.head.as_ref());
    match head.and_then(Head::status) {
        Some(status) => {
            line.push(' ');
            line.push_str(&status.to_string());
        }
        None if exchange.response.is_some() => line.push_str(" without status"),
        None => line.push_str(" without response"),
    }
    line
}
