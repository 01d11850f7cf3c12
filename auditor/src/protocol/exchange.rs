//! A request and its response.

use super::{Head, Incomplete, Nanos, Side};

/// One message of an exchange, as far as it was seen.
#[derive(Clone, Debug)]
pub struct Message {
    /// Absent if the bytes were no head, or were not seen.
    pub head: Option<Head>,
    /// Fields behind the body; only those of HTTP/2 are kept.
    pub trailers: Option<Head>,
    /// When its first byte was seen.
    pub began: Nanos,
    /// When its last byte was seen.
    pub ended: Option<Nanos>,
    /// Body bytes, without chunk framing or padding.
    pub body: u64,
    /// What was seen does not say whether `body` counts all of them, or nothing else.
    pub uncounted: bool,
    /// All bytes, with head and framing.
    pub wire: u64,
    /// How many gRPC messages the body holds, where all of their beginnings were seen.
    pub grpc_messages: Option<u32>,
}

/// A request and its final response, as far as they were seen.
#[derive(Clone, Debug)]
pub struct Exchange {
    pub request: Option<Message>,
    pub response: Option<Message>,
    /// When it was over.
    pub ended: Nanos,
    pub incomplete: Incomplete,
    /// The connection was handed to another protocol (CONNECT, Upgrade): sizes count that too.
    pub tunnel: bool,
    /// The stream that it had to itself, in HTTP/2.
    pub stream: Option<Stream>,
}

/// A stream of HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stream {
    pub id: u32,
    /// The server made the request itself (PUSH_PROMISE): the client sent none.
    pub pushed: bool,
    pub reset: Option<Reset>,
}

/// A stream was given up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reset {
    /// Whose direction the RST_STREAM was in.
    pub by: Side,
    /// Error code of RFC 9113, section 7, if it was seen.
    pub code: Option<u32>,
}

impl Message {
    /// A message of which the first `wire` bytes were seen.
    pub(super) fn begun(head: Option<Head>, began: Nanos, wire: u64) -> Self {
        Self {
            head,
            trailers: None,
            began,
            ended: None,
            body: 0,
            uncounted: false,
            wire,
            grpc_messages: None,
        }
    }
}

impl Exchange {
    /// When it began.
    pub fn began(&self) -> Nanos {
        let first = self.request.as_ref().or(self.response.as_ref());
        first.map_or(self.ended, |message| message.began)
    }

    /// From the first byte of the request to the first of the response.
    pub fn time_to_first_byte(&self) -> Option<Nanos> {
        let request = self.request.as_ref()?.began;
        let response = self.response.as_ref()?.began;
        Some(response.saturating_sub(request))
    }
}
