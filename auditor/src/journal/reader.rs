//! Records from a sequence on, across segments, up to where the writer says it is safe.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use super::catalogue::{Entry, catalogue, ends, file_name};
use super::disk::{Disk, DiskFile};
use super::error::JournalError;
use super::frame::{Frame, Kind};
use super::header::Header;
use super::replay::split;
use super::scan::{Item, Scanner};
use crate::redact::Sealed;

/// Reads for one destination. Segments may be written and removed meanwhile.
#[derive(Debug)]
pub struct Reader<D: Disk> {
    disk: D,
    next: u64,
    segment: Option<Open<D::File>>,
}

/// Records in order, and what is not there.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    pub records: Vec<Sealed>,
    /// Records that can't be read any more: rotten, or removed before they were read.
    pub lost: Vec<Range<u64>>,
    /// Where the next batch begins: the place to acknowledge when these are delivered.
    pub next: u64,
}

/// How much to read at once. One record is read even if it is larger.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub records: usize,
    pub bytes: usize,
}

#[derive(Debug)]
struct Open<F> {
    number: u64,
    scanner: Scanner<F>,
    resources: HashMap<u32, Arc<[u8]>>,
    /// There was a later segment when this one was last looked at: it does not grow any more.
    closed: bool,
}

// === impl Reader ===

impl<D: Disk> Reader<D> {
    pub fn new(disk: D, next: u64) -> Self {
        Self {
            disk,
            next,
            segment: None,
        }
    }

    /// The sequence of the next record to be read.
    pub fn next(&self) -> u64 {
        self.next
    }

    /// Reads the records below `until`, which the writer has said are there, as far as the limit
    /// allows. An empty batch: there are none yet. After an error it may be tried again.
    pub fn read(&mut self, until: u64, limit: Limit) -> Result<Batch, JournalError> {
        let mut batch = Batch::default();
        let mut bytes = 0;
        while self.next < until && batch.records.len() < limit.records && bytes < limit.bytes {
            match self.record()? {
                Found::Record(sequence, _) if sequence > self.next && self.goes_on_later()? => {}
                Found::Record(sequence, record) if sequence < until => {
                    batch.lose(self.next..sequence);
                    bytes += record.record().len();
                    batch.records.push(record);
                    self.next = sequence + 1;
                }
                // Everything that should be here is not: begin again where it goes on.
                Found::Record(..) | Found::Nothing => {
                    batch.lose(self.next..until);
                    self.next = until;
                    self.segment = None;
                }
            }
        }
        batch.next = self.next;
        Ok(batch)
    }

    /// The next record that is not below the place.
    fn record(&mut self) -> Result<Found, JournalError> {
        if self.segment.is_none() {
            let Some(entry) = self.locate()? else {
                return Ok(Found::Nothing);
            };
            self.segment = Some(self.open(&entry)?);
        }
        while let Some(segment) = &mut self.segment {
            if let Some(found) = segment.record(self.next)? {
                return Ok(found);
            }
            let mut later = live(&self.disk)?;
            later.retain(|(entry, _)| entry.number > segment.number);
            match later.first() {
                None => return Ok(Found::Nothing),
                // What was written between the look into the file and the look for a later one.
                Some(_) if !segment.closed => segment.closed = true,
                Some(next) => self.segment = Some(self.open(next)?),
            }
        }
        Ok(Found::Nothing)
    }

    /// What follows a failed write in a segment is not the journal's: goes to the segment that
    /// has taken its place, if there is one.
    fn goes_on_later(&mut self) -> Result<bool, JournalError> {
        let open = self.segment.as_ref().map(|segment| segment.number);
        let place = self.locate()?;
        let later = place.filter(|(entry, _)| open.is_some_and(|open| entry.number > open));
        let Some(later) = later else {
            return Ok(false);
        };
        self.segment = Some(self.open(&later)?);
        Ok(true)
    }

    /// The newest segment that begins at or before the place, else the oldest.
    fn locate(&self) -> Result<Option<(Entry, u64)>, JournalError> {
        let mut entries = live(&self.disk)?;
        let begins = |(entry, _): &(Entry, u64)| {
            let header = entry.header.as_ref();
            header.is_some_and(|header| header.start() <= self.next)
        };
        let index = entries.iter().rposition(begins).unwrap_or(0);
        Ok((index < entries.len()).then(|| entries.swap_remove(index)))
    }

    fn open(&self, (entry, end): &(Entry, u64)) -> Result<Open<D::File>, JournalError> {
        let name = file_name(entry.number);
        let file = self.disk.open(&name);
        let file = file.map_err(JournalError::io("open", &name))?;
        let next = entry.header.as_ref().map(Header::start);
        Ok(Open {
            number: entry.number,
            scanner: Scanner::new(file, entry.frames_at(), next).until(*end),
            resources: HashMap::new(),
            closed: false,
        })
    }
}

enum Found {
    Record(u64, Sealed),
    Nothing,
}

// === impl Open ===

impl<F: DiskFile> Open<F> {
    /// The next record of this segment that is not below a sequence.
    fn record(&mut self, from: u64) -> Result<Option<Found>, JournalError> {
        let failed = JournalError::io("read", file_name(self.number));
        loop {
            let frame = match self.scanner.next() {
                Ok(Item::Frame(frame)) => frame,
                Ok(Item::Damage(_)) => continue,
                Ok(Item::End { .. }) => return Ok(None),
                Err(error) => return Err(failed(error)),
            };
            match frame.kind {
                Kind::Resource => keep(&mut self.resources, &frame),
                Kind::Record if frame.sequence >= from => {
                    let record = sealed(&self.resources, &frame);
                    if let Some(record) = record {
                        return Ok(Some(Found::Record(frame.sequence, record)));
                    }
                }
                Kind::Record | Kind::Checkpoint | Kind::Removal => {}
            }
        }
    }
}

// === impl Batch ===

impl Batch {
    pub fn is_empty(&self) -> bool {
        self.records.is_empty() && self.lost.is_empty()
    }

    fn lose(&mut self, lost: Range<u64>) {
        if !lost.is_empty() {
            self.lost.push(lost);
        }
    }
}

/// The segments that are the journal's, and where they end.
pub(super) fn live(disk: &impl Disk) -> Result<Vec<(Entry, u64)>, JournalError> {
    let entries = catalogue(disk)?;
    let ends = ends(&entries);
    let live = entries.into_iter().zip(ends);
    Ok(live.filter(|(_, end)| *end > 0).collect())
}

pub(super) fn keep(resources: &mut HashMap<u32, Arc<[u8]>>, frame: &Frame<'_>) {
    if let Some((id, resource)) = split(frame.payload) {
        resources.insert(id, resource.into());
    }
}

fn sealed(resources: &HashMap<u32, Arc<[u8]>>, frame: &Frame<'_>) -> Option<Sealed> {
    let (id, record) = split(frame.payload)?;
    let resource = resources.get(&id)?;
    Some(Sealed::stored(Arc::clone(resource), record.to_vec()))
}
