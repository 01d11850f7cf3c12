//! Takes records, makes them durable, and signs for them.

mod room;
mod signing;
mod succession;

use std::collections::VecDeque;

use super::catalogue::file_name;
use super::disk::Disk;
use super::error::JournalError;
use super::evidence::Signer;
use super::options::{Now, Options, SyncPolicy};
use super::recovery::{Recovery, Resumption, recover};
use super::replay::Removal;
use super::retention::Shelf;
use super::segment::{self, Position, Segment};
use crate::redact::Sealed;
use signing::LastCheckpoint;

/// The only one who writes to the journal.
///
/// Records are taken by [`append`](Self::append), which does nothing but number them, and brought
/// to the disk by [`commit`](Self::commit). What is not durable is also in memory: after a failed
/// write or sync the segment is abandoned at its last durable place, and the next commit writes
/// everything after that place to a new one.
#[derive(Debug)]
pub struct Writer<D: Disk> {
    disk: D,
    options: Options,
    signer: Signer,
    shelf: Shelf,
    /// Of the next segment.
    number: u64,
    segment: Option<Segment<D::File>>,
    durable: Position,
    /// The records from the durable sequence on.
    pending: VecDeque<Sealed>,
    /// How many of them are in the segment.
    written: usize,
    /// Bytes in the segment that are not durable, and since when there are some.
    unsynced: u64,
    unsynced_since: Option<u64>,
    last_checkpoint: LastCheckpoint,
    /// Records below this were acknowledged by every destination.
    delivered: u64,
    /// Segments that had to go before it could be said where it is said.
    unannounced: Option<Removal>,
    events: Vec<Event>,
}

/// How far the journal is. Records below `written` are with the kernel, and survive the daemon;
/// those below `durable` survive the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    pub written: u64,
    pub durable: u64,
}

/// What is to be told of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// A signed note, to be sent off the node.
    Checkpoint { note: String, records: u64 },
    /// Retention removed the records below a sequence; so many had not been delivered.
    Removed { below: u64, undelivered: u64 },
    /// A segment failed. Nothing is lost: what was not durable is written again.
    Abandoned { segment: u64, reason: String },
}

/// A record that a frame can't hold: it was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a record of {bytes} bytes is larger than the 4 MiB that a collector takes")]
pub struct TooLarge {
    pub bytes: usize,
}

// === impl Writer ===

impl<D: Disk> Writer<D> {
    /// Recovers what is there. Writes nothing yet.
    pub fn open(
        disk: D,
        options: Options,
        signer: Signer,
        now: Now,
    ) -> Result<(Self, Recovery), JournalError> {
        let Resumption {
            position,
            number,
            shelf,
            recovery,
        } = recover(&disk, signer.public())?;
        let last_checkpoint = LastCheckpoint {
            boot_ns: now.boot_ns,
            records: position.state.sequence(),
            covers_ends: recovery.orderly,
            chain: position.state.chain,
        };
        let writer = Self {
            disk,
            options,
            signer,
            shelf,
            number,
            segment: None,
            durable: position,
            pending: VecDeque::new(),
            written: 0,
            unsynced: 0,
            unsynced_since: None,
            last_checkpoint,
            delivered: 0,
            unannounced: None,
            events: Vec::new(),
        };
        Ok((writer, recovery))
    }

    /// Takes a record and gives it its sequence. The caller keeps what it appends between commits
    /// within bounds.
    pub fn append(&mut self, record: Sealed) -> Result<u64, TooLarge> {
        if !segment::fits(&record) {
            let bytes = record.record().len();
            return Err(TooLarge { bytes });
        }
        self.pending.push_back(record);
        Ok(self.next() - 1)
    }

    /// Writes what was appended, and syncs, signs, rotates and removes as the options say. To be
    /// called after each batch, and in a quiet time as often as records may wait to be durable.
    ///
    /// After an error everything is kept that was appended; take no more until a commit succeeds.
    pub fn commit(&mut self, now: Now) -> Result<Progress, JournalError> {
        self.work(now)
            .inspect_err(|error| self.abandon(error))
            .map(|()| self.progress())
    }

