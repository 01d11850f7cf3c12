//! What the kernel programs remember of a connection.

use auditor_common::Tuple;

use crate::lock::Lock;
use crate::phase::Phase;

/// Bytes of a line that are looked at together.
pub const WINDOW: usize = 64;

/// Value of the connection storage. Zeroed by the kernel when it is made.
#[repr(C)]
pub struct Connection {
    /// By `Direction`.
    pub flows: [Flow; 2],
    /// Addresses of a connection older than the programs; the others' are read at the close.
    pub tuple: Tuple,
    pub opened_ns: u64,
    pub cgroup_id: u64,
    /// Which of the last 64 requests were HEAD: bit `n % 64` for message number `n`.
    pub heads: u64,
    /// Version of the scope that `left_out` was looked up in; 0 for none.
    pub scope_version: u32,
    /// A `Role`.
    pub role: u8,
    /// An `Open` event went out.
    pub announced: u8,
    /// A connection of the auditor itself: not looked at.
    pub own: u8,
    /// A CONNECT request was seen: responses cannot be framed from their heads alone.
    pub unusual: u8,
    /// Its process let go of it and its end was told: not looked at any more.
    pub released: u8,
    /// There is no socket yet: see [`early`](crate::early), which tells of it and counts it.
    pub early: u8,
    /// Nothing of its workload is in scope.
    pub left_out: u8,
    pub reserved: [u8; 5],
}

/// One direction.
#[repr(C)]
pub struct Flow {
    /// The line, frame header or record header being read; twice the window, so that a load at any
    /// fill level stays inside.
    pub line: [u8; 2 * WINDOW],
    /// Bytes of the body, frame or record still to pass over or to copy.
    pub left: u64,
    /// Bytes passed over since the last event.
    pub skipped: u64,
    /// Distinct payload bytes.
    pub bytes: u64,
    pub content_length: u64,
    pub event_ns: u64,
    pub ended_ns: u64,
    pub cursor: Cursor,
    /// Slot through which a computed index is made opaque to the verifier.
    pub index: u64,
    /// Held by the CPU that follows the flow.
    pub lock: Lock,
    /// Sequence number after the last byte seen.
    pub next: u32,
    /// Bytes of the message head, header block or TLS handshake so far.
    pub head_bytes: u32,
    pub allowance: u32,
    pub lost: u32,
    /// Version of the last directive acted upon.
    pub directive: u32,
    pub status: u32,
    /// Messages begun, interim responses not counted; of HTTP/2 the highest stream a client began.
    pub messages: u32,
    /// Payload of the frame behind `left`, to be passed over.
    pub unwanted: u32,
    pub phase: Phase,
    pub line_length: u8,
    /// The line is longer than the window: only its tail is held.
    pub long_line: u8,
    pub framing: u8,
    /// FIN or RST bits of the TCP flags seen.
    pub ended_by: u8,
    /// The response answers a HEAD: whatever its head says, no body follows.
    pub bodiless: u8,
    /// It is HTTP/2: the framing, where it is not followed, is that of frames.
    pub frames: u8,
    /// It was left out until now: what lies between was not seen.
    pub rejoined: u8,
}

/// Where a walk through the current segment stands, as offsets into the packet.
///
/// It lives here and not on the stack because the verifier follows every number on the stack to
/// the end of the program, and takes what comes from a map for what it is: any number.
#[repr(C)]
pub struct Cursor {
    /// Next byte to look at.
    pub offset: u32,
    pub end: u32,
    /// First byte to copy, or `u32::MAX`.
    pub from: u32,
    /// Sequence number of packet offset 0, whatever stands there.
    pub base: u32,
    /// Message starts since `from`.
    pub starts: u32,
    /// Messages begun before `from`.
    pub messages: u32,
    pub flags: u16,
    pub direction: u8,
    pub request: u8,
    pub reserved: u32,
}

/// Bits of `Flow::framing`: what the head said about the body.
pub mod framing {
    pub const CONTENT_LENGTH: u8 = 1;
    pub const CHUNKED: u8 = 2;
}
