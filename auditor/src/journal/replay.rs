//! What a sequence of frames leads to: the same for who writes, recovers and verifies.

use std::collections::HashMap;
use std::ops::Range;

use super::evidence::{
    Checkpoint, CheckpointError, Frontier, HASH, Hash, PublicKey, chain, leaf, lost_leaf,
    resource_digest,
};
use super::frame::{COVERED, Frame, Kind};
use super::header::Header;

/// Bytes of a resource's id in a payload.
pub(super) const RESOURCE_ID: usize = 4;

/// The evidence up to a place in the journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct State {
    pub(super) chain: Hash,
    /// Its size is the sequence of the next record.
    pub(super) frontier: Frontier,
}

/// Follows the frames of one segment.
#[derive(Debug, Default)]
pub(super) struct Replay {
    pub(super) state: State,
    digests: HashMap<u32, Hash>,
}

/// What a frame says.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Told<'a> {
    Resource,
    Record,
    /// The record's resource is not there, so it can't be read.
    Orphan,
    Checkpoint(Anchor<'a>),
    Removal(Removal),
    /// Checksum and kind are right, the payload is none of that kind.
    Malformed,
}

/// A checkpoint in the journal, with what the tree takes to go on from it.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Anchor<'a> {
    note: &'a str,
    /// The state before the frame, as the frame says, and as the frames so far lead to it.
    said: State,
    before: State,
    offset: u64,
    head: [u8; COVERED],
    digest: Hash,
}

/// The announcement that the beginning of the journal will be removed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Removal {
    pub(super) first_segment: u64,
    pub(super) first_sequence: u64,
    /// Records among the removed that not every destination had.
    pub(super) undelivered: u64,
}

// === impl State ===

impl State {
    pub(super) fn sequence(&self) -> u64 {
        self.frontier.size()
    }

    pub(super) fn at(header: &Header) -> Self {
        Self {
            chain: header.link(),
            frontier: header.frontier.clone(),
        }
    }

    /// Whether a header goes on from here.
    pub(super) fn continues_in(&self, header: &Header) -> bool {
        self.chain == header.chain && self.frontier == header.frontier
    }

    pub(super) fn record(&mut self, offset: u64, head: &[u8; COVERED], leaf: Hash) {
        self.chain = chain::frame(&self.chain, offset, head, &leaf);
        self.frontier.push(leaf);
    }

    pub(super) fn other(&mut self, offset: u64, head: &[u8; COVERED], payload: [&[u8]; 2]) {
        self.chain = chain::frame(&self.chain, offset, head, &chain::digest(&payload));
    }
}

// === impl Replay ===

impl Replay {
    pub(super) fn new(state: State) -> Self {
        Self {
            state,
            digests: HashMap::new(),
        }
    }

    /// Passes over sequences that no frame has; says which.
    pub(super) fn lose(&mut self, next: u64) -> Range<u64> {
        let lost = self.state.sequence()..next;
        self.state.frontier.push_lost(next);
        lost
    }

    /// Takes a frame whose sequence is the next.
    pub(super) fn take<'a>(&mut self, frame: &Frame<'a>) -> Told<'a> {
        let told = match frame.kind {
            Kind::Record => return self.record(frame),
            Kind::Resource => self.resource(frame.payload),
            Kind::Checkpoint => Anchor::parse(frame, &self.state).map(Told::Checkpoint),
            Kind::Removal => Removal::parse(frame.payload).map(Told::Removal),
        };
        let head = frame.covered();
        self.state.other(frame.offset, &head, [frame.payload, &[]]);
        told.unwrap_or(Told::Malformed)
    }

    /// Goes on from what a valid checkpoint says rather than from what the frames lead to.
    pub(super) fn adopt(&mut self, anchor: &Anchor<'_>) {
        let said = &anchor.said;
        self.state = State {
            chain: chain::frame(&said.chain, anchor.offset, &anchor.head, &anchor.digest),
            frontier: said.frontier.clone(),
        };
    }

    fn record<'a>(&mut self, frame: &Frame<'_>) -> Told<'a> {
        let leaf = split(frame.payload).and_then(|(id, record)| {
            let resource = self.digests.get(&id)?;
            Some(leaf(resource, record))
        });
        let head = frame.covered();
        let or_lost = leaf.unwrap_or_else(lost_leaf);
        self.state.record(frame.offset, &head, or_lost);
        if leaf.is_some() {
            Told::Record
        } else {
            Told::Orphan
        }
    }

    fn resource<'a>(&mut self, payload: &[u8]) -> Option<Told<'a>> {
        let (id, resource) = split(payload)?;
        self.digests.insert(id, resource_digest(resource));
        Some(Told::Resource)
    }
}

// === impl Anchor ===

impl<'a> Anchor<'a> {
    /// The checkpoint, if this key has signed it for this place and for the state it says.
    pub(super) fn checkpoint(&self, key: &PublicKey) -> Result<Checkpoint, CheckpointError> {
        let checkpoint = Checkpoint::verified(self.note, key)?;
        let said = checkpoint.size == self.said.sequence()
            && checkpoint.root == self.said.frontier.root()
            && checkpoint.chain == chain::stated(&self.said.chain, self.offset);
        if said {
            Ok(checkpoint)
        } else {
            Err(CheckpointError::Elsewhere)
        }
    }

    /// Whether the frames before lead to what the checkpoint says.
    pub(super) fn agrees(&self) -> bool {
        self.said == self.before
    }

    fn parse(frame: &Frame<'a>, before: &State) -> Option<Self> {
        let (chain, rest) = frame.payload.split_first_chunk()?;
        let hashes = frame.sequence.count_ones() as usize * HASH;
        let (frontier, note) = rest.split_at_checked(hashes)?;
        Some(Self {
            note: std::str::from_utf8(note).ok()?,
            said: State {
                chain: *chain,
                frontier: Frontier::from_bytes(frame.sequence, frontier)?,
            },
            before: before.clone(),
            offset: frame.offset,
            head: frame.covered(),
            digest: chain::digest(&[frame.payload, &[]]),
        })
    }
}

// === impl Removal ===

impl Removal {
    pub(super) fn encode(self) -> [u8; 24] {
        let mut out = [0; 24];
        out[..8].copy_from_slice(&self.first_segment.to_le_bytes());
        out[8..16].copy_from_slice(&self.first_sequence.to_le_bytes());
        out[16..].copy_from_slice(&self.undelivered.to_le_bytes());
        out
    }

    fn parse(payload: &[u8]) -> Option<Self> {
        let (numbers, rest) = payload.as_chunks();
        let [segment, sequence, undelivered] = numbers else {
            return None;
        };
        rest.is_empty().then(|| Self {
            first_segment: u64::from_le_bytes(*segment),
            first_sequence: u64::from_le_bytes(*sequence),
            undelivered: u64::from_le_bytes(*undelivered),
        })
    }
}

/// The id of the resource, and what follows it.
pub(super) fn split(payload: &[u8]) -> Option<(u32, &[u8])> {
    let (id, rest) = payload.split_first_chunk::<RESOURCE_ID>()?;
    Some((u32::from_le_bytes(*id), rest))
}
