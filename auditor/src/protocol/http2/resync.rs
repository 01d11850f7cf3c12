//! Where frames begin for certain, in a direction that was joined midway.

use super::{
    block::Block,
    frame::{FrameHeader, HEADER_LENGTH, Kind},
    hpack::Decoder,
};
use crate::protocol::Side;

/// These bytes, the first of a segment, are frames up to their end or beyond, and the first of them
/// is the whole head of a request or a response: says of which. A head is one where every field can
/// be read, pseudo-header fields come first, and at least one of them is in the open. Bytes in the
/// middle of a body pass only if somebody laid them out so.
pub fn begins_block(bytes: &[u8]) -> Option<Side> {
    let (header, rest) = header(bytes)?;
    let (payload, rest) = rest.split_at_checked(header.length as usize)?;
    let is_head = header.kind == Kind::Headers && header.ends_headers();
    if !is_head || header.is_padded() || !are_frames(rest) {
        return None;
    }
    let mut block = Block::default();
    let mut decoder = Decoder::joined_midway();
    let fragment = payload.get(header.prefix_length()..)?;
    decoder
        .read(fragment, &mut |field| block.push(field))
        .ok()?;
    decoder.end().ok()?;
    match (block.status().is_some(), block.is_request()) {
        _ if block.is_malformed() => None,
        (true, false) => Some(Side::Response),
        (false, true) if !header.stream.is_multiple_of(2) => Some(Side::Request),
        _ => None,
    }
}

/// These bytes, the first of a server, are settings.
pub fn begins_settings(bytes: &[u8]) -> bool {
    header(bytes).is_some_and(|(header, _)| header.kind == Kind::Settings)
}

fn header(bytes: &[u8]) -> Option<(FrameHeader, &[u8])> {
    let (header, rest) = bytes.split_first_chunk::<HEADER_LENGTH>()?;
    let header = FrameHeader::read(*header);
    (header.is_possible() && header.kind != Kind::Other).then_some((header, rest))
}

/// Nothing but frames, the last perhaps cut.
fn are_frames(mut bytes: &[u8]) -> bool {
    while bytes.len() >= HEADER_LENGTH {
        let Some((header, rest)) = header(bytes) else {
            return false;
        };
        bytes = rest.get(header.length as usize..).unwrap_or_default();
    }
    true
}
