//! One entry of a segment: length, checksum, kind, sequence, payload.

/// Stands at the beginning of every frame. `ff` is in no text, and values from the wire are text.
pub(super) const MAGIC: [u8; 2] = [0xff, 0xa5];
/// Bytes before the payload.
pub(super) const HEAD: usize = 20;
/// What the checksum covers of them, and the chain.
pub(super) const COVERED: usize = 16;
/// Because a collector takes no larger request than 4 MiB: a longer record could not be delivered.
pub(super) const MAX_PAYLOAD: usize = 4 << 20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Resource = 1,
    Record = 2,
    Checkpoint = 3,
    Removal = 4,
}

/// An intact frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Frame<'a> {
    pub(super) kind: Kind,
    /// Of the record, or of the record that comes next.
    pub(super) sequence: u64,
    /// Where it stands in its segment.
    pub(super) offset: u64,
    pub(super) payload: &'a [u8],
}

/// What stands before a payload, not yet checked against it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Head {
    pub(super) kind: Kind,
    pub(super) sequence: u64,
    /// Of the payload; at most [`MAX_PAYLOAD`].
    pub(super) length: usize,
    checksum: u32,
}

// === impl Kind ===

impl Kind {
    fn of(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Resource,
            2 => Self::Record,
            3 => Self::Checkpoint,
            4 => Self::Removal,
            _ => return None,
        })
    }
}

// === impl Frame ===

impl Frame<'_> {
    /// The bytes that the chain takes of the head.
    pub(super) fn covered(&self) -> [u8; COVERED] {
        covered(self.kind, self.sequence, self.payload.len())
    }
}

// === impl Head ===

impl Head {
    /// `None` if no frame can begin so.
    pub(super) fn parse(bytes: &[u8; HEAD]) -> Option<Self> {
        let [m0, m1, kind, zero, rest @ ..] = bytes;
        let (length, rest) = rest.split_first_chunk()?;
        let (sequence, rest) = rest.split_first_chunk()?;
        let (checksum, _) = rest.split_first_chunk()?;
        let length = u32::from_le_bytes(*length) as usize;
        if [*m0, *m1] != MAGIC || *zero != 0 || length > MAX_PAYLOAD {
            return None;
        }
        Some(Self {
            kind: Kind::of(*kind)?,
            sequence: u64::from_le_bytes(*sequence),
            length,
            checksum: u32::from_le_bytes(*checksum),
        })
    }

    pub(super) fn fits(&self, payload: &[u8]) -> bool {
        let covered = covered(self.kind, self.sequence, payload.len());
        self.checksum == checksum(&[&covered, payload])
    }
}

/// Appends a frame whose payload is the two parts, and returns what the chain takes of its head.
pub(super) fn append(
    out: &mut Vec<u8>,
    kind: Kind,
    sequence: u64,
    parts: [&[u8]; 2],
) -> [u8; COVERED] {
    let covered = covered(kind, sequence, parts[0].len() + parts[1].len());
    out.extend_from_slice(&covered);
    let checksum = checksum(&[&covered, parts[0], parts[1]]);
    out.extend_from_slice(&checksum.to_le_bytes());
    out.extend_from_slice(parts[0]);
    out.extend_from_slice(parts[1]);
    covered
}

pub(super) fn checksum(parts: &[&[u8]]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    for part in parts {
        hasher.update(part);
    }
    hasher.finalize()
}

fn covered(kind: Kind, sequence: u64, length: usize) -> [u8; COVERED] {
    let mut covered = [0; COVERED];
    covered[..2].copy_from_slice(&MAGIC);
    covered[2] = kind as u8;
    covered[4..8].copy_from_slice(&(length as u32).to_le_bytes());
    covered[8..].copy_from_slice(&sequence.to_le_bytes());
    covered
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_is_as_the_format_says() {
        let mut out = Vec::new();
        append(&mut out, Kind::Record, 258, [&[7, 0, 0, 0], b"abc"]);
        let head = [0xff, 0xa5, 2, 0, 7, 0, 0, 0, 2, 1, 0, 0, 0, 0, 0, 0];
        assert_eq!(out[..16], head);
        assert_eq!(out[20..], *b"\x07\0\0\0abc");
        let crc = checksum(&[&head, b"\x07\0\0\0abc"]);
        assert_eq!(out[16..20], crc.to_le_bytes());
        let parsed = Head::parse(out.first_chunk().unwrap()).unwrap();
        assert!(parsed.fits(&out[20..]));
    }

    #[test]
    fn a_flipped_bit_anywhere_is_found() {
        let mut out = Vec::new();
        append(&mut out, Kind::Resource, 9, [b"resource", b""]);
        for bit in 0..out.len() * 8 {
            let mut flipped = out.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            let head = Head::parse(flipped.first_chunk().unwrap());
            let whole = |head: Head| {
                let payload = flipped.get(HEAD..HEAD + head.length);
                payload.is_some_and(|payload| head.fits(payload))
            };
            assert!(!head.is_some_and(whole), "bit {bit}");
        }
    }
}
