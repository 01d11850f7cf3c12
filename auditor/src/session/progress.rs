//! Long connections and exchanges are told while they last.

use crate::decode::BootTime;

/// Which part of an interaction is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// It has begun and goes on.
    Start,
    /// It still goes on; how often that was told before.
    Periodic(u32),
    End,
}

/// A connection that goes on.
#[derive(Clone, Copy, Debug)]
pub struct Ongoing {
    pub at: BootTime,
    /// Payload bytes so far, by `Direction`.
    pub bytes: [u64; 2],
    /// How often it was told before.
    pub number: u32,
}

/// What was told of a connection while it lasted.
#[derive(Debug)]
pub(super) struct Progress {
    told_at: BootTime,
    bytes: [u64; 2],
    number: u32,
    /// The exchange that was told last, and how often.
    exchange: Option<(u32, u32)>,
}

impl Progress {
    pub(super) fn new(opened: BootTime) -> Self {
        Self {
            told_at: opened,
            bytes: [0; 2],
            number: 0,
            exchange: None,
        }
    }

    /// It is long ago that the connection was told of.
    pub(super) fn is_due(&self, at: BootTime, interval_ns: u64) -> bool {
        at.since(self.told_at) >= interval_ns
    }

    /// The connection, if it has moved since it was told of, or is `busy` in spite of that.
    pub(super) fn tell(&mut self, at: BootTime, bytes: [u64; 2], busy: bool) -> Option<Ongoing> {
        if bytes == self.bytes && !busy {
            return None;
        }
        let number = self.number;
        self.told_at = at;
        self.bytes = bytes;
        self.number += 1;
        Some(Ongoing { at, bytes, number })
    }

    /// What to tell of the exchange with this number, which goes on.
    pub(super) fn exchange(&mut self, exchange: u32) -> Moment {
        let told = match self.exchange {
            Some((same, told)) if same == exchange => told,
            _ => 0,
        };
        self.exchange = Some((exchange, told + 1));
        match told {
            0 => Moment::Start,
            told => Moment::Periodic(told - 1),
        }
    }
}
