//! How far a destination has acknowledged, and what is owed to the journal about it.

use std::io::ErrorKind;
use std::sync::Arc;

use super::disk::{self, Disk};
use super::error::JournalError;
use super::frame::checksum;
use crate::redact::Sealed;

const MAGIC: &[u8; 8] = b"auditorc";
const VERSION: u32 = 1;
/// Without notes.
const LENGTH: usize = 24;
/// Far more than the notes that a destination may owe.
const MAX_LENGTH: usize = 4 << 20;
/// A name is part of a file's name.
const MAX_NAME: usize = 32;

/// A destination's place in the journal: the records below it have been acknowledged.
#[derive(Debug)]
pub struct Cursor<D: Disk> {
    disk: D,
    name: String,
    place: u64,
}

/// A cursor as it was found.
#[derive(Debug)]
pub struct Opened<D: Disk> {
    pub cursor: Cursor<D>,
    pub start: Start,
    /// Notes that may not have come into the journal. One that has comes again as it is.
    pub owed: Vec<Sealed>,
}

/// How the place was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// Where it was left.
    Resumed,
    /// There was no cursor: at the beginning.
    New,
    /// The cursor is damaged: at the beginning, so that records come twice rather than not at all.
    Damaged,
    /// The journal has fewer records than were acknowledged, because it was replaced or lost some
    /// that were said to be durable: at its end.
    Beyond { acknowledged: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a destination's name is 1 to 32 of a-z, 0-9 and -, not {0:?}")]
pub struct NameError(String);

// === impl Cursor ===

impl<D: Disk> Cursor<D> {
    /// `end` is the sequence of the next record to come.
    pub fn open(disk: D, name: &CursorName, end: u64) -> Result<Opened<D>, JournalError> {
        let name = format!("{}.cursor", name.0);
        let (place, owed, start) = match disk::read(&disk, &name, MAX_LENGTH) {
            Ok(bytes) => match decode(&bytes) {
                Some((place, owed)) if place > end => {
                    let acknowledged = place;
                    (end, owed, Start::Beyond { acknowledged })
                }
                Some((place, owed)) => (place, owed, Start::Resumed),
                None => (0, Vec::new(), Start::Damaged),
            },
            Err(error) if error.kind() == ErrorKind::NotFound => (0, Vec::new(), Start::New),
            Err(error) => return Err(JournalError::io("read", name)(error)),
        };
        Ok(Opened {
            cursor: Self { disk, name, place },
            start,
            owed,
        })
    }

    pub fn place(&self) -> u64 {
        self.place
    }

    /// Moves on after an acknowledgement, with the notes about what was passed over that are not
    /// durable in the journal yet. When this returns, it is durable; after an error it may be so
    /// or not, and may be tried again.
    pub fn advance<'a>(
        &mut self,
        place: u64,
        owed: impl IntoIterator<Item = &'a Sealed>,
    ) -> Result<(), JournalError> {
        let written = disk::replace(&self.disk, &self.name, &encode(place, owed));
        written.map_err(JournalError::io("write", &self.name))?;
        self.place = place;
        Ok(())
    }
}

/// The name of a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CursorName(String);

// === impl CursorName ===

impl CursorName {
    pub fn new(name: &str) -> Result<Self, NameError> {
        let allowed = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let length = (1..=MAX_NAME).contains(&name.len());
        if length && name.bytes().all(allowed) {
            Ok(Self(name.to_owned()))
        } else {
            Err(NameError(name.to_owned()))
        }
    }
}

fn encode<'a>(place: u64, owed: impl IntoIterator<Item = &'a Sealed>) -> Vec<u8> {
    let mut out = Vec::with_capacity(LENGTH);
    out.extend_from_slice(MAGIC);
    out.extend_from_slice(&VERSION.to_le_bytes());
    let mut rest = place.to_le_bytes().to_vec();
    for note in owed {
        for part in [note.resource(), note.record()] {
            rest.extend_from_slice(&(part.len() as u32).to_le_bytes());
            rest.extend_from_slice(part);
        }
    }
    let checksum = checksum(&[&out, &rest]);
    out.extend_from_slice(&checksum.to_le_bytes());
    out.extend_from_slice(&rest);
    out
}

