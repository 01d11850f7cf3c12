//! Counts of the daemon, as Prometheus reads them.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, PoisonError},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// A consistent set of counts.
#[derive(Clone, Debug, Default)]
pub struct Totals {
    /// Requests that the kernel programs saw begin, by `inbound`.
    pub kernel_requests: [u64; 2],
    pub kernel_segments: u64,
    pub kernel_events: u64,
    pub kernel_bytes_copied: u64,
    /// Events taken out of the ring.
    pub events: u64,
    /// Exchanges that ended, by `inbound`.
    pub exchanges: [u64; 2],
    pub records: u64,
    pub out_of_scope: u64,
    /// By stage, reason and unit.
    pub losses: BTreeMap<(&'static str, &'static str, &'static str), u64>,
    pub connections: u64,
    /// Workloads that the kernel programs pass by.
    pub left_out: u64,
    /// Records that wait for a name.
    pub waiting: u64,
}

/// The latest counts: set by the thread that counts, read when somebody asks.
#[derive(Clone, Debug, Default)]
pub struct SharedTotals(Arc<Mutex<Totals>>);

impl SharedTotals {
    pub fn set(&self, totals: Totals) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = totals;
    }

    fn get(&self) -> Totals {
        let totals = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        totals.clone()
    }
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Side {
    direction: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Place {
    stage: &'static str,
    reason: &'static str,
    unit: &'static str,
}

impl Collector for SharedTotals {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let totals = self.get();
        by_side(
            &mut to,
            "auditor_kernel_requests",
            "Requests that the kernel programs saw begin",
            totals.kernel_requests,
        )?;
        by_side(
            &mut to,
            "auditor_exchanges",
            "HTTP exchanges that ended, in scope or not",
            totals.exchanges,
        )?;
        for (name, help, count) in [
            (
                "auditor_kernel_segments",
                "TCP segments with payload that the kernel programs saw",
                totals.kernel_segments,
            ),
            (
                "auditor_kernel_events",
                "Events that the kernel programs put into the ring",
                totals.kernel_events,
            ),
            (
                "auditor_kernel_copied_bytes",
                "Payload bytes that the kernel programs copied",
                totals.kernel_bytes_copied,
            ),
            (
                "auditor_events",
                "Events that were taken out of the ring",
                totals.events,
            ),
            (
                "auditor_records",
                "Records that were made, those about the node included",
                totals.records,
            ),
            (
                "auditor_records_out_of_scope",
                "Records that the scope left out",
                totals.out_of_scope,
            ),
        ] {
            counter(&mut to, name, help, count)?;
        }
        for (name, help, count) in [
            (
                "auditor_connections",
                "TCP connections that are being followed",
                totals.connections,
            ),
            (
                "auditor_workloads_left_out",
                "Workloads whose payload is not looked at because nothing of them is in scope",
                totals.left_out,
            ),
            (
                "auditor_records_waiting",
                "Records that wait for the name of a pod",
                totals.waiting,
            ),
        ] {
            let gauge = ConstGauge::new(count as i64);
            gauge.encode(to.encode_descriptor(name, help, None, gauge.metric_type())?)?;
        }
        losses(&mut to, &totals.losses)
    }
}

fn counter(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    count: u64,
) -> Result<(), fmt::Error> {
    let counter = ConstCounter::new(count);
    let encoder = to.encode_descriptor(name, help, None, counter.metric_type())?;
    counter.encode(encoder)
}

fn by_side(
    to: &mut DescriptorEncoder<'_>,
    name: &str,
    help: &str,
    counts: [u64; 2],
) -> Result<(), fmt::Error> {
    let metric_type = ConstCounter::new(0u64).metric_type();
    let mut encoder = to.encode_descriptor(name, help, None, metric_type)?;
    for (direction, count) in ["outbound", "inbound"].into_iter().zip(counts) {
        let side = Side { direction };
        ConstCounter::new(count).encode(encoder.encode_family(&side)?)?;
    }
    Ok(())
}

fn losses(
    to: &mut DescriptorEncoder<'_>,
    losses: &BTreeMap<(&'static str, &'static str, &'static str), u64>,
) -> Result<(), fmt::Error> {
    let mut encoder = to.encode_descriptor(
        "auditor_lost",
        "What the loss records tell: interactions, events, names",
        None,
        ConstCounter::new(0u64).metric_type(),
    )?;
    for ((stage, reason, unit), count) in losses {
        let place = Place {
            stage,
            reason,
            unit,
        };
        ConstCounter::new(*count).encode(encoder.encode_family(&place)?)?;
    }
    Ok(())
}
