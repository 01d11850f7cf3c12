//! Pure parsers: bytes → message → exchange. No I/O, no clock, no allocation that a peer decides.
//!
//! A protocol is fed with the two directions of a connection in stream order: bytes, stretches
//! that the kernel passed over on purpose, and holes. Times are numbers that the caller gives.

mod conversation;
mod exchange;
mod fields;
pub mod grpc;
mod head;
pub mod http1;
pub mod http2;
mod incomplete;
pub mod tls;

pub use conversation::{Conversation, side_of_first};
pub use exchange::{Exchange, Message, Reset, Stream};
pub use head::{Head, MAX_HEAD, Version};
pub use incomplete::{Incomplete, Reason};

/// Nanoseconds on a clock of the caller's choice.
pub type Nanos = u64;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Request,
    Response,
}

/// A stretch of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span<'a> {
    Bytes(&'a [u8]),
    /// There were so many bytes, and they were not copied.
    Skipped(u64),
}

/// What a connection speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Undetermined,
    Http,
    Tls,
    /// Something else.
    Foreign,
}

/// What is still needed of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Every byte.
    Bytes,
    /// Nothing for so many bytes; then a message of HTTP/1 begins, which is number `messages`.
    MessageAfter { skip: u64, messages: u32 },
    /// Nothing for so many bytes; then a frame of HTTP/2 begins. Of each frame its header, and the
    /// payload unless it is data. `stream` is the highest that the client has begun.
    FramesAfter { skip: u64, stream: u32 },
    /// Nothing more.
    Nothing,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    pub at: Nanos,
    /// When the directions ended.
    pub request_ended: Option<Nanos>,
    pub response_ended: Option<Nanos>,
    pub cause: Reason,
}

impl Span<'_> {
    fn len(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::Skipped(n) => *n,
        }
    }

    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}
