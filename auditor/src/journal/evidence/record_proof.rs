//! A record and the proof that it is in the journal, as a file that needs nothing but the node's
//! public key: C2SP tlog-proof (c2sp.org/tlog-proof), with the record as its extra data.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::key::PublicKey;
use super::merkle::{Hash, leaf, resource_digest};
use super::proof::InclusionProof;
use crate::redact::Sealed;

const HEADER: &str = "c2sp.org/tlog-proof@v1\n";
const EXTRA: &str = "extra ";
const INDEX: &str = "index ";
/// No tree is higher.
const MAX_PATH: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordProof {
    pub sequence: u64,
    /// The hashes beside the way from the record's leaf to the root, from the leaf upwards.
    pub path: Vec<Hash>,
    pub record: Sealed,
    /// The signed checkpoint that the proof leads to.
    pub note: String,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordProofError {
    #[error("not a proof: expected c2sp.org/tlog-proof@v1 with extra, index, hashes, checkpoint")]
    Malformed,
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    #[error("the record is not the one that was signed, or the proof is not about it")]
    Unproven,
}

// === impl RecordProof ===

impl RecordProof {
    /// The checkpoint, if this key has signed it and the record is among those that it covers.
    pub fn verified(&self, key: &PublicKey) -> Result<Checkpoint, RecordProofError> {
        let checkpoint = Checkpoint::verified(&self.note, key)?;
        let proof = InclusionProof {
            sequence: self.sequence,
            size: checkpoint.size,
            path: self.path.clone(),
        };
        let resource = resource_digest(self.record.resource());
        if proof.proves(&leaf(&resource, self.record.record()), &checkpoint.root) {
            Ok(checkpoint)
        } else {
            Err(RecordProofError::Unproven)
        }
    }

    fn parse(text: &str) -> Option<Self> {
        let (proof, note) = text.strip_prefix(HEADER)?.split_once("\n\n")?;
        let mut lines = proof.split('\n');
        let extra = lines.next()?.strip_prefix(EXTRA)?;
        let index = lines.next()?.strip_prefix(INDEX)?;
        let path =
            lines.map(|line| -> Option<Hash> { STANDARD.decode(line).ok()?.try_into().ok() });
        let path = path.collect::<Option<Vec<Hash>>>()?;
        if path.len() > MAX_PATH || !index.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        Some(Self {
            sequence: index.parse().ok()?,
            path,
            record: unpack(&STANDARD.decode(extra).ok()?)?,
            note: note.to_owned(),
        })
    }
}

impl Display for RecordProof {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let extra = STANDARD.encode(pack(&self.record));
        write!(f, "{HEADER}{EXTRA}{extra}\n{INDEX}{}\n", self.sequence)?;
        for hash in &self.path {
            writeln!(f, "{}", STANDARD.encode(hash))?;
        }
        write!(f, "\n{}", self.note)
    }
}

impl FromStr for RecordProof {
    type Err = RecordProofError;

    fn from_str(text: &str) -> Result<Self, RecordProofError> {
        Self::parse(text).ok_or(RecordProofError::Malformed)
    }
}

/// Both messages, with the length of the first before it.
fn pack(record: &Sealed) -> Vec<u8> {
    let (resource, record) = (record.resource(), record.record());
    let mut out = Vec::with_capacity(size_of::<u32>() + resource.len() + record.len());
    out.extend_from_slice(&(resource.len() as u32).to_le_bytes());
    out.extend_from_slice(resource);
    out.extend_from_slice(record);
    out
}

fn unpack(bytes: &[u8]) -> Option<Sealed> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (resource, record) = rest.split_at_checked(u32::from_le_bytes(*length) as usize)?;
    Some(Sealed::stored(Arc::from(resource), record.to_vec()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::evidence::{Frontier, HASH, Prover, Signer};

    fn record(n: u64) -> Sealed {
        Sealed::for_test(Arc::from(*b"node"), n.to_string().into_bytes())
    }

    fn leaf_of(n: u64) -> Hash {
        leaf(&resource_digest(b"node"), record(n).record())
    }

    fn proof(sequence: u64, size: u64, signer: &Signer) -> RecordProof {
        let mut frontier = Frontier::default();
        let mut prover = Prover::new(sequence, size, &Frontier::default()).unwrap();
        for n in 0..size {
            frontier.push(leaf_of(n));
            prover.push(leaf_of(n));
        }
        let checkpoint = Checkpoint {
            origin: signer.public().name().to_owned(),
            size,
            root: frontier.root(),
            chain: [0; HASH],
            time: 1_790_000_000,
        };
        RecordProof {
            sequence,
            path: prover.finish().unwrap().path,
            record: record(sequence),
            note: checkpoint.sign(signer),
        }
    }

    #[test]
    fn a_proof_is_read_as_it_was_written_and_holds() {
        let signer = Signer::generate("node/auditor").unwrap();
        for (sequence, size) in [(0, 1), (0, 2), (6, 7), (5, 21), (20, 21)] {
            let proof = proof(sequence, size, &signer);
            let read: RecordProof = proof.to_string().parse().unwrap();
            assert_eq!(read, proof);
            assert_eq!(read.verified(signer.public()).unwrap().size, size);
        }
    }

    #[test]
    fn the_form_is_that_of_c2sp() {
        let signer = Signer::generate("node/auditor").unwrap();
        let text = proof(2, 3, &signer).to_string();
        let lines: Vec<_> = text.lines().collect();
        // Its own record, then the root of the two before it.
        assert_eq!(
            lines[..3],
            ["c2sp.org/tlog-proof@v1", "extra BAAAAG5vZGUy", "index 2"]
        );
        assert_eq!(STANDARD.decode(lines[3]).unwrap().len(), HASH);
        assert_eq!(lines[4..6], ["", "node/auditor"]);
    }

    #[test]
    fn a_proof_with_a_byte_changed_proves_nothing() {
        let signer = Signer::generate("node/auditor").unwrap();
        let text = proof(5, 21, &signer).to_string();
        for at in 0..text.len() {
            let mut bytes = text.clone().into_bytes();
            bytes[at] ^= 1;
            let Ok(changed) = String::from_utf8(bytes) else {
                continue;
            };
            let read = changed.parse::<RecordProof>();
            let holds = read.is_ok_and(|proof| proof.verified(signer.public()).is_ok());
            assert!(!holds, "byte {at} of\n{text}");
        }
    }

    #[test]
    fn what_is_no_proof_is_refused() {
        let signer = Signer::generate("node/auditor").unwrap();
        let good = proof(5, 21, &signer).to_string();
        for text in [
            String::new(),
            HEADER.to_owned(),
            good.replace("extra ", "other "),
            good.replace("index 5", "index +5"),
            good.replace("index 5", "index 99999999999999999999"),
            good.replace("\n\n", "\n"),
            good.replace("extra B", "extra /"),
        ] {
            let read = text.parse::<RecordProof>();
            assert_eq!(read, Err(RecordProofError::Malformed), "{text}");
        }
    }
}
