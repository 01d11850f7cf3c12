//! What proves that nothing was changed: a hash chain over frames, a Merkle tree over records,
//! and signed checkpoints of both.
//!
//! Chain and tree are computed from what is in the segments. Only checkpoints are signed, and only
//! those that left the node bind whoever has the key.

pub(super) mod chain;
mod checkpoint;
mod key;
mod merkle;
mod note;
mod proof;
mod record_proof;
mod report;
mod verify;

pub use checkpoint::{Checkpoint, CheckpointError};
pub use key::{KeyError, PublicKey, Signer};
pub use merkle::{Frontier, HASH, Hash, leaf, lost_leaf, resource_digest};
pub use note::{Note, NoteError};
pub use proof::{InclusionProof, ProofError, Prover};
pub use record_proof::{RecordProof, RecordProofError};
pub use report::{Finding, Problem, Report};
pub use verify::{Trust, verify};
