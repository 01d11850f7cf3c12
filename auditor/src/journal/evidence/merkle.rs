//! The Merkle tree of RFC 9162, section 2.1, kept without its leaves.

use ring::digest::{Context, SHA256};

/// Bytes of a hash.
pub const HASH: usize = 32;
/// SHA-256.
pub type Hash = [u8; HASH];

/// The roots of the perfect subtrees that a tree consists of, largest first: one for each one bit
/// in its size. The root and any growth of the tree follow from them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Frontier {
    size: u64,
    hashes: Vec<Hash>,
}

// === impl Frontier ===

impl Frontier {
    /// `None` if these are not as many hashes as the size needs.
    pub fn from_bytes(size: u64, bytes: &[u8]) -> Option<Self> {
        let (hashes, rest) = bytes.as_chunks();
        let needed = size.count_ones() as usize;
        (rest.is_empty() && hashes.len() == needed).then(|| Self {
            size,
            hashes: hashes.to_vec(),
        })
    }

    /// The number of leaves.
    pub fn size(&self) -> u64 {
        self.size
    }

    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    pub fn push(&mut self, leaf: Hash) {
        self.push_subtree(0, leaf);
    }

    /// Adds leaves of lost records up to a size.
    pub fn push_lost(&mut self, size: u64) {
        while self.size < size {
            // The largest perfect subtree that fits here.
            let level = self.size.trailing_zeros().min((size - self.size).ilog2());
            let mut hash = lost_leaf();
            for _ in 0..level {
                hash = node(&hash, &hash);
            }
            self.push_subtree(level, hash);
        }
    }

    pub fn root(&self) -> Hash {
        let mut smallest_first = self.hashes.iter().rev();
        let Some(last) = smallest_first.next() else {
            return hash(&[]);
        };
        smallest_first.fold(*last, |right, left| node(left, &right))
    }

    /// Adds a perfect subtree of 2^level leaves; the size is a multiple of that.
    pub(super) fn push_subtree(&mut self, level: u32, mut subtree: Hash) {
        let mut bit = level;
        while self.size >> bit & 1 == 1 {
            let left = self.hashes.pop().expect("there is a hash for each one bit");
            subtree = node(&left, &subtree);
            bit += 1;
        }
        self.hashes.push(subtree);
        self.size += 1 << level;
    }
}

/// The leaf of a record, whose resource has this digest.
pub fn leaf(resource: &Hash, record: &[u8]) -> Hash {
    hash(&[&[0], resource, record])
}

/// The leaf of a record that was lost in a crash: one of no data.
pub fn lost_leaf() -> Hash {
    hash(&[&[0]])
}

pub fn resource_digest(resource: &[u8]) -> Hash {
    hash(&[resource])
}

pub(super) fn node(left: &Hash, right: &Hash) -> Hash {
    hash(&[&[1], left, right])
}

pub(super) fn hash(parts: &[&[u8]]) -> Hash {
    let mut context = Context::new(&SHA256);
    for part in parts {
        context.update(part);
    }
    let mut hash = [0; HASH];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leaves of the known answers in Google's certificate-transparency.
    const LEAVES: [&[u8]; 8] = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        b"\x50\x51\x52\x53\x54\x55\x56\x57",
        b"\x60\x61\x62\x63\x64\x65\x66\x67\x68\x69\x6a\x6b\x6c\x6d\x6e\x6f",
    ];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn hash_of(hex: &str) -> Hash {
        let digits = hex.as_bytes().chunks(2);
        let byte = |digits| u8::from_str_radix(std::str::from_utf8(digits).unwrap(), 16).unwrap();
        let bytes: Vec<_> = digits.map(byte).collect();
        bytes.try_into().unwrap()
    }

    #[test]
    fn roots_are_those_that_certificate_transparency_knows() {
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root(), hash_of(ROOTS[0]));
        for (data, root) in LEAVES.iter().zip(&ROOTS[1..]) {
            frontier.push(hash(&[&[0], data]));
            assert_eq!(frontier.root(), hash_of(root), "{} leaves", frontier.size());
        }
    }

    #[test]
    fn lost_leaves_in_one_step_are_those_one_by_one() {
        for size in 0..40 {
            for lost in 0..40 {
                let mut at_once = Frontier::default();
                (0..size).for_each(|n: u8| at_once.push(hash(&[&[n]])));
                let mut one_by_one = at_once.clone();
                at_once.push_lost(u64::from(size) + lost);
                (0..lost).for_each(|_| one_by_one.push(lost_leaf()));
                assert_eq!(at_once, one_by_one);
            }
        }
    }

    #[test]
    fn a_frontier_is_only_read_with_as_many_hashes_as_it_needs() {
        assert!(Frontier::from_bytes(5, &[0; 64]).is_some());
        for length in [0, 32, 63, 65, 96] {
            assert!(Frontier::from_bytes(5, &vec![0; length]).is_none());
        }
    }
}
