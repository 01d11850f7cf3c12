//! Makes room: removes the oldest segments, and says so in the journal before.

use std::io::ErrorKind;

use super::{Event, Writer};
use crate::journal::catalogue::file_name;
use crate::journal::disk::Disk;
use crate::journal::error::JournalError;
use crate::journal::options::Now;
use crate::journal::replay::Removal;
use crate::journal::segment::Segment;

impl<D: Disk> Writer<D> {
    pub(super) fn make_room(&mut self, now: Now) -> Result<(), JournalError> {
        let retention = &self.options.retention;
        let in_use = self.segment.as_ref().map_or(0, Segment::bytes);
        let others = in_use.saturating_add(self.options.segment_bytes);
        let verdict = self
            .shelf
            .judge(retention, others, self.delivered, now.wall_ns);
        let limit = retention.max_bytes;
        if verdict.remove > 0 {
            self.remove(verdict.remove, now)?;
        }
        if verdict.fits {
            return Ok(());
        }
        Err(JournalError::Full {
            bytes: self.shelf.bytes().saturating_add(in_use),
            limit,
        })
    }

    pub(super) fn may_drop_one(&self) -> bool {
        let oldest = self.shelf.oldest();
        oldest.is_some_and(|oldest| {
            self.options.retention.drops_undelivered() || oldest.end <= self.delivered
        })
    }

    /// Removes the oldest closed segments, announced before if there is where to.
    pub(super) fn remove(&mut self, count: usize, now: Now) -> Result<(), JournalError> {
        let delivered = self.delivered;
        let undelivered = self
            .shelf
            .first(count)
            .map(|kept| kept.undelivered(delivered))
            .sum();
        let Some(last) = self.shelf.first(count).last().copied() else {
            return Ok(());
        };
        let earlier = self.unannounced.map_or(0, |removal| removal.undelivered);
        let removal = Removal {
            first_segment: last.number + 1,
            first_sequence: last.end,
            undelivered: undelivered + earlier,
        };
        if self.segment.is_some() {
            self.announce(removal, now)?;
        } else {
            self.unannounced = Some(removal);
        }
        while self
            .shelf
            .oldest()
            .is_some_and(|kept| kept.number <= last.number)
        {
            self.unlink()?;
        }
        self.events.push(Event::Removed {
            below: last.end,
            undelivered,
        });
        Ok(())
    }

    fn unlink(&mut self) -> Result<(), JournalError> {
        let Some(kept) = self.shelf.oldest() else {
            return Ok(());
        };
        let name = file_name(kept.number);
        match self.disk.remove(&name) {
            Err(error) if error.kind() != ErrorKind::NotFound => {
                return Err(JournalError::io("remove", name)(error));
            }
            _ => self.shelf.pop(),
        };
        // One by one, so that a crash leaves no gap between those that are still there.
        self.disk
            .sync()
            .map_err(JournalError::io("sync", "the directory"))
    }

    /// Durable, and covered by a checkpoint.
    pub(super) fn announce(&mut self, removal: Removal, now: Now) -> Result<(), JournalError> {
        if let Some(segment) = &mut self.segment {
            segment.removal(removal);
        }
        self.sign_off(now)?;
        self.unannounced = None;
        Ok(())
    }
}
