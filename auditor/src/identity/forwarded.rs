//! The client that forwarding headers claim.

use std::net::{IpAddr, SocketAddr};

use smallvec::SmallVec;

use super::elements::elements;
use crate::network::Network;
use crate::protocol::Head;

/// A client as somebody told of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct ClaimedClient {
    pub address: IpAddr,
    /// A trusted proxy told it, and only trusted proxies were on the way since.
    pub trusted: bool,
}

impl ClaimedClient {
    /// `sender` made the connection on which the request came. With a chain of trusted proxies
    /// from there on, it is the address that the farthest of them saw; else the first one claimed,
    /// which anybody may have written.
    pub(super) fn of(head: &Head, sender: IpAddr, trusted: &[Network]) -> Option<Self> {
        let hops = hops(head)?;
        let is_trusted = |address: IpAddr| trusted.iter().any(|net| net.contains(address));
        if !is_trusted(sender) {
            let address = (*hops.first()?)?;
            return Some(Self {
                address,
                trusted: false,
            });
        }
        let mut client = None;
        for hop in hops.iter().rev() {
            // A trusted proxy that hides its client is the end of what is known.
            client = *hop;
            if !client.is_some_and(is_trusted) {
                break;
            }
        }
        client.map(|address| Self {
            address,
            trusted: true,
        })
    }
}

/// Every hop claimed, the client first: those of `Forwarded` (RFC 7239), else of
/// `X-Forwarded-For`. A hop that is no address is `None`.
fn hops(head: &Head) -> Option<SmallVec<[Option<IpAddr>; 4]>> {
    let mut hops = SmallVec::new();
    for value in head.values("forwarded") {
        for element in elements(value)? {
            let mut nodes = element.values("for");
            hops.push(nodes.next().and_then(|node| address(&node)));
        }
    }
    if hops.is_empty() {
        let values = head.values("x-forwarded-for");
        let nodes = values.flat_map(|value| value.split(|&b| b == b','));
        hops.extend(nodes.map(address));
    }
    Some(hops)
}

/// An address, which may have a port and brackets.
fn address(node: &[u8]) -> Option<IpAddr> {
    let node = std::str::from_utf8(node).ok()?.trim();
    let node = node.trim_matches('"');
    let bare = node
        .strip_prefix('[')
        .and_then(|node| node.strip_suffix(']'));
    let with_port = || node.parse().map(|address: SocketAddr| address.ip());
    bare.unwrap_or(node).parse().or_else(|_| with_port()).ok()
}

#[cfg(test)]
mod tests;
