//! Counters of the kernel programs, summed over the CPUs.

pub use auditor_common::Counter;
use aya::maps::{MapData, MapError, PerCpuArray};

/// A snapshot.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counters([u64; Counter::COUNT]);

impl Counters {
    pub const ZERO: Self = Self([0; Counter::COUNT]);

    pub fn get(&self, counter: Counter) -> u64 {
        self.0[counter as usize]
    }

    /// Requests that were seen to begin, by `inbound`.
    pub fn requests_seen(&self) -> [u64; 2] {
        [Counter::OutboundRequestsSeen, Counter::InboundRequestsSeen].map(|c| self.get(c))
    }

    /// Those of them that were in lost events, by `inbound`.
    pub fn requests_lost(&self) -> [u64; 2] {
        [Counter::OutboundRequestsLost, Counter::InboundRequestsLost].map(|c| self.get(c))
    }

    /// Events of every kind that did not fit the ring.
    pub fn events_lost(&self) -> u64 {
        [
            Counter::OpenLost,
            Counter::DataLost,
            Counter::EarlyLost,
            Counter::CloseLost,
            Counter::PlaintextLost,
        ]
        .into_iter()
        .map(|c| self.get(c))
        .sum()
    }
}

/// Reads the counter map.
pub struct CountersReader {
    map: PerCpuArray<MapData, u64>,
}

impl CountersReader {
    pub(super) fn new(map: PerCpuArray<MapData, u64>) -> Self {
        Self { map }
    }

    pub fn read(&self) -> Result<Counters, MapError> {
        let mut counters = Counters::ZERO;
        for (index, sum) in counters.0.iter_mut().enumerate() {
            *sum = self.map.get(&(index as u32), 0)?.iter().sum();
        }
        Ok(counters)
    }
}
