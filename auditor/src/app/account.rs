//! What a run came to, so far and in the end.

use std::collections::BTreeMap;

use crate::{
    kernel::{Counter, Counters},
    telemetry::Totals,
};

/// Counts of the stages between the ring and the outputs.
#[derive(Clone, Debug)]
pub(super) struct Account {
    /// Events taken out of the ring.
    pub(super) events: u64,
    /// Events among them that made no sense.
    pub(super) rejected: u64,
    /// Ends of exchanges, by `inbound`, whether in scope or not.
    pub(super) exchanges: [u64; 2],
    pub(super) records: u64,
    /// Exchanges that are told in sum, by some of these records.
    pub(super) aggregated: u64,
    /// Records that the scope left out.
    pub(super) out_of_scope: u64,
    /// Interactions reported as lost.
    pub(super) lost: u64,
    /// All reports of losses, by stage, reason and unit.
    pub(super) losses: BTreeMap<(&'static str, &'static str, &'static str), u64>,
    /// Connections in the table.
    pub(super) connections: u64,
    /// Workloads that the kernel programs pass by.
    pub(super) left_out: u64,
    /// Records that wait for a name.
    pub(super) waiting: u64,
    pub(super) kernel: Counters,
}

impl Default for Account {
    fn default() -> Self {
        Self {
            events: 0,
            rejected: 0,
            exchanges: [0; 2],
            records: 0,
            aggregated: 0,
            out_of_scope: 0,
            lost: 0,
            losses: BTreeMap::new(),
            connections: 0,
            left_out: 0,
            waiting: 0,
            kernel: Counters::ZERO,
        }
    }
}

impl Account {
    /// The counts, for whoever scrapes them.
    pub(super) fn totals(&self) -> Totals {
        let kernel = |counter| self.kernel.get(counter);
        Totals {
            kernel_requests: self.kernel.requests_seen(),
            kernel_segments: kernel(Counter::SegmentsSeen),
            kernel_events: kernel(Counter::EventsSubmitted),
            kernel_bytes_copied: kernel(Counter::BytesCopied),
            events: self.events,
            exchanges: self.exchanges,
            records: self.records,
            out_of_scope: self.out_of_scope,
            losses: self.losses.clone(),
            connections: self.connections,
            left_out: self.left_out,
            waiting: self.waiting,
        }
    }

    /// `notes` are records that the journal made of itself.
    pub(super) fn summary(&self, notes: u64, undelivered: u64) -> String {
        format!(
            "summary: records={} lost={} undelivered={undelivered} aggregated={}",
            self.records + notes,
            self.lost,
            self.aggregated
        )
    }

    pub(super) fn kernel_summary(&self) -> String {
        let kernel = |counter| self.kernel.get(counter);
        let [outbound, inbound] = self.kernel.requests_seen();
        format!(
            "kernel: events={} bytes_copied={} segments={} inbound_requests={inbound} \
             outbound_requests={outbound} events_lost={} out_of_order={} rejected={} out_of_scope={}",
            kernel(Counter::EventsSubmitted),
            kernel(Counter::BytesCopied),
            kernel(Counter::SegmentsSeen),
            self.kernel.events_lost(),
            kernel(Counter::OutOfOrder),
            self.rejected,
            self.out_of_scope,
        )
    }
}
