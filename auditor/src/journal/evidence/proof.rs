//! That one record is in the journal, for somebody who has a checkpoint: RFC 9162, section 2.1.3.

use std::ops::Range;

use super::merkle::{Frontier, Hash, node};

/// The hashes beside the way from a record's leaf to the root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    pub sequence: u64,
    /// Size of the tree, as the checkpoint has it.
    pub size: u64,
    /// From the leaf upwards.
    pub path: Vec<Hash>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ProofError {
    #[error("record {sequence} is not among the {size} of the checkpoint")]
    Outside { sequence: u64, size: u64 },
    #[error("record {sequence} was removed by retention; the journal begins at {start}")]
    Removed { sequence: u64, start: u64 },
    #[error("the journal has only {found} records, the checkpoint {size}")]
    Short { found: u64, size: u64 },
}

// === impl InclusionProof ===

impl InclusionProof {
    /// Whether a record with this leaf is in the tree with this root.
    pub fn proves(&self, leaf: &Hash, root: &Hash) -> bool {
        if self.sequence >= self.size {
            return false;
        }
        let (mut index, mut last) = (self.sequence, self.size - 1);
        let mut hash = *leaf;
        for beside in &self.path {
            if last == 0 {
                return false;
            }
            if index & 1 == 1 || index == last {
                hash = node(beside, &hash);
                while index & 1 == 0 && index != 0 {
                    index >>= 1;
                    last >>= 1;
                }
            } else {
                hash = node(&hash, beside);
            }
            index >>= 1;
            last >>= 1;
        }
        last == 0 && hash == *root
    }
}

/// Proves a record by the leaves of the journal, which come in order. Needs memory for the path only.
#[derive(Debug)]
pub struct Prover {
    sequence: u64,
    size: u64,
    /// From the leaf upwards.
    path: Vec<Subtree>,
    /// The index of the leaf to come.
    next: u64,
}

/// A subtree beside the way, while its leaves come in.
#[derive(Debug)]
struct Subtree {
    range: Range<u64>,
    /// Of the leaves from the range's start on.
    frontier: Frontier,
}

// === impl Prover ===

impl Prover {
    /// The leaves to come are those that follow those of `start`.
    pub fn new(sequence: u64, size: u64, start: &Frontier) -> Result<Self, ProofError> {
        if sequence >= size {
            return Err(ProofError::Outside { sequence, size });
        }
        if sequence < start.size() {
            let start = start.size();
            return Err(ProofError::Removed { sequence, start });
        }
        let ranges = beside(sequence, size);
        let path = ranges.iter().map(|range| Subtree::begun(range, start));
        Ok(Self {
            sequence,
            size,
            path: path.collect(),
            next: start.size(),
        })
    }

    /// The index of the leaf to come.
    pub fn next(&self) -> u64 {
        self.next
    }

    pub fn push(&mut self, leaf: Hash) {
        let mut path = self.path.iter_mut();
        if let Some(subtree) = path.find(|subtree| subtree.range.contains(&self.next)) {
            subtree.frontier.push(leaf);
        }
        self.next += 1;
    }

    /// Adds leaves of lost records up to an index.
    pub fn push_lost(&mut self, next: u64) {
        for subtree in &mut self.path {
            let end = next.min(subtree.range.end);
            if let Some(size) = end.checked_sub(subtree.range.start) {
                subtree.frontier.push_lost(size);
            }
        }
        self.next = self.next.max(next);
    }

    pub fn finish(&self) -> Result<InclusionProof, ProofError> {
        if self.next < self.size {
            return Err(ProofError::Short {
                found: self.next,
                size: self.size,
            });
        }
        Ok(InclusionProof {
            sequence: self.sequence,
            size: self.size,
            path: self
                .path
                .iter()
                .map(|subtree| subtree.frontier.root())
                .collect(),
        })
    }
}

// === impl Subtree ===

impl Subtree {
    /// With the part that lies before the journal's start. A subtree beside the way to a later
    /// leaf begins where one of the start's perfect subtrees does.
    fn begun(range: &Range<u64>, start: &Frontier) -> Self {
        let mut frontier = Frontier::default();
        let mut at = 0;
        for hash in start.hashes() {
            let level = (start.size() - at).ilog2();
            if range.contains(&at) {
                frontier.push_subtree(level, *hash);
            }
            at += 1 << level;
        }
        Self {
            range: range.clone(),
            frontier,
        }
    }
}

