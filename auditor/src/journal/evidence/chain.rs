//! The hash chain: one link for every header and every frame.

use super::merkle::{Hash, hash};

/// The chain begins anew in a header, which holds the head it had before.
pub(in crate::journal) fn header(before_checksum: &[u8], after_checksum: &[u8]) -> Hash {
    hash(&[&[4], before_checksum, after_checksum])
}

/// `offset` is where the frame stands in its segment, so that nothing can be put before it, `head`
/// the bytes that its checksum covers before the payload; `digest` stands for the payload.
pub(in crate::journal) fn frame(chain: &Hash, offset: u64, head: &[u8], digest: &Hash) -> Hash {
    hash(&[&[2], chain, &offset.to_le_bytes(), head, digest])
}

/// What a checkpoint states of the chain: its head, and that nothing is between there and the
/// checkpoint's own place.
pub(in crate::journal) fn stated(chain: &Hash, offset: u64) -> Hash {
    hash(&[&[5], chain, &offset.to_le_bytes()])
}

/// Stands for the payload of what is not a record, whose leaf does.
pub(in crate::journal) fn digest(payload: &[&[u8]; 2]) -> Hash {
    hash(&[&[3], payload[0], payload[1]])
}
