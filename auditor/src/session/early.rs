//! Bytes that came with the handshake, waiting for their connection.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
};

use crate::decode::{BootTime, Early};

/// Handshakes that may wait at a time.
const MAX_WAITING: usize = 4096;
/// Memory their bytes may take.
const MAX_WAITING_BYTES: usize = 16 << 20;

/// What arrived early on a connection.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) sequence: u32,
    pub(super) time: BootTime,
    pub(super) unframed: bool,
    pub(super) frames: bool,
    pub(super) bytes: Box<[u8]>,
}

/// Early arrivals by local and peer address.
#[derive(Debug, Default)]
pub(super) struct EarlyArrivals {
    waiting: HashMap<(SocketAddr, SocketAddr), Arrival>,
    order: VecDeque<(SocketAddr, SocketAddr)>,
    bytes: usize,
    unclaimed: u64,
}

impl EarlyArrivals {
    /// Keeps the bytes; the oldest give way.
    pub(super) fn keep(&mut self, early: &Early<'_>) {
        let key = (early.local, early.peer);
        let again = self.waiting.get(&key);
        if again.is_some_and(|arrival| arrival.sequence == early.sequence) {
            self.remove(key);
        }
        self.give_up(key);
        self.bytes += early.bytes.len();
        self.order.push_back(key);
        self.waiting.insert(
            key,
            Arrival {
                sequence: early.sequence,
                time: early.time,
                unframed: early.unframed,
                frames: early.frames,
                bytes: early.bytes.into(),
            },
        );
        while (self.order.len() > MAX_WAITING || self.bytes > MAX_WAITING_BYTES)
            && let Some(&oldest) = self.order.front()
        {
            self.give_up(oldest);
        }
    }

    /// The bytes that belong to a connection which begins at `sequence`.
    pub(super) fn claim(
        &mut self,
        local: SocketAddr,
        peer: SocketAddr,
        sequence: u32,
    ) -> Option<Arrival> {
        let arrival = self.remove((local, peer))?;
        if arrival.sequence != sequence {
            self.unclaimed += 1;
            return None;
        }
        Some(arrival)
    }

    /// Arrivals so far that no connection claimed.
    pub(super) fn unclaimed(&self) -> u64 {
        self.unclaimed
    }

    fn give_up(&mut self, key: (SocketAddr, SocketAddr)) {
        self.unclaimed += u64::from(self.remove(key).is_some());
    }

    fn remove(&mut self, key: (SocketAddr, SocketAddr)) -> Option<Arrival> {
        let arrival = self.waiting.remove(&key)?;
        self.bytes -= arrival.bytes.len();
        self.order.retain(|k| *k != key);
        Some(arrival)
    }
}
