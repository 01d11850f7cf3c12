//! One segment after the other: when it is full, or when it failed.

use super::{Event, Writer};
use crate::journal::catalogue::file_name;
use crate::journal::disk::Disk;
use crate::journal::error::JournalError;
use crate::journal::options::Now;
use crate::journal::retention::Kept;
use crate::journal::segment::Segment;

impl<D: Disk> Writer<D> {
    pub(super) fn next_segment(&mut self, now: Now) -> Result<(), JournalError> {
        self.sign_off(now)?;
        self.make_room(now)?;
        let new = loop {
            let bytes = self.options.segment_bytes;
            match Segment::create(&self.disk, self.number, &self.durable, bytes, now) {
                Ok(new) => break new,
                Err(error) if error.is_disk_full() && self.may_drop_one() => self.remove(1, now)?,
                Err(error) => return Err(self.not_created(error)),
            }
        };
        self.number += 1;
        if let Some(mut old) = self.segment.take() {
            let _ = old.release();
            self.shelve(&old, now);
        }
        self.durable = new.position();
        self.segment = Some(new);
        match self.unannounced {
            Some(removal) => self.announce(removal, now),
            None => Ok(()),
        }
    }

    /// A file that could not be removed again keeps its number.
    fn not_created(&mut self, error: JournalError) -> JournalError {
        if self.disk.open(&file_name(self.number)).is_ok() {
            self.number += 1;
        }
        error
    }

    /// Lets go of the segment: what is not durable there will be written again.
    pub(super) fn abandon(&mut self, error: &JournalError) {
        self.written = 0;
        self.unsynced = 0;
        self.unsynced_since = None;
        let Some(mut segment) = self.segment.take() else {
            return;
        };
        // On a full disk it is what was set aside that is missing.
        let _ = segment.release();
        self.last_checkpoint.chain = self.durable.state.chain;
        self.last_checkpoint.covers_ends = false;
        self.shelf.push(Kept {
            number: segment.number(),
            first: segment.first,
            end: self.durable.state.sequence(),
            bytes: segment.bytes(),
            closed_ns: segment.opened.wall_ns,
        });
        self.events.push(Event::Abandoned {
            segment: segment.number(),
            reason: error.to_string(),
        });
    }

    fn shelve(&mut self, closed: &Segment<D::File>, now: Now) {
        self.shelf.push(Kept {
            number: closed.number(),
            first: closed.first,
            end: self.durable.state.sequence(),
            bytes: closed.bytes(),
            closed_ns: now.wall_ns,
        });
    }

    pub(super) fn segment_is_full(&self, now: Now) -> bool {
        self.segment.as_ref().is_some_and(|segment| {
            let old = now.is_after(segment.opened.boot_ns, self.options.segment_age);
            let records = segment.state().sequence() > segment.first;
            segment.bytes() >= self.options.segment_bytes || old && records
        })
    }
}
