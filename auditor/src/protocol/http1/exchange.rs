//! A request and its response.

use super::{Head, Incomplete};
use crate::protocol::Nanos;

/// One message of an exchange, as far as it was seen.
#[derive(Clone, Debug)]
pub struct Message {
    /// Absent if the bytes were no head.
    pub head: Option<Head>,
    /// When its first byte was seen.
    pub began: Nanos,
    /// When its last byte was seen.
    pub ended: Option<Nanos>,
    /// Body bytes, without chunk framing.
    pub body: u64,
    /// All bytes, with head and framing.
    pub wire: u64,
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
}

impl Message {
    /// A message of which the first `wire` bytes were seen.
    pub(super) fn begun(head: Option<Head>, began: Nanos, wire: u64) -> Self {
        Self {
            head,
            began,
            ended: None,
            body: 0,
            wire,
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
