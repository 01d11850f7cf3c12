//! Long connections and exchanges are told while they last.

use std::{collections::BTreeMap, sync::Arc};

use super::plaintext::Inside;
use crate::{
    decode::BootTime,
    protocol::{Exchange, tls},
};

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
#[derive(Clone, Debug)]
pub struct Ongoing {
    pub at: BootTime,
    /// Payload bytes so far, by `Direction`.
    pub bytes: [u64; 2],
    /// How often it was told before.
    pub number: u32,
    /// What its handshake showed so far, if it speaks TLS.
    pub tls: Option<Arc<tls::Facts>>,
    pub inside: Inside,
}

/// What was told of a connection while it lasted.
#[derive(Debug)]
pub(super) struct Progress {
    told_at: BootTime,
    bytes: [u64; 2],
    number: u32,
    /// Exchanges that were told of and go on, by stream; 0 where there are no streams.
    exchanges: BTreeMap<u32, Told>,
}

/// What was told of an exchange.
#[derive(Clone, Copy, Debug)]
struct Told {
    /// Its number on the connection.
    number: u32,
    times: u32,
}

impl Progress {
    pub(super) fn new(opened: BootTime) -> Self {
        Self {
            told_at: opened,
            bytes: [0; 2],
            number: 0,
            exchanges: BTreeMap::new(),
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
        Some(Ongoing {
            at,
            bytes,
            number,
            tls: None,
            inside: Inside::Disabled,
        })
    }

    /// What to tell of an exchange that goes on. Its number is the next, unless it has one.
    pub(super) fn exchange(&mut self, exchange: &Exchange, next: &mut u32) -> (u32, Moment) {
        let told = self.exchanges.entry(stream(exchange)).or_insert_with(|| {
            let number = take_number(next);
            Told { number, times: 0 }
        });
        let moment = match told.times {
            0 => Moment::Start,
            times => Moment::Periodic(times - 1),
        };
        told.times += 1;
        (told.number, moment)
    }

    /// The number of an exchange that is over.
    pub(super) fn end(&mut self, exchange: &Exchange, next: &mut u32) -> u32 {
        let told = self.exchanges.remove(&stream(exchange));
        told.map_or_else(|| take_number(next), |told| told.number)
    }
}

fn stream(exchange: &Exchange) -> u32 {
    exchange.stream.map_or(0, |stream| stream.id)
}

fn take_number(next: &mut u32) -> u32 {
    std::mem::replace(next, next.wrapping_add(1))
}
