//! Records whose pod no source has named yet.

use std::{collections::VecDeque, time::Duration};

use crate::{
    protocol::Head,
    record::{Fact, Record},
};

/// A pod is named by the runtime within 100 ms or so, by the API server within a second; what takes
/// longer is late by a fault that may last.
pub const MAX_WAIT: Duration = Duration::from_secs(2);
/// Records that wait at a time.
const MAX_RECORDS: usize = 16_384;
/// Bytes of message heads in them.
const MAX_BYTES: usize = 32 * 1024 * 1024;

/// Records in the order in which they came, each until its time has come.
#[derive(Debug, Default)]
pub struct Waiting {
    /// With the boot time until which each waits.
    records: VecDeque<(u64, Record)>,
    bytes: usize,
}

impl Waiting {
    pub fn is_empty(&self) -> bool {
        self.records.is_empty()
    }

    pub fn len(&self) -> usize {
        self.records.len()
    }

    /// Keeps a record until `until_ns` at most.
    pub fn keep(&mut self, record: Record, until_ns: u64) {
        self.bytes += footprint(&record);
        self.records.push_back((until_ns, record));
    }

    /// The oldest one, if its time has come or there is no room for it.
    pub fn due(&mut self, now_ns: u64) -> Option<Record> {
        let (until, _) = self.records.front()?;
        let full = self.records.len() > MAX_RECORDS || self.bytes > MAX_BYTES;
        if *until > now_ns && !full {
            return None;
        }
        let (_, record) = self.records.pop_front()?;
        self.bytes -= footprint(&record);
        Some(record)
    }

    /// All of them with their times, to be looked at again.
    pub fn take(&mut self) -> VecDeque<(u64, Record)> {
        self.bytes = 0;
        std::mem::take(&mut self.records)
    }
}

fn footprint(record: &Record) -> usize {
    let Fact::Http { exchange, .. } = &record.fact else {
        return 0;
    };
    let messages = [&exchange.request, &exchange.response];
    let heads = messages
        .into_iter()
        .flatten()
        .filter_map(|m| m.head.as_ref());
    heads.map(Head::footprint).sum()
}

#[cfg(test)]
mod tests {
    use super::{MAX_RECORDS, Waiting};
    use crate::record::{Fact, Lifecycle, Record, Recorder};

    fn record() -> Record {
        let lifecycle = Lifecycle {
            state: "started",
            version: "0",
            settings: "".into(),
        };
        Recorder::default().node(Fact::Lifecycle(lifecycle))
    }

    #[test]
    fn a_record_is_due_at_its_time_and_not_before() {
        let mut waiting = Waiting::default();
        waiting.keep(record(), 5);
        waiting.keep(record(), 7);
        assert!(waiting.due(4).is_none());
        assert!(waiting.due(5).is_some());
        assert!(waiting.due(6).is_none());
        assert_eq!(waiting.take().len(), 1);
        assert!(waiting.is_empty());
    }

    #[test]
    fn the_oldest_leaves_when_there_is_no_room() {
        let mut waiting = Waiting::default();
        for _ in 0..=MAX_RECORDS {
            waiting.keep(record(), u64::MAX);
        }
        assert!(waiting.due(0).is_some());
        assert!(waiting.due(0).is_none());
    }
}
