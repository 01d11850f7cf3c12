//! One condition of a selector.

use super::facts::{Direction, Facts};
use crate::network::Network;

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

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Pattern {
    Exactly(String),
    Beginning(String),
}

/// Why a value cannot stand for its key.
pub(super) type Wanted = &'static str;

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
            Self::Service(pattern) => pattern.matches(facts.service_name),
            Self::Container(pattern) => pattern.matches(facts.container_id),
            Self::Namespace(pattern) => pattern.matches(facts.namespace),
            Self::Pod(pattern) => pattern.matches(facts.pod),
            Self::PodUid(pattern) => pattern.matches(facts.pod_uid),
            Self::Executable(pattern) => pattern.matches(facts.executable),
            Self::Path(pattern) => pattern.matches(facts.path),
        }
    }
}

// === impl Pattern ===

impl Pattern {
    fn exact(value: &str) -> Result<Self, Wanted> {
        match value.strip_suffix('*') {
            Some(beginning) => Self::beginning(beginning),
            None => literal(value).map(Self::Exactly),
        }
    }

    /// A lone `*` begins everything: it asks only that the fact is known.
    fn beginning(value: &str) -> Result<Self, Wanted> {
        let beginning = value.strip_suffix('*').unwrap_or(value);
        if beginning.is_empty() {
            return Ok(Self::Beginning(String::new()));
        }
        literal(beginning).map(Self::Beginning)
    }

    fn matches(&self, fact: Option<&str>) -> bool {
        fact.is_some_and(|fact| match self {
            Self::Exactly(text) => fact == text,
            Self::Beginning(text) => fact.starts_with(text.as_str()),
        })
    }
}

fn literal(text: &str) -> Result<String, Wanted> {
    if text.contains('*') {
        Err("* may only stand at the end")
    } else {
        Ok(text.to_owned())
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
