use std::fmt::Write as _;

use super::{Certificate, Facts, Streams, Version};
use crate::protocol::{Side, Span, Verdict, Want};

mod captures;
mod fingerprints;
mod hostile;
mod wire;

/// Who says what, in turn.
type Turns = Vec<(Side, Vec<u8>)>;

/// Hears all of it, in pieces of `size` bytes.
fn hear(turns: &Turns, size: usize) -> Streams {
    let mut streams = Streams::new(0);
    for (side, bytes) in turns {
        for piece in bytes.chunks(size) {
            streams.feed(*side, Span::Bytes(piece));
        }
    }
    streams
}

fn facts(turns: &Turns) -> Facts {
    let streams = hear(turns, usize::MAX);
    assert_eq!(streams.verdict(), Verdict::Tls);
    Facts::clone(streams.facts().unwrap())
}

/// In a line: what was agreed on, how it went, and what is special about it.
fn line(facts: &Facts) -> String {
    let mut line = String::new();
    if let Some(server) = &facts.server {
        let version = server.version.number().unwrap_or("?");
        write!(line, "{version} {}", server.cipher.name()).unwrap();
    }
    if let Some(group) = facts.group {
        write!(line, " {}", group.name()).unwrap();
    }
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    if let Some(client) = &facts.client {
        if let Some(name) = &client.server_name {
            write!(line, " to {}", text(name)).unwrap();
        }
        for protocol in &client.protocols {
            write!(line, " {}?", text(protocol)).unwrap();
        }
    }
    let protocol = facts.server.as_ref().and_then(|s| s.protocol.as_ref());
    if let Some(protocol) = protocol {
        write!(line, " {}", text(protocol)).unwrap();
    }
    if facts.is_retried {
        line.push_str(" retried");
    }
    if facts.is_resumed() == Some(true) {
        line.push_str(" resumed");
    }
    let presented = [
        ("server", &facts.server_certificate),
        ("client", &facts.client_certificate),
    ];
    for (who, certificate) in presented {
        let contents = certificate.as_ref().and_then(|c| c.contents.as_ref());
        if let Some(contents) = contents {
            write!(line, " {who} {}", contents.subject).unwrap();
        }
    }
    if let Some(gap) = facts.gap {
        write!(line, " {}", gap.as_str()).unwrap();
    }
    match (facts.was_established(), facts.failure()) {
        (Some(true), None) => line.push_str(" established"),
        (None, None) => line.push_str(" unclear"),
        (_, failure) => write!(line, " failed: {}", failure.unwrap().name()).unwrap(),
    }
    line.trim_start().to_owned()
}
