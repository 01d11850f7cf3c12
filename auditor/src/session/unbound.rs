//! Plaintext of TLS sessions of which it is not known yet on which connection they are.
//!
//! A library that reads ahead has the first request before it was seen to use the socket; what it
//! writes then shows which one that is.

use std::collections::{HashMap, VecDeque};

use crate::decode::{BootTime, Plaintext};

/// Sessions that may wait at a time.
const MAX_WAITING: usize = 4096;
/// Memory their bytes may take.
const MAX_WAITING_BYTES: usize = 16 << 20;
/// An answer may take this long; later than that as good as none comes. Nanoseconds.
const MAX_WAIT_NS: u64 = 60_000_000_000;

/// What came before it was known where it belongs.
#[derive(Debug, Default)]
pub(super) struct Unbound {
    waiting: HashMap<u64, Vec<Held>>,
    /// Sessions and when they came, the oldest first.
    order: VecDeque<(u64, BootTime)>,
    bytes: usize,
    given_up: u64,
}

/// An event that waits.
#[derive(Debug)]
pub(super) struct Held {
    event: Plaintext<'static>,
    bytes: Box<[u8]>,
}

impl Unbound {
    /// Keeps the event; the oldest sessions give way.
    pub(super) fn keep(&mut self, event: &Plaintext<'_>) {
        self.expire(event.time);
        let waiting = self.waiting.entry(event.session).or_default();
        if waiting.is_empty() {
            self.order.push_back((event.session, event.time));
        }
        waiting.push(Held {
            event: Plaintext {
                bytes: &[],
                ..*event
            },
            bytes: event.bytes.into(),
        });
        self.bytes += event.bytes.len();
        while (self.order.len() > MAX_WAITING || self.bytes > MAX_WAITING_BYTES)
            && let Some(&(oldest, _)) = self.order.front()
        {
            self.give_up(oldest);
        }
    }

    /// What is waiting of a session whose connection is known now.
    pub(super) fn claim(&mut self, session: u64) -> Vec<Held> {
        if self.waiting.is_empty() {
            return Vec::new();
        }
        let Some(held) = self.waiting.remove(&session) else {
            return Vec::new();
        };
        self.order.retain(|(waiting, _)| *waiting != session);
        self.bytes -= held.iter().map(|held| held.bytes.len()).sum::<usize>();
        held
    }

    /// Gives up what has waited too long.
    pub(super) fn expire(&mut self, now: BootTime) {
        while let Some(&(oldest, since)) = self.order.front()
            && now.since(since) > MAX_WAIT_NS
        {
            self.give_up(oldest);
        }
    }

    /// Gives up everything.
    pub(super) fn clear(&mut self) {
        while let Some(&(oldest, _)) = self.order.front() {
            self.give_up(oldest);
        }
    }

    /// Events so far that were given up.
    pub(super) fn given_up(&self) -> u64 {
        self.given_up
    }

    fn give_up(&mut self, session: u64) {
        self.given_up += self.claim(session).len() as u64;
    }
}

impl Held {
    /// The event, on this connection.
    pub(super) fn on(&self, cookie: u64) -> Plaintext<'_> {
        Plaintext {
            cookie: Some(cookie),
            bytes: &self.bytes,
            ..self.event
        }
    }
}
