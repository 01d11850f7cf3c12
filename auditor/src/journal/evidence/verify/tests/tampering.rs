//! What somebody does to a journal who can write to its directory and has no key.

use std::ops::Range;

use crate::journal::disk::Disk as _;
use crate::journal::disk::faulty::{Chance, FaultyDisk};
use crate::journal::frame::{self, HEAD, Head, Kind};

#[derive(Clone, Copy, Debug)]
pub(super) enum Tampering {
    FlipBit,
    ChangePayload,
    ChangeSequence,
    ChangeHeader,
    ChangeNote,
    Remove,
    RemoveAndRenumber,
    Insert,
    Swap,
    SwapContents,
    CutTail,
    CutAtFrame,
    RemoveSegment,
    SwapSegments,
}

pub(super) const TAMPERINGS: [Tampering; 14] = [
    Tampering::FlipBit,
    Tampering::ChangePayload,
    Tampering::ChangeSequence,
    Tampering::ChangeHeader,
    Tampering::ChangeNote,
    Tampering::Remove,
    Tampering::RemoveAndRenumber,
    Tampering::Insert,
    Tampering::Swap,
    Tampering::SwapContents,
    Tampering::CutTail,
    Tampering::CutAtFrame,
    Tampering::RemoveSegment,
    Tampering::SwapSegments,
];

/// One segment under the knife.
struct Patient<'a> {
    bytes: &'a mut Vec<u8>,
    places: Vec<Range<usize>>,
    /// It is the last segment. Without its last checkpoint it is a whole journal that the given
    /// checkpoints cover: that one is left.
    last: bool,
    chance: &'a mut Chance,
}

// === impl Tampering ===

impl Tampering {
    /// Does it somewhere; false if the place was unfit.
    pub(super) fn on(self, disk: &FaultyDisk, chance: &mut Chance) -> bool {
        let names = disk.names().unwrap();
        let content = || -> Vec<_> {
            let names = disk.names().unwrap().into_iter();
            names.map(|name| (disk.bytes(&name), name)).collect()
        };
        let before = content();
        let cuts = matches!(self, Self::CutTail | Self::CutAtFrame);
        let index = match chance.below(names.len() as u64) as usize {
            _ if cuts => names.len() - 1,
            index => index,
        };
        match self {
            Self::RemoveSegment => remove_segment(disk, &names[index]),
            Self::SwapSegments => {
                let other = chance.below(names.len() as u64) as usize;
                swap_segments(disk, &names[index], &names[other]);
            }
            _ => disk.edit(&names[index], |bytes| {
                let places = frames(bytes);
                let last = index + 1 == names.len();
                self.operate(Patient {
                    bytes,
                    places,
                    last,
                    chance,
                });
            }),
        }
        before != content()
    }

    fn operate(self, mut patient: Patient<'_>) {
        match self {
            Self::FlipBit => patient.flip_bit(),
            Self::ChangePayload => patient.change_payload(),
            Self::ChangeSequence => patient.change_sequence(),
            Self::ChangeHeader => patient.change_header(),
            Self::ChangeNote => patient.change_note(),
            Self::Remove => patient.remove(),
            Self::RemoveAndRenumber => patient.remove_and_renumber(),
            Self::Insert => patient.insert(),
            Self::Swap => patient.swap(),
            Self::SwapContents => patient.swap_contents(),
            Self::CutTail => patient.cut_tail(),
            Self::CutAtFrame => patient.cut_at_frame(),
            Self::RemoveSegment | Self::SwapSegments => unreachable!("these are about files"),
        }
    }
}

// === impl Patient ===