/// The ranges of leaves beside the way from a leaf to the root, from the leaf upwards.
fn beside(sequence: u64, size: u64) -> Vec<Range<u64>> {
    let (mut begin, mut end) = (0, size);
    let mut ranges = Vec::new();
    while end - begin > 1 {
        // The left part of a tree is the largest perfect subtree that is not all of it.
        let split = begin + (1 << (end - begin - 1).ilog2());
        if sequence < split {
            ranges.push(split..end);
            end = split;
        } else {
            ranges.push(begin..split);
            begin = split;
        }
    }
    ranges.reverse();
    ranges
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::evidence::merkle::{hash, lost_leaf};

    fn leaf_of(n: u64) -> Hash {
        hash(&[&[0], &n.to_le_bytes()])
    }

    fn prove(
        sequence: u64,
        size: u64,
        start: &Frontier,
        leaves: impl IntoIterator<Item = Hash>,
    ) -> Result<InclusionProof, ProofError> {
        let mut prover = Prover::new(sequence, size, start)?;
        leaves.into_iter().for_each(|leaf| prover.push(leaf));
        prover.finish()
    }

    fn frontier(size: u64) -> Frontier {
        let mut frontier = Frontier::default();
        (0..size).for_each(|n| frontier.push(leaf_of(n)));
        frontier
    }

    #[test]
    fn every_record_of_every_journal_is_proven_whatever_retention_removed() {
        for size in 1..34 {
            let root = frontier(size).root();
            for start in 0..size {
                let start = frontier(start);
                for sequence in start.size()..size {
                    let leaves = (start.size()..size).map(leaf_of);
                    let proof = prove(sequence, size, &start, leaves).unwrap();
                    assert!(proof.proves(&leaf_of(sequence), &root));
                    assert!(!proof.proves(&leaf_of(sequence + 1), &root));
                    assert!(!proof.proves(&leaf_of(sequence), &[0; 32]));
                }
            }
        }
    }

    #[test]
    fn lost_records_are_leaves_too() {
        for size in 2..20 {
            for lost in 0..size - 1 {
                for end in lost + 1..size {
                    let mut all = frontier(lost);
                    all.push_lost(end);
                    (end..size).for_each(|n| all.push(leaf_of(n)));
                    let start = Frontier::default();
                    let mut prover = Prover::new(size - 1, size, &start).unwrap();
                    (0..lost).for_each(|n| prover.push(leaf_of(n)));
                    prover.push_lost(end);
                    assert_eq!(prover.next(), end);
                    (end..size + 3).for_each(|n| prover.push(leaf_of(n)));
                    let proof = prover.finish().unwrap();
                    let leaf = if end == size {
                        lost_leaf()
                    } else {
                        leaf_of(size - 1)
                    };
                    assert!(proof.proves(&leaf, &all.root()), "{lost}..{end} of {size}");
                }
            }
        }
    }

    #[test]
    fn a_path_of_another_length_or_place_proves_nothing() {
        let root = frontier(21).root();
        let proof = prove(5, 21, &Frontier::default(), (0..21).map(leaf_of)).unwrap();
        for change in [
            InclusionProof {
                sequence: 4,
                ..proof.clone()
            },
            InclusionProof {
                size: 5,
                ..proof.clone()
            },
            InclusionProof {
                path: proof.path[1..].to_vec(),
                ..proof.clone()
            },
            InclusionProof {
                path: [&proof.path[..], &[root]].concat(),
                ..proof.clone()
            },
        ] {
            assert!(!change.proves(&leaf_of(5), &root));
        }
    }

    #[test]
    fn what_cannot_be_proven_says_why() {
        let leaves = || (0..9).map(leaf_of);
        let none = Frontier::default();
        assert_eq!(
            prove(9, 9, &none, leaves()),
            Err(ProofError::Outside {
                sequence: 9,
                size: 9
            })
        );
        assert_eq!(
            prove(2, 9, &frontier(4), leaves()),
            Err(ProofError::Removed {
                sequence: 2,
                start: 4
            })
        );
        assert_eq!(
            prove(2, 12, &none, leaves()),
            Err(ProofError::Short { found: 9, size: 12 })
        );
    }
}
