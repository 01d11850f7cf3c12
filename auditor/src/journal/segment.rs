//! The segment that is being written.

use std::collections::HashMap;
use std::io;
use std::sync::Arc;

use super::catalogue::file_name;
use super::disk::{self, Disk, DiskFile};
use super::error::JournalError;
use super::evidence::{Hash, leaf, resource_digest};
use super::frame::{self, HEAD, Kind};
use super::header::Header;
use super::options::Now;
use super::replay::{RESOURCE_ID, Removal, State};
use crate::redact::Sealed;

/// Written at once: large against the cost of a call.
const BUFFER: usize = 256 * 1024;
/// Set aside beyond the size at which a segment is closed: its last batch, a checkpoint and a
/// removal.
const SLACK: u64 = 1 << 20;

/// A place in the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Position {
    pub(super) segment: u64,
    /// Bytes of the segment before it.
    pub(super) end: u64,
    pub(super) state: State,
}

#[derive(Debug)]
pub(super) struct Segment<F> {
    file: F,
    number: u64,
    /// Bytes in the file.
    written: u64,
    /// Frames that follow them.
    buffer: Vec<u8>,
    state: State,
    /// Resources by the address of their allocation, which is kept, so that the address is its own.
    resources: HashMap<usize, Resource>,
    pub(super) opened: Now,
    /// The sequence of the first record.
    pub(super) first: u64,
}

#[derive(Debug)]
struct Resource {
    id: [u8; RESOURCE_ID],
    digest: Hash,
    _held: Arc<[u8]>,
}

// === impl Segment ===

impl<F: DiskFile> Segment<F> {
    /// A new segment that continues the journal from a durable place. When this returns, its
    /// header is durable.
    pub(super) fn create<D: Disk<File = F>>(
        disk: &D,
        number: u64,
        from: &Position,
        bytes: u64,
        now: Now,
    ) -> Result<Self, JournalError> {
        let header = Header {
            number,
            continues: from.segment,
            end: from.end,
            created_ns: now.wall_ns,
            chain: from.state.chain,
            frontier: from.state.frontier.clone(),
        };
        let name = file_name(number);
        let file = disk
            .create(&name)
            .map_err(JournalError::io("create", &name))?;
        let begun = begin(disk, file, &header.encode(), bytes.saturating_add(SLACK));
        let file = begun.map_err(|error| {
            // It holds nothing; if it stays, it is passed over.
            let _ = disk.remove(&name);
            JournalError::io("begin", &name)(error)
        })?;
        Ok(Self {
            file,
            number,
            written: header.length(),
            buffer: Vec::with_capacity(BUFFER),
            first: header.start(),
            state: State::at(&header),
            resources: HashMap::new(),
            opened: now,
        })
    }

    pub(super) fn record(&mut self, sealed: &Sealed) -> io::Result<()> {
        let address = sealed.resource().as_ptr() as usize;
        let (id, digest) = match self.resources.get(&address) {
            Some(resource) => (resource.id, resource.digest),
            None => self.resource(address, sealed.resource()),
        };
        let (sequence, offset) = (self.state.sequence(), self.bytes());
        let record = sealed.record();
        let head = frame::append(&mut self.buffer, Kind::Record, sequence, [&id, record]);
        self.state.record(offset, &head, leaf(&digest, record));
        if self.buffer.len() >= BUFFER {
            self.flush()?;
        }
        Ok(())
    }

    /// The note is about the state before this frame.
    pub(super) fn checkpoint(&mut self, note: &str) {
        let mut state = self.state.chain.to_vec();
        state.extend_from_slice(self.state.frontier.hashes().as_flattened());
        self.other(Kind::Checkpoint, [&state, note.as_bytes()]);
    }

    pub(super) fn removal(&mut self, removal: Removal) {
        self.other(Kind::Removal, [&removal.encode(), &[]]);
    }

    /// Hands what was added to the kernel.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        disk::write_all(&mut self.file, &self.buffer)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    /// Makes what was added durable.
    pub(super) fn sync(&mut self) -> io::Result<()> {
        self.flush()?;
        self.file.sync()
    }

    /// Gives back what was set aside and not used.
    pub(super) fn release(&mut self) -> io::Result<()> {
        // After a failed write there may be more in the file than is known of.
        let length = self.file.length()?;
        self.file.release(length)
    }

    pub(super) fn position(&self) -> Position {
        Position {
            segment: self.number,
            end: self.bytes(),
            state: self.state.clone(),
        }
    }

    pub(super) fn number(&self) -> u64 {
        self.number
    }

    pub(super) fn bytes(&self) -> u64 {
        self.written + self.buffer.len() as u64
    }

    pub(super) fn state(&self) -> &State {
        &self.state
    }

    fn resource(&mut self, address: usize, resource: &Arc<[u8]>) -> ([u8; RESOURCE_ID], Hash) {
        let id = (self.resources.len() as u32).to_le_bytes();
        let digest = resource_digest(resource);
        self.other(Kind::Resource, [&id, resource]);
        let entry = Resource {
            id,
            digest,
            _held: Arc::clone(resource),
        };
        self.resources.insert(address, entry);
        (id, digest)
    }

    fn other(&mut self, kind: Kind, payload: [&[u8]; 2]) {
        let (sequence, offset) = (self.state.sequence(), self.bytes());
        let head = frame::append(&mut self.buffer, kind, sequence, payload);
        self.state.other(offset, &head, payload);
    }
}

fn begin<D: Disk>(disk: &D, mut file: D::File, header: &[u8], bytes: u64) -> io::Result<D::File> {
    file.reserve(bytes)?;
    disk::write_all(&mut file, header)?;
    file.sync()?;
    disk.sync()?;
    Ok(file)
}

/// Whether a record fits in a frame.
pub(super) fn fits(sealed: &Sealed) -> bool {
    let most = sealed.record().len().max(sealed.resource().len());
    HEAD + RESOURCE_ID + most <= frame::MAX_PAYLOAD
}
