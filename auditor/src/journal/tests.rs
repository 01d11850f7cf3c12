//! The journal against a plain `Vec`: on disks that crash, fail, fill up and lie.

mod archive;
mod crash;
mod directory;
mod faults;
mod full;
mod hostile;
mod retention;

use std::sync::Arc;
use std::time::Duration;

use super::disk::faulty::{Chance, FaultyDisk};
use super::evidence::{PublicKey, Report, Signer, Trust, verify};
use super::*;
use crate::redact::Sealed;

pub(super) const ALL: Limit = Limit {
    records: usize::MAX,
    bytes: usize::MAX,
};

/// A key that is the same in every run.
pub(super) fn key() -> Signer {
    let text = "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    Signer::parse(text).unwrap()
}

/// Small, so that a short run has many segments and checkpoints.
pub(super) fn options() -> Options {
    Options {
        segment_bytes: 4096,
        segment_age: Duration::from_mins(10),
        sync: SyncPolicy::Within {
            time: Duration::from_secs(1),
            bytes: 1500,
        },
        checkpoint_interval: Duration::from_secs(20),
        checkpoint_records: 40,
        ..Options::default()
    }
}

pub(super) fn now(seconds: u64) -> Now {
    Now {
        boot_ns: seconds * 1_000_000_000,
        wall_ns: 1_790_000_000_000_000_000 + seconds * 1_000_000_000,
    }
}

/// Records of a few workloads, each of which says its number.
#[derive(Debug)]
pub(super) struct Source {
    resources: Vec<Arc<[u8]>>,
    pub(super) made: u64,
}

impl Default for Source {
    fn default() -> Self {
        let resource = |n: u8| Arc::from(vec![b'a' + n; 20 + usize::from(n)]);
        Self {
            resources: (0..4).map(resource).collect(),
            made: 0,
        }
    }
}

impl Source {
    pub(super) fn record(&mut self, chance: &mut Chance) -> Sealed {
        let resource = &self.resources[chance.below(4) as usize];
        let length = chance.below(200) as usize;
        let text = format!("{} {}", self.made, "x".repeat(length));
        self.made += 1;
        Sealed::for_test(Arc::clone(resource), text.into_bytes())
    }
}

pub(super) fn open(disk: &FaultyDisk, options: Options, at: Now) -> (Writer<FaultyDisk>, Recovery) {
    Writer::open(disk.clone(), options, key(), at).unwrap()
}

/// The records that can be read, with the sequences that can't.
pub(super) fn read(disk: &FaultyDisk, from: u64, until: u64) -> Batch {
    Reader::new(disk.clone(), from).read(until, ALL).unwrap()
}

pub(super) fn bytes(sealed: &Sealed) -> (Vec<u8>, Vec<u8>) {
    (sealed.resource().to_vec(), sealed.record().to_vec())
}

pub(super) fn check(disk: &FaultyDisk, notes: &[String]) -> Report {
    check_with(disk, key().public(), notes)
}

pub(super) fn check_with(disk: &FaultyDisk, key: &PublicKey, notes: &[String]) -> Report {
    let trust = Trust {
        key,
        checkpoints: notes,
        growing: false,
    };
    verify(disk, trust).unwrap()
}

/// A journal that was written and closed in order, and the notes that left the node.
pub(super) fn closed(seed: u64, records: u64) -> (FaultyDisk, Vec<String>) {
    let disk = FaultyDisk::default();
    let (mut writer, _) = open(&disk, options(), now(0));
    let mut source = Source::default();
    let mut chance = Chance::new(seed);
    for second in 1..=records / 5 {
        for _ in 0..5 {
            writer.append(source.record(&mut chance)).unwrap();
        }
        writer.commit(now(second)).unwrap();
    }
    writer.close(now(records)).unwrap();
    (disk, notes(&mut writer))
}

pub(super) fn notes(writer: &mut Writer<FaultyDisk>) -> Vec<String> {
    let note = |event| match event {
        Event::Checkpoint { note, .. } => Some(note),
        Event::Removed { .. } | Event::Abandoned { .. } => None,
    };
    writer.events().into_iter().filter_map(note).collect()
}

