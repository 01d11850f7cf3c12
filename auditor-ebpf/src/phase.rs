//! Where in a message a direction stands.

/// A plain number, because what comes from memory may be any number to the verifier.
pub type Phase = u8;

/// A message is expected; also the state of a new connection.
pub const START: Phase = 0;
/// Inside a message head, after its first line.
pub const HEADERS: Phase = 1;
/// `left` bytes of body follow, then a message.
pub const BODY: Phase = 2;
/// A chunk-size line is expected.
pub const CHUNK_SIZE: Phase = 3;
/// `left` bytes of chunk follow, then a chunk-size line.
pub const CHUNK_DATA: Phase = 4;
pub const TRAILERS: Phase = 5;
/// The body lasts until the peer closes.
pub const UNTIL_CLOSE: Phase = 6;
/// The header of an HTTP/2 frame is expected; this and the next two are all there is of HTTP/2.
pub const FRAME: Phase = 7;
/// `left` bytes of frame to copy follow, then `unwanted` ones.
pub const FRAME_PAYLOAD: Phase = 8;
/// `left` bytes of frame to pass over follow, then a frame.
pub const FRAME_SKIP: Phase = 9;
/// The header of a TLS record is expected; this and the next are all there is of TLS.
pub const RECORD: Phase = 10;
/// `left` bytes of record to copy follow, then a record.
pub const RECORD_PAYLOAD: Phase = 11;
/// The framing is not followed; segments are copied within bounds and the daemon decides.
pub const UNFRAMED: Phase = 12;
/// Nothing more is wanted.
pub const STOPPED: Phase = 13;

/// The direction is followed from frame to frame.
#[inline(always)]
pub fn is_in_frames(phase: Phase) -> bool {
    (FRAME..=FRAME_SKIP).contains(&phase)
}

/// The direction is followed from record to record.
#[inline(always)]
pub fn is_in_records(phase: Phase) -> bool {
    phase == RECORD || phase == RECORD_PAYLOAD
}
