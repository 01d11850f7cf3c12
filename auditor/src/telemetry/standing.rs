//! How far the journal is, and each destination: between the two lies what is late.

use std::{
    collections::BTreeMap,
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

/// The latest counts of journal and delivery, shared by those who move and those who ask.
#[derive(Clone, Debug, Default)]
pub struct Standing(Arc<Mutex<Counts>>);

#[derive(Debug, Default)]
struct Counts {
    journal: Journaled,
    destinations: BTreeMap<String, Delivered>,
}

/// Sequences up to which records are in the journal, and what this daemon did there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Journaled {
    /// Records appended by this daemon.
    pub appended: u64,
    /// Sequence below which records are with the kernel.
    pub written: u64,
    /// Sequence below which they are on the disk.
    pub durable: u64,
    /// Undelivered records that were removed to make room.
    pub dropped: u64,
    /// Attempts to write that failed.
    pub failures: u64,
}

/// What became of the records for one destination.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Sequence below which every record has its outcome, durably.
    pub place: u64,
    /// Taken by the destination, since this daemon began.
    pub acknowledged: u64,
    /// Refused for good.
    pub rejected: u64,
    /// Removed from the journal, or damaged in it, before they were sent.
    pub unreadable: u64,
    /// Those of the latter two that have been told as lost.
    told: [u64; 2],
}

/// Records that a destination will not get, and that were not told of yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Undelivered {
    pub destination: String,
    pub reason: &'static str,
    pub count: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Destination {
    destination: String,
}

// === impl Standing ===

impl Standing {
    pub fn journal(&self, change: impl FnOnce(&mut Journaled)) {
        change(&mut self.counts().journal);
    }

    pub fn destination(&self, name: &str, change: impl FnOnce(&mut Delivered)) {
        let mut counts = self.counts();
        match counts.destinations.get_mut(name) {
            Some(delivered) => change(delivered),
            None => change(counts.destinations.entry(name.to_owned()).or_default()),
        }
    }

    /// The sequence below which every destination is done with the records; `u64::MAX` if there
    /// is none.
    pub fn delivered(&self) -> u64 {
        let counts = self.counts();
        let places = counts
            .destinations
            .values()
            .map(|delivered| delivered.place);
        places.min().unwrap_or(u64::MAX)
    }

    /// What destinations will not get, once.
    pub fn take_undelivered(&self) -> Vec<Undelivered> {
        let mut found = Vec::new();
        for (name, delivered) in &mut self.counts().destinations {
            let counts = [delivered.rejected, delivered.unreadable];
            let reasons = ["rejected", "removed_or_damaged"];
            for ((count, told), reason) in counts.into_iter().zip(delivered.told).zip(reasons) {
                if count > told {
                    found.push(Undelivered {
                        destination: name.clone(),
                        reason,
                        count: count - told,
                    });
                }
            }
            delivered.told = counts;
        }
        found
    }

    /// Lines for the end of a run, and how many records no destination will be sent again.
    pub fn summary(&self) -> (Vec<String>, u64) {
        let counts = self.counts();
        let journal = counts.journal;
        let mut lines = vec![format!(
            "journal: appended={} written={} durable={} dropped={} failures={}",
            journal.appended, journal.written, journal.durable, journal.dropped, journal.failures
        )];
        let mut gone = 0;
        for (name, delivered) in &counts.destinations {
            let waiting = journal.durable.saturating_sub(delivered.place);
            gone += delivered.rejected + delivered.unreadable;
            lines.push(format!(
                "delivery to {name}: acknowledged={} rejected={} unreadable={} waiting={waiting}",
                delivered.acknowledged, delivered.rejected, delivered.unreadable
            ));
        }
        (lines, gone)
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Collector for Standing {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let counts = self.counts();
        let Journaled {
            appended,
            written,
            durable,
            dropped,
            failures,
        } = counts.journal;
        for (name, help, count) in [
            (
                "auditor_journal_appended",
                "Records that this daemon put into the journal",
                appended,
            ),
            (
                "auditor_journal_dropped",
                "Undelivered records removed to make room",
                dropped,
            ),
            (
                "auditor_journal_failures",
                "Attempts to write the journal that failed",
                failures,
            ),
        ] {
            let counter = ConstCounter::new(count);
            let encoder = to.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(encoder)?;
        }
        for (name, help, count) in [
            (
                "auditor_journal_written",
                "Records that the journal has had since it was made",
                written,
            ),
            (
                "auditor_journal_durable",
                "Records among them that survive the node",
                durable,
            ),
        ] {
            let gauge = ConstGauge::new(count as i64);
            let encoder = to.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(encoder)?;
        }
        counts.by_destination(
            &mut to,
            "auditor_delivery_acknowledged",
            "Records that a destination took",
            |delivered| delivered.acknowledged,
        )?;
        counts.by_destination(
            &mut to,
            "auditor_delivery_rejected",
            "Records that a destination refused for good",
            |delivered| delivered.rejected,
        )?;
        counts.by_destination(
            &mut to,
            "auditor_delivery_unreadable",
            "Records that left the journal before a destination had them",
            |delivered| delivered.unreadable,
        )?;
        counts.waiting(&mut to)
    }
}

// === impl Counts ===

impl Counts {
    fn by_destination(
        &self,
        to: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        count: impl Fn(&Delivered) -> u64,
    ) -> Result<(), fmt::Error> {
        let metric_type = ConstCounter::new(0u64).metric_type();
        let mut encoder = to.encode_descriptor(name, help, None, metric_type)?;
        for (destination, delivered) in &self.destinations {
            let label = Destination {
                destination: destination.clone(),
            };
            ConstCounter::new(count(delivered)).encode(encoder.encode_family(&label)?)?;
        }
        Ok(())
    }

    fn waiting(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Durable records that a destination has not acknowledged yet";
        let metric_type = ConstGauge::new(0i64).metric_type();
        let mut encoder =
            to.encode_descriptor("auditor_delivery_waiting", help, None, metric_type)?;
        for (destination, delivered) in &self.destinations {
            let label = Destination {
                destination: destination.clone(),
            };
            let waiting = self.journal.durable.saturating_sub(delivered.place);
            ConstGauge::new(waiting as i64).encode(encoder.encode_family(&label)?)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn retention_follows_the_slowest_and_nobody_is_not_slow() {
        let standing = Standing::default();
        assert_eq!(standing.delivered(), u64::MAX);
        standing.destination("a", |delivered| delivered.place = 7);
        standing.destination("b", |delivered| delivered.place = 3);
        assert_eq!(standing.delivered(), 3);
    }

    #[test]
    fn what_a_destination_does_not_get_is_told_once() {
        let standing = Standing::default();
        standing.destination("a", |delivered| delivered.rejected += 2);
        let told = Undelivered {
            destination: "a".to_owned(),
            reason: "rejected",
            count: 2,
        };
        assert_eq!(standing.take_undelivered(), [told]);
        assert_eq!(standing.take_undelivered(), []);
        standing.destination("a", |delivered| delivered.unreadable += 1);
        assert_eq!(standing.take_undelivered()[0].count, 1);
        assert_eq!(standing.summary().1, 3);
    }
}
