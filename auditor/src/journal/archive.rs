//! The journal for those who only look: segment by segment, since each can be read alone.
//!
//! The header of a segment says when it was made and which record comes first. That is index
//! enough: a search in time opens only the segments that were written late enough.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::catalogue::{Entry, file_name};
use super::disk::Disk;
use super::error::JournalError;
use super::evidence::{Frontier, Hash, leaf, resource_digest};
use super::frame::Kind;
use super::header::Header;
use super::reader::{keep, live};
use super::replay::split;
use super::scan::{Item, Scanner};
use crate::redact::Sealed;

/// The records of one segment, not read yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stretch {
    entry: Entry,
    /// Where it ends in its file.
    end: u64,
    /// What the header of the next segment says about this one's end. `None`: there is no next
    /// one, or its header is damaged.
    next: Option<Next>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Next {
    start: u64,
    created_ns: u64,
}

/// A record in its place.
#[derive(Clone, Copy, Debug)]
pub struct Stored<'a> {
    pub sequence: u64,
    /// Records of one workload share it within a stretch.
    pub resource: &'a Arc<[u8]>,
    pub record: &'a [u8],
}

/// The segments of a journal, oldest first.
pub fn stretches(disk: &impl Disk) -> Result<Vec<Stretch>, JournalError> {
    let entries = live(disk)?;
    let next = entries.iter().skip(1).map(|(entry, _)| {
        let header = entry.header.as_ref()?;
        Some(Next {
            start: header.start(),
            created_ns: header.created_ns,
        })
    });
    let next: Vec<_> = next.chain([None]).collect();
    let stretches = entries.into_iter().zip(next);
    Ok(stretches
        .map(|((entry, end), next)| Stretch { entry, end, next })
        .collect())
}

// === impl Stretch ===

impl Stretch {
    /// When its first record was written, nanoseconds since the epoch.
    pub fn opened_ns(&self) -> Option<u64> {
        self.entry.header.as_ref().map(|header| header.created_ns)
    }

    /// When its last record had been written. `None`: not known, or not over.
    pub fn closed_ns(&self) -> Option<u64> {
        self.next.map(|next| next.created_ns)
    }

    /// The tree of the records before it. `None`: the header is damaged.
    pub fn frontier(&self) -> Option<&Frontier> {
        self.entry.header.as_ref().map(|header| &header.frontier)
    }

    pub fn bytes(&self) -> u64 {
        self.entry.bytes.min(self.end)
    }

    /// Gives every record to `each` until it breaks off, and says how many are missing between
    /// them. A segment that retention removes meanwhile is missing as a whole.
    pub fn read(
        &self,
        disk: &impl Disk,
        mut each: impl FnMut(Stored<'_>) -> ControlFlow<()>,
    ) -> Result<u64, JournalError> {
        let name = file_name(self.entry.number);
        let mut next = self.entry.header.as_ref().map(Header::start);
        let file = match disk.open(&name).map_err(JournalError::io("open", &name)) {
            Err(error) if error.is_not_found() => return Ok(self.missing_behind(next)),
            file => file?,
        };
        let mut scanner = Scanner::new(file, self.entry.frames_at(), next).until(self.end);
        let mut resources = HashMap::new();
        let mut missing = 0;
        loop {
            let item = scanner.next().map_err(JournalError::io("read", &name))?;
            let frame = match item {
                Item::Frame(frame) => frame,
                Item::Damage(_) => continue,
                Item::End { .. } => return Ok(missing + self.missing_behind(next)),
            };
            if frame.kind == Kind::Resource {
                keep(&mut resources, &frame);
            }
            // A copy of what the next segment has: left by a failed write.
            let copied = self.next.is_some_and(|next| frame.sequence >= next.start);
            if frame.kind != Kind::Record || copied {
                continue;
            }
            let found = split(frame.payload);
            let found = found.and_then(|(id, record)| Some((resources.get(&id)?, record)));
            let Some((resource, record)) = found else {
                continue;
            };
            missing += next.map_or(0, |next| frame.sequence.saturating_sub(next));
            next = Some(frame.sequence + 1);
            let stored = Stored {
                sequence: frame.sequence,
                resource,
                record,
            };
            if each(stored).is_break() {
                return Ok(missing);
            }
        }
    }

    fn missing_behind(&self, next: Option<u64>) -> u64 {
        let (Some(next), Some(after)) = (next, self.next) else {
            return 0;
        };
        after.start.saturating_sub(next)
    }
}

// === impl Stored ===

impl Stored<'_> {
    /// In the tree of the journal.
    pub fn leaf(&self) -> Hash {
        leaf(&resource_digest(self.resource), self.record)
    }

    pub fn sealed(&self) -> Sealed {
        Sealed::stored(Arc::clone(self.resource), self.record.to_vec())
    }
}
