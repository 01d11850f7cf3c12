//! Bytes that came with the handshake, waiting for their connection.

use std::{
    collections::{HashMap, VecDeque},
    net::SocketAddr,
};

use crate::decode::{BootTime, Early};

/// Handshakes that may wait at a time.
const MAX_WAITING: usize = 4096;

/// What arrived early on a connection.
#[derive(Debug)]
pub(super) struct Arrival {
    pub(super) sequence: u32,
    pub(super) time: BootTime,
    pub(super) bytes: Box<[u8]>,
}

/// Early arrivals by local and peer address.
#[derive(Debug, Default)]
pub(super) struct EarlyArrivals {
    waiting: HashMap<(SocketAddr, SocketAddr), Arrival>,
    order: VecDeque<(SocketAddr, SocketAddr)>,
}

impl EarlyArrivals {
    /// Keeps the bytes; the oldest give way. True if some gave way that nobody had claimed.
    pub(super) fn keep(&mut self, early: &Early<'_>) -> bool {
        let key = (early.local, early.peer);
        let arrival = Arrival {
            sequence: early.sequence,
            time: early.time,
            bytes: early.bytes.into(),
        };
        if self.waiting.insert(key, arrival).is_none() {
            self.order.push_back(key);
        }
        if self.order.len() <= MAX_WAITING {
            return false;
        }
        let oldest = self.order.pop_front();
        oldest.is_some_and(|key| self.waiting.remove(&key).is_some())
    }

    /// The bytes that belong to a connection which begins at `sequence`.
    pub(super) fn claim(
        &mut self,
        local: SocketAddr,
        peer: SocketAddr,
        sequence: u32,
    ) -> Option<Arrival> {
        if self.waiting.is_empty() {
            return None;
        }
        let arrival = self.waiting.remove(&(local, peer))?;
        self.order.retain(|key| *key != (local, peer));
        (arrival.sequence == sequence).then_some(arrival)
    }
}
