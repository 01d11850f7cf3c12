//! Attributes of a connection.

use std::borrow::Cow;

use super::{attributes::Attributes, tls};
use crate::{
    protocol::tls::Failure,
    record::attribute as a,
    session::{Closed, ConnectionFacts, Inside, Ongoing, Termination},
};

/// Which ports a record tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ports {
    Both,
    /// The other one is another for every connection.
    OfServer,
}

/// What every record of a connection says.
pub(super) fn common(
    attributes: &mut Attributes<'_>,
    connection: &ConnectionFacts,
    inbound: Option<bool>,
) {
    ends(attributes, connection, inbound, Ports::Both);
    if connection.is_pre_existing() {
        attributes.bool(a::PRE_EXISTING, true);
    }
}

/// What every connection between the same two ends says.
pub(super) fn ends(
    attributes: &mut Attributes<'_>,
    connection: &ConnectionFacts,
    inbound: Option<bool>,
    ports: Ports,
) {
    if let Some(inbound) = inbound {
        let direction = if inbound { "inbound" } else { "outbound" };
        attributes.string(a::DIRECTION, direction);
    }
    let (local, peer) = (connection.local, connection.peer);
    attributes.address(a::NETWORK_LOCAL_ADDRESS, local.ip());
    if ports == Ports::Both || inbound == Some(true) {
        attributes.int(a::NETWORK_LOCAL_PORT, u64::from(local.port()));
    }
    attributes.address(a::NETWORK_PEER_ADDRESS, peer.ip());
    if ports == Ports::Both || inbound == Some(false) {
        attributes.int(a::NETWORK_PEER_PORT, u64::from(peer.port()));
    }
    attributes.string(a::NETWORK_TRANSPORT, "tcp");
    let kind = if local.is_ipv4() { "ipv4" } else { "ipv6" };
    attributes.string(a::NETWORK_TYPE, kind);
}

/// How it was seen: on the wire, or in the clear by a TLS library.
pub(super) fn seen(attributes: &mut Attributes<'_>, library: Option<&str>) {
    let Some(library) = library else {
        attributes.string(a::CAPTURE_METHOD, "cgroup_skb");
        return;
    };
    attributes.string(a::CAPTURE_METHOD, "uprobe");
    attributes.string(a::CAPTURE_LIBRARY, library);
}

/// What the opening of a connection says.
pub(super) fn opened(
    attributes: &mut Attributes<'_>,
    connection: &ConnectionFacts,
    inbound: Option<bool>,
) {
    let peer = connection.peer;
    attributes.body(&format!("connection {} {peer} opened", arrow(inbound)));
}

/// What a connection that goes on says.
pub(super) fn ongoing(
    attributes: &mut Attributes<'_>,
    connection: &ConnectionFacts,
    inbound: Option<bool>,
    ongoing: &Ongoing,
) {
    let [received, sent] = ongoing.bytes;
    attributes.int(a::DURATION_NS, ongoing.at.since(connection.opened));
    attributes.int(a::BYTES_RECEIVED, received);
    attributes.int(a::BYTES_SENT, sent);
    if let Some(facts) = &ongoing.tls {
        tls::write(attributes, facts, tls::Stage::Ongoing);
    }
    inside(attributes, ongoing.inside, ongoing.tls.is_some());
    attributes.body(&format!(
        "connection {} {} goes on, {received} bytes received, {sent} sent",
        arrow(inbound),
        connection.peer
    ));
}

/// What the close of a connection says.
pub(super) fn closed(
    attributes: &mut Attributes<'_>,
    connection: &ConnectionFacts,
    inbound: Option<bool>,
    closed: &Closed,
) {
    if let Some(opened) = closed.opened {
        attributes.int(a::DURATION_NS, closed.closed.since(opened));
    }
    attributes.int(a::BYTES_RECEIVED, closed.bytes[0]);
    attributes.int(a::BYTES_SENT, closed.bytes[1]);
    attributes.string(a::TERMINATION, name(closed.termination));
    if let Some(facts) = &closed.tls {
        tls::write(attributes, facts, tls::Stage::Closed);
    }
    inside(attributes, closed.inside, closed.tls.is_some());
    if let Some(error) = error(closed) {
        attributes.string(a::ERROR_TYPE, &error);
    }
    if closed.exchanges != 0 {
        attributes.int(a::EXCHANGES, u64::from(closed.exchanges));
    }
    attributes.int(a::SMOOTHED_RTT_US, u64::from(closed.smoothed_rtt_us));
    attributes.int(a::RETRANSMITS, u64::from(closed.retransmits));
    let arrow = arrow(inbound);
    let verb = match closed.termination {
        Termination::NeverOpened => "not opened",
        Termination::Graceful | Termination::Released => "closed",
        Termination::ResetReceived | Termination::ResetSent => "reset",
        Termination::Abandoned => "abandoned",
    };
    attributes.body(&format!(
        "connection {arrow} {} {verb}, {} bytes received, {} sent",
        connection.peer, closed.bytes[0], closed.bytes[1]
    ));
}

/// Whether what was said inside TLS is recorded. Of a connection that is older than the auditor the
/// handshake was not seen.
fn inside(attributes: &mut Attributes<'_>, inside: Inside, is_tls: bool) {
    match inside {
        Inside::Captured => attributes.string(a::PLAINTEXT_STATUS, "captured"),
        Inside::Unsupported(why) if is_tls => {
            attributes.string(a::PLAINTEXT_STATUS, "unsupported");
            attributes.string(a::PLAINTEXT_REASON, why.as_str());
        }
        Inside::Disabled if is_tls => attributes.string(a::PLAINTEXT_STATUS, "disabled"),
        Inside::Unsupported(_) | Inside::Disabled => {}
    }
}

fn arrow(inbound: Option<bool>) -> &'static str {
    match inbound {
        Some(true) => "from",
        Some(false) => "to",
        None => "with",
    }
}

fn name(termination: Termination) -> &'static str {
    match termination {
        Termination::Graceful => "graceful",
        Termination::ResetReceived => "reset_received",
        Termination::ResetSent => "reset_sent",
        Termination::Abandoned => "abandoned",
        Termination::NeverOpened => "never_opened",
        Termination::Released => "released",
    }
}

/// Why it failed. An end that gave up a handshake said why; that it then reset the connection says
/// less.
fn error(closed: &Closed) -> Option<Cow<'static, str>> {
    let failure = closed.tls.as_ref().and_then(|facts| facts.failure());
    let ended = match closed.termination {
        Termination::Graceful | Termination::Released => None,
        Termination::ResetReceived | Termination::ResetSent => Some("connection_reset"),
        Termination::Abandoned => Some("connection_abandoned"),
        Termination::NeverOpened => Some("connect_failed"),
    };
    match (failure, ended) {
        (Some(Failure::Unfinished) | None, Some(ended)) => Some(Cow::Borrowed(ended)),
        (failure, _) => failure.map(|failure| failure.name()),
    }
}