#[test]
fn what_was_appended_is_read_in_order_from_any_place() {
    let (disk, _) = closed(1, 300);
    let all = read(&disk, 0, 300);
    assert!(all.lost.is_empty());
    let mut source = Source::default();
    let mut chance = Chance::new(1);
    for record in &all.records {
        assert_eq!(bytes(record), bytes(&source.record(&mut chance)));
    }
    for from in (0..300).step_by(7) {
        let some = read(&disk, from, 300);
        assert_eq!(some.records.len() as u64, 300 - from);
        assert_eq!(bytes(&some.records[0]), bytes(&all.records[from as usize]));
    }
}

#[test]
fn a_reader_follows_the_writer_and_never_reads_what_is_not_durable() {
    let disk = FaultyDisk::default();
    let (mut writer, _) = open(&disk, options(), now(0));
    let mut reader = Reader::new(disk.clone(), 0);
    let mut source = Source::default();
    let mut chance = Chance::new(3);
    let limit = Limit {
        records: 7,
        bytes: 1000,
    };
    let mut read = 0;
    for second in 0..500 {
        for _ in 0..chance.below(6) {
            writer.append(source.record(&mut chance)).unwrap();
        }
        let at = Now {
            boot_ns: second * 300_000_000,
            ..now(0)
        };
        let progress = writer.commit(at).unwrap();
        let batch = reader.read(progress.durable, limit).unwrap();
        assert!(batch.records.len() <= 7 && batch.lost.is_empty());
        for record in &batch.records {
            assert!(record.record().starts_with(format!("{read} ").as_bytes()));
            read += 1;
        }
        assert_eq!(batch.next, read);
        assert!(read <= progress.durable);
    }
    assert!(read > 500);
}

/// So that a batch larger than what is free on the disk is written piece by piece.
#[test]
fn a_large_batch_fills_segment_after_segment() {
    let disk = FaultyDisk::default();
    let (mut writer, _) = open(&disk, options(), now(0));
    let mut source = Source::default();
    let mut chance = Chance::new(3);
    let records: Vec<_> = (0..500).map(|_| source.record(&mut chance)).collect();
    for record in &records {
        writer.append(record.clone()).unwrap();
    }
    writer.commit(now(1)).unwrap();
    writer.close(now(2)).unwrap();
    let segments = disk.names().unwrap();
    assert!(segments.len() > 10, "{segments:?}");
    for name in segments {
        // A record, a resource and a checkpoint may come on top.
        let bytes = disk.open(&name).unwrap().length().unwrap();
        assert!(bytes < 4096 + 1500, "{name}: {bytes}");
    }
    let found = read(&disk, 0, 500);
    assert_eq!(found.lost, []);
    assert!(
        found
            .records
            .iter()
            .map(bytes)
            .eq(records.iter().map(bytes))
    );
    assert!(check(&disk, &notes(&mut writer)).holds());
}

#[test]
fn syncs_are_due_by_time_by_bytes_or_always() {
    let disk = FaultyDisk::default();
    let (mut writer, _) = open(&disk, options(), now(0));
    let mut source = Source::default();
    let mut chance = Chance::new(3);
    let mut commit = |writer: &mut Writer<_>, records, at| {
        for _ in 0..records {
            writer.append(source.record(&mut chance)).unwrap();
        }
        writer.commit(at).unwrap().durable
    };
    assert_eq!(commit(&mut writer, 2, now(10)), 0);
    assert_eq!(commit(&mut writer, 0, now(10)), 0);
    assert_eq!(commit(&mut writer, 0, now(11)), 2);
    assert_eq!(commit(&mut writer, 25, now(11)), 27);
    let always = Options {
        sync: SyncPolicy::Always,
        ..options()
    };
    let disk = FaultyDisk::default();
    let (mut writer, _) = open(&disk, always, now(0));
    assert_eq!(commit(&mut writer, 1, now(10)), 1);
}

#[test]
fn a_record_that_no_collector_would_take_is_refused() {
    let disk = FaultyDisk::default();
    let (mut writer, _) = open(&disk, options(), now(0));
    let resource: Arc<[u8]> = Arc::from(&b"r"[..]);
    let large = Sealed::for_test(Arc::clone(&resource), vec![0; 4 << 20]);
    assert_eq!(writer.append(large), Err(TooLarge { bytes: 4 << 20 }));
    let largest = Sealed::for_test(resource, vec![0; (4 << 20) - 24]);
    assert_eq!(writer.append(largest), Ok(0));
    writer.close(now(1)).unwrap();
    assert_eq!(read(&disk, 0, 1).records[0].record().len(), (4 << 20) - 24);
    assert!(check(&disk, &[]).holds());
}