    /// Makes durable what was appended, whatever the options say.
    pub fn sync(&mut self, now: Now) -> Result<Progress, JournalError> {
        let done = self.write(now).and_then(|()| self.make_durable());
        done.inspect_err(|error| self.abandon(error))
            .map(|()| self.progress())
    }

    /// A durable checkpoint of everything that was appended, unless there already is one.
    pub fn seal(&mut self, now: Now) -> Result<Progress, JournalError> {
        self.finish(now)
            .inspect_err(|error| self.abandon(error))
            .map(|()| self.progress())
    }

    /// The last checkpoint, durable with everything before it.
    pub fn close(&mut self, now: Now) -> Result<Progress, JournalError> {
        self.seal(now)?;
        if let Some(mut segment) = self.segment.take() {
            // Space only; the next start does without.
            let _ = segment.release();
        }
        Ok(self.progress())
    }

    /// Tells that every destination has acknowledged the records below a sequence; without
    /// destinations that is `u64::MAX`.
    pub fn delivered(&mut self, below: u64) {
        self.delivered = self.delivered.max(below);
    }

    /// What happened since the last call.
    pub fn events(&mut self) -> Vec<Event> {
        std::mem::take(&mut self.events)
    }

    pub fn progress(&self) -> Progress {
        let durable = self.durable.state.sequence();
        Progress {
            written: durable + self.written as u64,
            durable,
        }
    }

    /// The sequence that the next record will get.
    pub fn next(&self) -> u64 {
        self.durable.state.sequence() + self.pending.len() as u64
    }

    pub fn signer(&self) -> &Signer {
        &self.signer
    }

    fn work(&mut self, now: Now) -> Result<(), JournalError> {
        self.write(now)?;
        if self.sync_is_due(now) {
            self.make_durable()?;
        }
        if self.checkpoint_is_due(now) {
            if self.segment.is_none() {
                self.next_segment(now)?;
            }
            self.checkpoint(now)?;
        }
        if self.segment_is_full(now) {
            self.next_segment(now)?;
        }
        Ok(())
    }

    fn finish(&mut self, now: Now) -> Result<(), JournalError> {
        self.write(now)?;
        if self.segment.is_none() && !self.last_checkpoint.covers_ends {
            self.next_segment(now)?;
        }
        self.sign_off(now)
    }

    /// A segment takes what fits its size: it would take more than was set aside for it, and on a
    /// full disk a batch larger than what is free could never be written.
    fn write(&mut self, now: Now) -> Result<(), JournalError> {
        while self.written < self.pending.len() {
            if self.segment.is_none() || self.segment_is_full(now) {
                self.next_segment(now)?;
            }
            self.fill(now)?;
        }
        Ok(())
    }

    /// At least one record, and no more than the segment's size allows.
    fn fill(&mut self, now: Now) -> Result<(), JournalError> {
        let Some(segment) = &mut self.segment else {
            return Ok(());
        };
        let failed = JournalError::io("write", file_name(segment.number()));
        let (limit, before) = (self.options.segment_bytes, segment.bytes());
        let mut written = self.written;
        let mut records = self.pending.range(written..).enumerate();
        let done = records.try_for_each(|(index, record)| {
            if index > 0 && segment.bytes() >= limit {
                return Ok(());
            }
            written += 1;
            segment.record(record)
        });
        done.and_then(|()| segment.flush()).map_err(failed)?;
        self.written = written;
        self.unsynced += segment.bytes() - before;
        self.unsynced_since.get_or_insert(now.boot_ns);
        Ok(())
    }

    fn make_durable(&mut self) -> Result<(), JournalError> {
        let Some(segment) = &mut self.segment else {
            return Ok(());
        };
        let failed = JournalError::io("sync", file_name(segment.number()));
        segment.sync().map_err(failed)?;
        self.durable = segment.position();
        self.pending.drain(..self.written);
        self.written = 0;
        self.unsynced = 0;
        self.unsynced_since = None;
        Ok(())
    }

    fn sync_is_due(&self, now: Now) -> bool {
        let Some(since) = self.unsynced_since else {
            return false;
        };
        match self.options.sync {
            SyncPolicy::Always => true,
            SyncPolicy::Within { time, bytes } => {
                self.unsynced >= bytes || now.is_after(since, time)
            }
        }
    }
}
