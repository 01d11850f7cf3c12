//! One condition of a selector.

use super::facts::{Direction, Facts, Names};
use crate::network::Network;
use crate::pattern::{Pattern, Wanted};

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Term {
    Direction(Direction),
    Port(u16),
    Address(Network),
    Service(Pattern),
    Container(Pattern),
    Namespace(Pattern),
    Pod(Pattern),
    PodUid(Pattern),
    Executable(Pattern),
    Path(Pattern),
}

type Parse = fn(&str) -> Result<Term, Wanted>;

/// Every key and what its value is read by.
const KEYS: [(&str, Parse); 10] = [
    ("direction", direction),
    ("port", port),
    ("address", address),
    ("service", |value| Pattern::exact(value).map(Term::Service)),
    ("container", |value| {
        Pattern::beginning(value).map(Term::Container)
    }),
    ("namespace", |value| {
        Pattern::exact(value).map(Term::Namespace)
    }),
    ("pod", |value| Pattern::exact(value).map(Term::Pod)),
    ("pod-uid", |value| Pattern::exact(value).map(Term::PodUid)),
    ("executable", |value| {
        Pattern::exact(value).map(Term::Executable)
    }),
    ("path", |value| Pattern::beginning(value).map(Term::Path)),
];

// === impl Term ===

impl Term {
    pub(super) fn keys() -> Vec<&'static str> {
        KEYS.iter().map(|(key, _)| *key).collect()
    }

    /// `None` for a key that does not exist.
    pub(super) fn parse(key: &str, value: &str) -> Option<Result<Self, Wanted>> {
        let (_, parse) = KEYS.iter().find(|(name, _)| *name == key)?;
        Some(parse(value))
    }

    pub(super) fn matches(&self, facts: &Facts<'_>) -> bool {
        match self {
            Self::Direction(direction) => facts.direction == *direction,
            Self::Port(port) => facts.server_port == *port,
            Self::Address(network) => network.contains(facts.peer),
            Self::Executable(pattern) => pattern.matches(facts.executable),
            Self::Path(pattern) => pattern.matches(facts.path),
            Self::Service(_)
            | Self::Container(_)
            | Self::Namespace(_)
            | Self::Pod(_)
            | Self::PodUid(_) => self.matches_all(&facts.names) == Some(true),
        }
    }

    /// Whether it holds for all accesses of a workload with these names, or for none; `None` if that
    /// depends on the access.
    pub(super) fn matches_all(&self, names: &Names<'_>) -> Option<bool> {
        let (pattern, name) = match self {
            Self::Service(pattern) => (pattern, names.service_name),
            Self::Container(pattern) => (pattern, names.container_id),
            Self::Namespace(pattern) => (pattern, names.namespace),
            Self::Pod(pattern) => (pattern, names.pod),
            Self::PodUid(pattern) => (pattern, names.pod_uid),
            Self::Direction(_)
            | Self::Port(_)
            | Self::Address(_)
            | Self::Executable(_)
            | Self::Path(_) => return None,
        };
        Some(pattern.matches(name))
    }
}

fn direction(value: &str) -> Result<Term, Wanted> {
    match value {
        "inbound" => Ok(Term::Direction(Direction::Inbound)),
        "outbound" => Ok(Term::Direction(Direction::Outbound)),
        _ => Err("write inbound or outbound"),
    }
}

fn port(value: &str) -> Result<Term, Wanted> {
    match value.parse() {
        Ok(port @ 1..) => Ok(Term::Port(port)),
        _ => Err("write a port between 1 and 65535"),
    }
}

fn address(value: &str) -> Result<Term, Wanted> {
    value
        .parse()
        .map(Term::Address)
        .map_err(|_| "write an address or a network such as 10.0.0.0/8")
}
