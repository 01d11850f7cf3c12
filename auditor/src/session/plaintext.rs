//! What a TLS library read and wrote in the clear on a connection: a second pair of streams.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    connection::{opposite, side_of, take},
    facts::ConnectionFacts,
    stream::Stream,
};
use crate::{
    decode::{BootTime, Data, Direction, Plaintext, Role},
    protocol::{Conversation, Ending, Exchange, Reason, Side, side_of_first},
};

/// Libraries remembered; more than are probed at a time, because of one that is let go events may
/// still come.
const MAX_LIBRARIES: usize = 16_384;

/// Whether TLS libraries are probed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Tier {
    /// Nobody asked for it.
    #[default]
    Disabled,
    /// It was asked for, and this node does not have what it takes.
    Refused,
    Probing,
}

/// Whether what is said inside TLS on a connection is seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Inside {
    /// Exchanges in it were.
    Captured,
    /// It is not, though that was asked for.
    Unsupported(Unseen),
    /// Nobody asked for it.
    Disabled,
}

/// Why it is not seen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Unseen {
    NoTier,
    NoProbedLibrary,
}

/// A library whose calls are seen.
#[derive(Clone, Debug)]
struct Library {
    name: Arc<str>,
    /// From when on every call is seen; `None` while that is not so yet.
    since: Option<BootTime>,
}

/// The libraries that are probed.
#[derive(Debug, Default)]
pub(super) struct Libraries {
    /// By the number that stands in their events; later ones have higher numbers.
    known: BTreeMap<u32, Library>,
    tier: Tier,
}

// === impl Unseen ===

impl Unseen {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoTier => "no_plaintext_tier",
            Self::NoProbedLibrary => "no_probed_library",
        }
    }
}

// === impl Libraries ===

impl Libraries {
    pub(super) fn expect(&mut self, tier: Tier) {
        self.tier = tier;
    }

    pub(super) fn learn(&mut self, number: u32, name: Arc<str>, since: Option<BootTime>) {
        self.known.insert(number, Library { name, since });
        if self.known.len() > MAX_LIBRARIES {
            self.known.pop_first();
        }
    }

    pub(super) fn are_probed(&self) -> bool {
        self.tier == Tier::Probing
    }

    /// What is told of a connection on which exchanges were `captured`, or were not.
    pub(super) fn inside(&self, captured: bool) -> Inside {
        match self.tier {
            _ if captured => Inside::Captured,
            Tier::Disabled => Inside::Disabled,
            Tier::Refused => Inside::Unsupported(Unseen::NoTier),
            Tier::Probing => Inside::Unsupported(Unseen::NoProbedLibrary),
        }
    }

    /// Begins to follow a session, if its library is known.
    pub(super) fn follow(&self, facts: &ConnectionFacts, event: &Plaintext<'_>) -> Option<Secret> {
        let library = self.known.get(&event.library)?;
        let opened = facts.opened;
        // Of a connection that is younger than the probes every byte is told or known as missing.
        let whole = facts.role != Role::Unseen && library.since.is_some_and(|s| s <= opened);
        Some(Secret::new(event, Arc::clone(&library.name), whole))
    }
}

/// One TLS session, decrypted.
#[derive(Debug)]
pub(super) struct Secret {
    session: u64,
    pub(super) library: Arc<str>,
    streams: [Stream; 2],
    http: Conversation,
}

impl Secret {
    fn new(event: &Plaintext<'_>, library: Arc<str>, whole: bool) -> Self {
        let first = |direction| match (whole, direction == event.direction) {
            (true, _) => Some(0),
            (false, true) => Some(event.offset as u32),
            (false, false) => None,
        };
        Self {
            session: event.session,
            library,
            streams: [Direction::Ingress, Direction::Egress].map(|d| Stream::new(first(d))),
            http: if whole {
                Conversation::new()
            } else {
                Conversation::joined_midway()
            },
        }
    }

    /// The event is of this session.
    pub(super) fn has(&self, event: &Plaintext<'_>) -> bool {
        self.session == event.session
    }

    /// Takes what a call read or wrote. `request` is the direction of requests, where it is known.
    pub(super) fn take(
        &mut self,
        event: &Plaintext<'_>,
        request: &mut Option<Direction>,
        done: &mut Vec<Exchange>,
    ) {
        if request.is_none() {
            *request = side_of_first(event.bytes).map(|side| match side {
                Side::Request => event.direction,
                Side::Response => opposite(event.direction),
            });
        }
        let stream = &mut self.streams[event.direction as usize];
        let http = &mut self.http;
        stream.push(&piece(event), |part, time| {
            // Without knowing who asks, nothing can be read; the stream only keeps its place.
            if let Some(request) = *request {
                take(http, side_of(event.direction, request), &part, time, done);
            }
        });
    }

    /// Exchanges that go on.
    pub(super) fn ongoing(&self, at: BootTime) -> Vec<Exchange> {
        self.http.ongoing(at.0)
    }

    pub(super) fn close(&mut self, ending: &Ending, done: &mut Vec<Exchange>) {
        self.http.close(ending, done);
    }

    /// Another session takes its place on the connection.
    pub(super) fn end(&mut self, at: BootTime, done: &mut Vec<Exchange>) {
        let ending = Ending {
            at: at.0,
            request_ended: None,
            response_ended: None,
            cause: Reason::ConnectionClosed,
        };
        self.http.close(&ending, done);
    }
}

/// As a stream of the wire would have it. The offset takes the place of the sequence number.
fn piece<'a>(event: &Plaintext<'a>) -> Data<'a> {
    Data {
        cookie: event.cookie.unwrap_or_default(),
        time: event.time,
        direction: event.direction,
        sequence: event.offset as u32,
        skipped_before: event.skipped_before,
        skipped_after: u32::try_from(event.skipped_after).unwrap_or(u32::MAX),
        lost: event.lost,
        messages: 0,
        cgroup_id: event.cgroup_id,
        message_start: false,
        unframed: true,
        truncated: event.skipped_after != 0,
        frames: false,
        bytes: event.bytes,
    }
}
