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
/// The framing is not followed; segments are copied within bounds and the daemon decides.
pub const UNFRAMED: Phase = 10;
/// The daemon wants nothing more.
pub const STOPPED: Phase = 11;

/// The direction is followed from frame to frame.
#[inline(always)]
pub fn is_in_frames(phase: Phase) -> bool {
    (FRAME..=FRAME_SKIP).contains(&phase)
}
