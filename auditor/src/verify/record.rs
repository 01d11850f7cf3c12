//! Proves that one record is in the journal, for somebody who will not see the rest of it.

use std::ops::ControlFlow;

use memchr::memmem::Finder;

use super::{VerifyError, given, key, text};
use crate::config::VerifyArgs;
use crate::journal::evidence::{
    Checkpoint, Frontier, Hash, ProofError, Prover, PublicKey, RecordProof, RecordProofError,
};
use crate::journal::{Directory, JournalError, Stored, Stretch, stretches};
use crate::record::attribute;
use crate::redact::Sealed;

/// Why there is no proof.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    #[error("no such record in the journal")]
    Unknown,
    #[error("no checkpoint covers it yet: one is made every minute and when the daemon stops")]
    Uncovered,
    #[error("the headers of the segments up to it are damaged: `auditor verify` says more")]
    Headless,
    #[error("{0}: `auditor verify` says more")]
    Proof(#[from] ProofError),
    #[error("{0}: `auditor verify` says more")]
    Unproven(#[from] RecordProofError),
    #[error(transparent)]
    Journal(#[from] JournalError),
}

/// A record in its place.
struct Found {
    sequence: u64,
    record: Sealed,
    /// Index of its segment.
    stretch: usize,
}

/// The proof, as a text for `--proof`. Reads the journal up to the record, and from the beginning of
/// its segment up to the checkpoint.
pub fn prove(args: &VerifyArgs, id: &str) -> Result<String, VerifyError> {
    let directory = Directory::visit(&args.journal_dir);
    let key = key(args, &directory)?;
    let notes = given(args)?;
    let proof = proof(&directory, &key, &notes, id).map_err(|source| VerifyError::Record {
        id: id.to_owned(),
        source,
    })?;
    Ok(proof.to_string())
}

fn proof(
    directory: &Directory,
    key: &PublicKey,
    given: &[String],
    id: &str,
) -> Result<RecordProof, RecordError> {
    let stretches = stretches(directory)?;
    let found = find(directory, &stretches, id)?.ok_or(RecordError::Unknown)?;
    let covers = |note: &str| {
        let checkpoint = Checkpoint::verified(note, key).ok()?;
        (checkpoint.size > found.sequence).then_some(checkpoint.size)
    };
    for note in given {
        Checkpoint::verified(note, key).map_err(RecordProofError::from)?;
    }
    let smallest = given.iter().filter_map(|note| Some((covers(note)?, note)));
    let smallest = smallest.min_by_key(|(size, _)| *size);
    let (size, note) = match smallest {
        Some((size, note)) => (size, note.clone()),
        None => following(directory, &stretches[found.stretch..], covers)?
            .ok_or(RecordError::Uncovered)?,
    };
    let proof = RecordProof {
        sequence: found.sequence,
        path: path(directory, &stretches, &found, size)?,
        record: found.record,
        note,
    };
    proof.verified(key)?;
    Ok(proof)
}

fn find(
    directory: &Directory,
    stretches: &[Stretch],
    id: &str,
) -> Result<Option<Found>, JournalError> {
    // Most records need not be parsed.
    let words = Finder::new(id);
    first(directory, stretches, |stretch, stored| {
        words.find(stored.record)?;
        (text(stored, attribute::RECORD_ID)? == id).then(|| Found {
            sequence: stored.sequence,
            record: stored.sealed(),
            stretch,
        })
    })
}

/// The first checkpoint that covers the record, of those that are records themselves: they left
/// the node.
fn following(
    directory: &Directory,
    stretches: &[Stretch],
    covers: impl Fn(&str) -> Option<u64>,
) -> Result<Option<(u64, String)>, JournalError> {
    let words = Finder::new(attribute::CHECKPOINT_NOTE);
    first(directory, stretches, |_, stored| {
        words.find(stored.record)?;
        let note = text(stored, attribute::CHECKPOINT_NOTE)?;
        Some((covers(note)?, note.to_owned()))
    })
}

/// The first thing that is seen in a record of these segments; `see` is given the index of the
/// segment too.
fn first<T>(
    directory: &Directory,
    stretches: &[Stretch],
    mut see: impl FnMut(usize, &Stored<'_>) -> Option<T>,
) -> Result<Option<T>, JournalError> {
    for (index, stretch) in stretches.iter().enumerate() {
        let mut found = None;
        stretch.read(directory, |stored| {
            found = see(index, &stored);
            match found {
                Some(_) => ControlFlow::Break(()),
                None => ControlFlow::Continue(()),
            }
        })?;
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}

/// The hashes beside the way from the record to the root of the tree of `size` records.
fn path(
    directory: &Directory,
    stretches: &[Stretch],
    found: &Found,
    size: u64,
) -> Result<Vec<Hash>, RecordError> {
    let begins = |(index, stretch): (usize, &_)| Some((index, Stretch::frontier(stretch)?.clone()));
    let before = stretches[..=found.stretch].iter().enumerate().rev();
    let start = before.map(begins).find_map(|start| start);
    let (first, start): (usize, Frontier) = start.ok_or(RecordError::Headless)?;
    let mut prover = Prover::new(found.sequence, size, &start)?;
    for stretch in &stretches[first..] {
        if prover.next() >= size {
            break;
        }
        stretch.read(directory, |stored| {
            // Records that are not there have a leaf in the tree too.
            prover.push_lost(stored.sequence);
            if stored.sequence == prover.next() {
                prover.push(stored.leaf());
            }
            if prover.next() < size {
                ControlFlow::Continue(())
            } else {
                ControlFlow::Break(())
            }
        })?;
    }
    Ok(prover.finish()?.path)
}

#[cfg(test)]
mod tests;
