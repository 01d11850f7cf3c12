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
/// The framing is not followed; segments are copied within bounds and the daemon decides.
pub const UNFRAMED: Phase = 7;
/// The daemon wants nothing more.
pub const STOPPED: Phase = 8;