impl Patient<'_> {
    fn any(&mut self) -> usize {
        self.chance.below(self.places.len() as u64) as usize
    }

    fn of_kind(&self, wanted: Kind) -> Vec<Range<usize>> {
        let places = self.places.iter().cloned();
        places
            .filter(|place| kind(&self.bytes[place.clone()]) == wanted)
            .collect()
    }

    fn flip_bit(&mut self) {
        let bit = self.chance.below(self.bytes.len() as u64 * 8) as usize;
        self.bytes[bit / 8] ^= 1 << (bit % 8);
    }

    fn change_payload(&mut self) {
        let at = self.any();
        let frame = &mut self.bytes[self.places[at].clone()];
        let byte = HEAD + self.chance.below((frame.len() - HEAD) as u64) as usize;
        frame[byte] ^= 1 + self.chance.below(255) as u8;
        fix_checksum(frame);
    }

    fn change_sequence(&mut self) {
        let at = self.any();
        let frame = &mut self.bytes[self.places[at].clone()];
        frame[8] ^= 1 << self.chance.below(8);
        fix_checksum(frame);
    }

    fn change_header(&mut self) {
        let length = u32::from_le_bytes(self.bytes[12..16].try_into().unwrap());
        let byte = 20 + self.chance.below(u64::from(length) - 20) as usize;
        self.bytes[byte] ^= 1 << self.chance.below(8);
        let length = length as usize;
        let sum = frame::checksum(&[&self.bytes[..16], &self.bytes[20..length]]);
        self.bytes[16..20].copy_from_slice(&sum.to_le_bytes());
    }

    fn change_note(&mut self) {
        if let Some(place) = self.of_kind(Kind::Checkpoint).pop() {
            let frame = &mut self.bytes[place];
            let byte = frame.len() - 10 - self.chance.below(300) as usize;
            frame[byte] ^= 1;
            fix_checksum(frame);
        }
    }

    fn remove(&mut self) {
        let at = self.any();
        if !self.last || at + 1 < self.places.len() {
            self.bytes.drain(self.places[at].clone());
        }
    }

    fn remove_and_renumber(&mut self) {
        let at = self.any();
        let place = self.places[at].clone();
        if kind(&self.bytes[place.clone()]) != Kind::Record {
            return;
        }
        for later in &self.places[at + 1..] {
            let frame = &mut self.bytes[later.clone()];
            let sequence = u64::from_le_bytes(frame[8..16].try_into().unwrap());
            frame[8..16].copy_from_slice(&(sequence - 1).to_le_bytes());
            fix_checksum(frame);
        }
        self.bytes.drain(place);
    }

    fn insert(&mut self) {
        let (at, from) = (self.any(), self.any());
        let copy = self.bytes[self.places[from].clone()].to_vec();
        let start = self.places[at].start;
        self.bytes.splice(start..start, copy);
    }

    fn swap(&mut self) {
        let at = self.any();
        let Some(next) = self.places.get(at + 1) else {
            return;
        };
        let place = self.places[at].start..next.end;
        let length = next.len();
        self.bytes[place].rotate_right(length);
    }

    /// The contents of two records change places; sequences and checksums are right.
    fn swap_contents(&mut self) {
        let records = self.of_kind(Kind::Record);
        let pairs = records.iter().enumerate();
        let pairs = pairs.flat_map(|(at, a)| records[at + 1..].iter().map(move |b| (a, b)));
        let Some((a, b)) = pairs.into_iter().find(|(a, b)| a.len() == b.len()) else {
            return;
        };
        for byte in HEAD..a.len() {
            self.bytes.swap(a.start + byte, b.start + byte);
        }
        fix_checksum(&mut self.bytes[a.clone()]);
        fix_checksum(&mut self.bytes[b.clone()]);
    }

    fn cut_tail(&mut self) {
        let kept = self.chance.below(self.bytes.len() as u64) as usize;
        let whole = self.places.last().is_some_and(|last| last.start == kept);
        self.bytes.truncate(kept - usize::from(whole));
    }

    fn cut_at_frame(&mut self) {
        let records = self.of_kind(Kind::Record);
        if !records.is_empty() {
            let cut = self.chance.below(records.len() as u64) as usize;
            self.bytes.truncate(records[cut].start);
        }
    }
}

/// One that has records: see [`Patient::last`].
fn remove_segment(disk: &FaultyDisk, name: &str) {
    let bytes = disk.bytes(name);
    let mut places = frames(&bytes).into_iter();
    if places.any(|place| kind(&bytes[place]) == Kind::Record) {
        disk.remove(name).unwrap();
    }
}

fn swap_segments(disk: &FaultyDisk, a: &str, b: &str) {
    if a != b {
        disk.rename(a, "aside").unwrap();
        disk.rename(b, a).unwrap();
        disk.rename("aside", b).unwrap();
    }
}

/// The places of the frames in a segment.
pub(super) fn frames(bytes: &[u8]) -> Vec<Range<usize>> {
    let mut at = u32::from_le_bytes(bytes[12..16].try_into().unwrap()) as usize;
    let mut frames = Vec::new();
    while let Some(head) = bytes[at..].first_chunk().and_then(Head::parse) {
        frames.push(at..at + HEAD + head.length);
        at += HEAD + head.length;
    }
    frames
}

pub(super) fn kind(frame: &[u8]) -> Kind {
    Head::parse(frame.first_chunk().unwrap()).unwrap().kind
}

/// What a careful forger does after a change.
pub(super) fn fix_checksum(frame: &mut [u8]) {
    let sum = frame::checksum(&[&frame[..16], &frame[HEAD..]]);
    frame[16..HEAD].copy_from_slice(&sum.to_le_bytes());
}
