//! How far the journal is, and each destination: between the two lies what is late.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

mod metrics;

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
    /// Attempts to write that failed.
    pub failures: u64,
}

/// What became of the records for one destination.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Delivered {
    /// Sequence below which every record has its outcome, durably.
    pub place: u64,
    /// Taken by the destination, since this daemon began.
    pub acknowledged: u64,
    /// Refused for good.
    pub rejected: u64,
    /// Removed from the journal, or damaged in it, before they were sent.
    pub unreadable: u64,
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

    /// Lines for the end of a run, and how many records no destination will be sent again.
    pub fn summary(&self) -> (Vec<String>, u64) {
        let counts = self.counts();
        let journal = counts.journal;
        let mut lines = vec![format!(
            "journal: appended={} written={} durable={} failures={}",
            journal.appended, journal.written, journal.durable, journal.failures
        )];
        let mut gone = 0;
        for (name, delivered) in &counts.destinations {
            let waiting = journal.durable.saturating_sub(delivered.place);
            let (rejected, unreadable) = (delivered.rejected, delivered.unreadable);
            gone += rejected + unreadable;
            lines.push(format!(
                "delivery to {name}: acknowledged={} rejected={rejected} unreadable={unreadable} waiting={waiting}",
                delivered.acknowledged,
            ));
        }
        (lines, gone)
    }

    fn counts(&self) -> MutexGuard<'_, Counts> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
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
}