fn decode(bytes: &[u8]) -> Option<(u64, Vec<Sealed>)> {
    let (place, mut rest) = bytes.get(16..)?.split_first_chunk()?;
    let mut owed = Vec::new();
    while !rest.is_empty() {
        let resource = Arc::from(part(&mut rest)?);
        owed.push(Sealed::stored(resource, part(&mut rest)?.to_vec()));
    }
    let place = u64::from_le_bytes(*place);
    (bytes == encode(place, &owed)).then_some((place, owed))
}

/// The next bytes that have their length before them.
fn part<'a>(rest: &mut &'a [u8]) -> Option<&'a [u8]> {
    let (length, behind) = rest.split_first_chunk()?;
    let (part, behind) = behind.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    *rest = behind;
    Some(part)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::disk::faulty::FaultyDisk;

    fn open(disk: &FaultyDisk, end: u64) -> (u64, Start) {
        let name = CursorName::new("otlp").unwrap();
        let opened = Cursor::open(disk.clone(), &name, end).unwrap();
        (opened.cursor.place(), opened.start)
    }

    #[test]
    fn a_place_is_found_again_and_a_damaged_one_is_the_beginning() {
        let disk = FaultyDisk::default();
        assert_eq!(open(&disk, 10), (0, Start::New));
        let name = CursorName::new("otlp").unwrap();
        let mut cursor = Cursor::open(disk.clone(), &name, 10).unwrap().cursor;
        cursor.advance(7, []).unwrap();
        assert_eq!(open(&disk, 10), (7, Start::Resumed));
        assert_eq!(open(&disk, 5), (5, Start::Beyond { acknowledged: 7 }));
        for byte in 0..LENGTH {
            let changed = disk.copy();
            changed.edit("otlp.cursor", |bytes| bytes[byte] ^= 4);
            assert_eq!(open(&changed, 10), (0, Start::Damaged), "byte {byte}");
        }
        disk.edit("otlp.cursor", |bytes| bytes.truncate(9));
        assert_eq!(open(&disk, 10), (0, Start::Damaged));
    }

    #[test]
    fn a_crash_leaves_the_old_place_or_the_new() {
        for fault in 0..12 {
            let disk = FaultyDisk::default();
            let name = CursorName::new("otlp").unwrap();
            let mut cursor = Cursor::open(disk.clone(), &name, 10).unwrap().cursor;
            cursor.advance(3, []).unwrap();
            disk.fail_after(fault);
            let done = cursor.advance(4, []);
            let crashed = disk.crash(fault);
            let (place, start) = open(&crashed, 10);
            assert_eq!(start, Start::Resumed);
            assert!(place == 4 || done.is_err() && place == 3);
        }
    }

    #[test]
    fn notes_are_kept_with_the_place_and_damage_to_them_is_found() {
        let disk = FaultyDisk::default();
        let name = CursorName::new("otlp").unwrap();
        let owed = || Cursor::open(disk.clone(), &name, 10).unwrap();
        let note = |text: &str| Sealed::for_test(Arc::from(*b"node"), text.as_bytes().to_vec());
        let notes = [note("one"), note(""), note("three")];
        owed().cursor.advance(7, &notes).unwrap();
        assert_eq!((owed().cursor.place(), owed().owed), (7, notes.to_vec()));
        owed().cursor.advance(7, &notes[2..]).unwrap();
        assert_eq!(owed().owed, notes[2..]);
        for byte in 0..LENGTH + 17 {
            let changed = disk.copy();
            changed.edit("otlp.cursor", |bytes| bytes[byte] ^= 1);
            assert_eq!(open(&changed, 10), (0, Start::Damaged), "byte {byte}");
        }
        owed().cursor.advance(8, []).unwrap();
        assert_eq!(owed().owed, []);
    }

    #[test]
    fn names_are_fit_for_files() {
        for name in ["", "a/b", "..", "A", "a b", &"a".repeat(33)] {
            assert_eq!(CursorName::new(name), Err(NameError(name.to_owned())));
        }
    }
}
