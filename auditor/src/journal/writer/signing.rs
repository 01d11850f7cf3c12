//! Signs for what is durable: at intervals, when segments change, and at the close.

use super::{Event, Writer};
use crate::journal::catalogue::file_name;
use crate::journal::disk::Disk;
use crate::journal::error::JournalError;
use crate::journal::evidence::{Checkpoint, Hash, chain};
use crate::journal::options::Now;

/// What the last signature covers.
#[derive(Debug)]
pub(super) struct LastCheckpoint {
    pub(super) boot_ns: u64,
    pub(super) records: u64,
    /// No end of a segment that was recovered or abandoned is left for the next one to cover.
    pub(super) covers_ends: bool,
    /// The chain's head behind it.
    pub(super) chain: Hash,
}

impl<D: Disk> Writer<D> {
    /// Signs what is durable, and so makes it so first.
    pub(super) fn checkpoint(&mut self, now: Now) -> Result<(), JournalError> {
        self.make_durable()?;
        let Some(segment) = &mut self.segment else {
            return Ok(());
        };
        let (state, offset) = (segment.state(), segment.bytes());
        let checkpoint = Checkpoint {
            origin: self.signer.public().name().to_owned(),
            size: state.sequence(),
            root: state.frontier.root(),
            chain: chain::stated(&state.chain, offset),
            time: now.wall_ns / 1_000_000_000,
        };
        let note = checkpoint.sign(&self.signer);
        segment.checkpoint(&note);
        let failed = JournalError::io("write", file_name(segment.number()));
        segment.flush().map_err(failed)?;
        self.last_checkpoint = LastCheckpoint {
            boot_ns: now.boot_ns,
            records: checkpoint.size,
            covers_ends: true,
            chain: segment.state().chain,
        };
        self.events.push(Event::Checkpoint {
            note,
            records: checkpoint.size,
        });
        Ok(())
    }

    /// A durable checkpoint of everything, unless there already is one.
    pub(super) fn sign_off(&mut self, now: Now) -> Result<(), JournalError> {
        let chain = self.segment.as_ref().map(|segment| segment.state().chain);
        if chain.is_some_and(|chain| chain != self.last_checkpoint.chain) {
            self.checkpoint(now)?;
        }
        self.make_durable()
    }

    pub(super) fn checkpoint_is_due(&self, now: Now) -> bool {
        let last = &self.last_checkpoint;
        let records = self.progress().written.saturating_sub(last.records);
        let interval = self.options.checkpoint_interval;
        !last.covers_ends
            || records >= self.options.checkpoint_records
            || records > 0 && now.is_after(last.boot_ns, interval)
    }
}
