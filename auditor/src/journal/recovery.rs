//! What is on the disk at the start, and where the journal goes on.

use std::ops::Range;

use super::catalogue::{Entry, catalogue, file_name};
use super::disk::{Disk, DiskFile as _};
use super::error::JournalError;
use super::evidence::PublicKey;
use super::replay::{Replay, State, Told, split};
use super::retention::{Kept, Shelf};
use super::scan::{Item, Scanner};
use super::segment::Position;

/// Spans told one by one; a disk that is worse than this is told by the numbers.
const MAX_LOST: usize = 64;

/// What was met on the disk. Segments before the newest one were not looked into: rot there is
/// met by readers and by `verify`. It is told again if the daemon ends before it has written anything.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    pub segments: usize,
    /// Sequence of the oldest record kept, and of the next record to come.
    pub first: u64,
    pub next: u64,
    /// Bytes in the newest segment that are no intact frame.
    pub torn_bytes: u64,
    /// Records that are gone, by sequence; the first spans only.
    pub lost: Vec<Range<u64>>,
    pub lost_records: u64,
    /// Segments behind the newest one whose header is damaged.
    pub headless: Vec<u64>,
    /// A checkpoint covers everything, as an orderly stop leaves it; so does a new journal.
    pub orderly: bool,
    /// The newest segment has a valid checkpoint that its frames do not lead to.
    pub disagrees: bool,
    /// The last record, an encoded `LogRecord`.
    pub last: Option<Vec<u8>>,
}

/// Where to go on.
#[derive(Debug, Default)]
pub(super) struct Resumption {
    pub(super) position: Position,
    /// Of the next segment.
    pub(super) number: u64,
    pub(super) shelf: Shelf,
    pub(super) recovery: Recovery,
}

// === impl Recovery ===

impl Recovery {
    /// Whether the journal is as an orderly stop leaves it.
    pub fn is_clean(&self) -> bool {
        self.torn_bytes == 0
            && self.lost_records == 0
            && self.headless.is_empty()
            && !self.disagrees
    }

    fn lose(&mut self, lost: Range<u64>) {
        if lost.is_empty() {
            return;
        }
        self.lost_records += lost.end - lost.start;
        if self.lost.len() < MAX_LOST {
            self.lost.push(lost);
        }
    }
}

/// Reads the newest segment and all headers. Changes nothing but makes durable what is there.
pub(super) fn recover<D: Disk>(disk: &D, key: &PublicKey) -> Result<Resumption, JournalError> {
    let entries = catalogue(disk)?;
    let Some(last) = entries.last() else {
        let mut new = Resumption::default();
        new.recovery.orderly = true;
        return Ok(new);
    };
    let newest = entries.iter().rposition(|entry| entry.header.is_some());
    let scanned = &entries[newest.unwrap_or(0)..];
    disk.sync()
        .map_err(JournalError::io("sync", "the directory"))?;
    let mut recovery = Recovery {
        segments: entries.len(),
        ..Recovery::default()
    };
    let mut replay = Replay::default();
    // Without a single header nothing but the frames says where the sequences are.
    let mut anywhere = newest.is_none();
    let mut position = Position::default();
    let mut signed = 0;
    for entry in scanned {
        let state = entry.header.as_ref().map(State::at);
        replay = Replay::new(state.unwrap_or(replay.state));
        let next = (!anywhere).then(|| replay.state.sequence());
        let mut course = Course {
            replay: &mut replay,
            recovery: &mut recovery,
            signed: &mut signed,
        };
        let end = course.follow(disk, key, entry, next)?;
        if entry.header.is_some() || end > 0 {
            anywhere = false;
            position = Position {
                segment: entry.number,
                end: end.max(entry.frames_at()),
                state: replay.state.clone(),
            };
        }
    }
    let headless = scanned.iter().filter(|entry| entry.header.is_none());
    recovery.headless = headless.map(|entry| entry.number).collect();
    recovery.next = position.state.sequence();
    let shelf = shelve(&entries, recovery.next);
    recovery.first = shelf.oldest().map_or(recovery.next, |kept| kept.first);
    recovery.orderly = recovery.is_clean() && signed == recovery.next;
    Ok(Resumption {
        number: last.number.saturating_add(1),
        position,
        shelf,
        recovery,
    })
}

/// Reads the newest segments, one after the other.
struct Course<'a> {
    replay: &'a mut Replay,
    recovery: &'a mut Recovery,
    signed: &'a mut u64,
}

// === impl Course ===

impl Course<'_> {
    /// Goes through a segment's frames; returns the end of the last intact one, 0 if there is none.
    fn follow<D: Disk>(
        &mut self,
        disk: &D,
        key: &PublicKey,
        entry: &Entry,
        next: Option<u64>,
    ) -> Result<u64, JournalError> {
        let name = file_name(entry.number);
        let mut file = disk.open(&name).map_err(JournalError::io("open", &name))?;
        // After SIGKILL it is with the kernel and perhaps not on the disk; from here on it counts
        // as durable.
        file.sync().map_err(JournalError::io("sync", &name))?;
        let mut scanner = Scanner::new(file, entry.frames_at(), next);
        let mut end = 0;
        loop {
            let frame = match scanner.next().map_err(JournalError::io("read", &name))? {
                Item::Frame(frame) => frame,
                Item::Damage(bytes) => {
                    self.recovery.torn_bytes += bytes.end - bytes.start;
                    continue;
                }
                Item::End { torn } => {
                    self.recovery.torn_bytes += torn;
                    return Ok(end);
                }
            };
            self.recovery.lose(self.replay.lose(frame.sequence));
            match self.replay.take(&frame) {
                Told::Orphan => self.recovery.lose(frame.sequence..frame.sequence + 1),
                Told::Checkpoint(anchor) => {
                    if let Ok(checkpoint) = anchor.checkpoint(key) {
                        *self.signed = checkpoint.size;
                        self.recovery.disagrees |= !anchor.agrees();
                        self.replay.adopt(&anchor);
                    }
                }
                Told::Record => {
                    let record = split(frame.payload).map_or(&[][..], |(_, record)| record);
                    let last = self.recovery.last.get_or_insert_default();
                    last.clear();
                    last.extend_from_slice(record);
                }
                Told::Resource | Told::Removal(_) | Told::Malformed => {}
            }
            end = scanner.offset();
        }
    }
}

/// All segments are closed: the journal goes on in a new one.
fn shelve(entries: &[Entry], next: u64) -> Shelf {
    let mut shelf = Shelf::default();
    let start = |entry: &Entry| {
        entry
            .header
            .as_ref()
            .map(|header| (header.start(), header.created_ns))
    };
    let mut first = entries.iter().find_map(start).map_or(0, |(first, _)| first);
    for (index, entry) in entries.iter().enumerate() {
        let after = entries[index + 1..].iter().find_map(start);
        let own_ns = start(entry).map_or(0, |(_, created_ns)| created_ns);
        let (end, closed_ns) = after.unwrap_or((next, own_ns));
        // A header that was changed may say anything.
        let end = end.max(first);
        shelf.push(Kept {
            number: entry.number,
            first,
            end,
            bytes: entry.bytes,
            closed_ns,
        });
        first = end;
    }
    shelf
}
