//! The beginning of a segment: what it continues, and the state of the evidence there.

use super::evidence::{Frontier, HASH, Hash};
use super::frame::checksum;

const MAGIC: &[u8; 8] = b"auditorj";
const VERSION: u32 = 1;
/// Without the frontier.
const FIXED: usize = 92;
/// Magic, version and length; the checksum follows.
const PREFIX: usize = 16;
const AFTER_CHECKSUM: usize = 20;
/// A tree has at most as many perfect subtrees as its size has bits.
pub(super) const MAX_HEADER: usize = FIXED + 64 * HASH;

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) number: u64,
    /// The segment before this one, and how many of its bytes belong to the journal.
    pub(super) continues: u64,
    pub(super) end: u64,
    /// Nanoseconds since the epoch.
    pub(super) created_ns: u64,
    /// The chain's head at that end.
    pub(super) chain: Hash,
    /// Its size is the sequence of the first record that may follow.
    pub(super) frontier: Frontier,
}

/// What the first bytes of a segment are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Beginning {
    Intact(Header),
    /// Intact, but of another version of the format.
    Version(u32),
    Damaged,
}

// === impl Header ===

impl Header {
    pub(super) fn encode(&self) -> Vec<u8> {
        let hashes = self.frontier.hashes();
        let length = FIXED + hashes.len() * HASH;
        let mut out = Vec::with_capacity(length);
        out.extend_from_slice(MAGIC);
        out.extend_from_slice(&VERSION.to_le_bytes());
        out.extend_from_slice(&(length as u32).to_le_bytes());
        out.extend_from_slice(&[0; 4]);
        for number in [
            self.number,
            self.continues,
            self.end,
            self.created_ns,
            self.frontier.size(),
        ] {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.chain);
        out.extend_from_slice(hashes.as_flattened());
        let checksum = checksum(&[&out[..PREFIX], &out[AFTER_CHECKSUM..]]);
        out[PREFIX..AFTER_CHECKSUM].copy_from_slice(&checksum.to_le_bytes());
        out
    }

    pub(super) fn length(&self) -> u64 {
        (FIXED + self.frontier.hashes().len() * HASH) as u64
    }

    pub(super) fn start(&self) -> u64 {
        self.frontier.size()
    }

    /// The chain's head behind this header.
    pub(super) fn link(&self) -> Hash {
        let bytes = self.encode();
        super::evidence::chain::header(&bytes[..PREFIX], &bytes[AFTER_CHECKSUM..])
    }
}

// === impl Beginning ===

impl Beginning {
    /// `bytes` are the first of a segment, [`MAX_HEADER`] or as many as there are.
    pub(super) fn parse(bytes: &[u8]) -> Self {
        Self::intact(bytes).unwrap_or(Self::Damaged)
    }

    fn intact(bytes: &[u8]) -> Option<Self> {
        let rest = bytes.strip_prefix(MAGIC)?;
        let (version, rest) = rest.split_first_chunk()?;
        let (length, rest) = rest.split_first_chunk()?;
        let (stated, _) = rest.split_first_chunk()?;
        let (version, length) = (u32::from_le_bytes(*version), u32::from_le_bytes(*length));
        let body = bytes.get(AFTER_CHECKSUM..length as usize)?;
        if checksum(&[&bytes[..PREFIX], body]) != u32::from_le_bytes(*stated) {
            return None;
        }
        if version != VERSION {
            return Some(Self::Version(version));
        }
        let mut rest = body;
        let mut number = || {
            let (number, after) = rest.split_first_chunk()?;
            rest = after;
            Some(u64::from_le_bytes(*number))
        };
        let (segment, continues, end) = (number()?, number()?, number()?);
        let (created_ns, size) = (number()?, number()?);
        let (chain, hashes) = rest.split_first_chunk()?;
        Some(Self::Intact(Header {
            number: segment,
            continues,
            end,
            created_ns,
            chain: *chain,
            frontier: Frontier::from_bytes(size, hashes)?,
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::evidence::leaf;

    fn header(records: u64) -> Header {
        let mut frontier = Frontier::default();
        for n in 0..records {
            frontier.push(leaf(&[7; 32], &n.to_le_bytes()));
        }
        Header {
            number: 3,
            continues: 2,
            end: 4096,
            created_ns: 1_790_000_000_000_000_000,
            chain: [9; 32],
            frontier,
        }
    }

    #[test]
    fn a_header_is_read_as_it_was_written() {
        for records in [0, 1, 7, 256, 1023] {
            let header = header(records);
            let bytes = header.encode();
            assert_eq!(bytes.len() as u64, header.length());
            assert_eq!(Beginning::parse(&bytes), Beginning::Intact(header));
        }
    }

    #[test]
    fn every_torn_and_every_flipped_header_is_damaged() {
        let bytes = header(5).encode();
        for length in 0..bytes.len() {
            assert_eq!(Beginning::parse(&bytes[..length]), Beginning::Damaged);
        }
        for bit in 0..bytes.len() * 8 {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(Beginning::parse(&flipped), Beginning::Damaged, "bit {bit}");
        }
    }

    #[test]
    fn another_version_is_told_from_damage() {
        let mut bytes = header(5).encode();
        bytes[8] = 2;
        let sum = checksum(&[&bytes[..PREFIX], &bytes[AFTER_CHECKSUM..]]);
        bytes[PREFIX..AFTER_CHECKSUM].copy_from_slice(&sum.to_le_bytes());
        assert_eq!(Beginning::parse(&bytes), Beginning::Version(2));
    }
}
