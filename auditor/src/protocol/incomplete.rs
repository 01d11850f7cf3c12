//! What is missing from an exchange.

/// One reason why an exchange is not whole.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u16)]
pub enum Reason {
    /// A head was longer than is kept.
    HeadTruncated = 1 << 0,
    /// The connection is older than the auditor, or was found again after a hole.
    JoinedMidway = 1 << 1,
    /// Bytes that mattered were not seen.
    Hole = 1 << 2,
    /// No request was seen for this response.
    RequestMissing = 1 << 3,
    /// No final response was seen for this request.
    ResponseMissing = 1 << 4,
    /// The connection was reset before the exchange ended.
    ConnectionReset = 1 << 5,
    /// The connection was closed before the exchange ended.
    ConnectionClosed = 1 << 6,
    /// The request is not HTTP.
    RequestUnparsable = 1 << 7,
    /// The response is not HTTP.
    ResponseUnparsable = 1 << 8,
    /// The auditor stopped, or let go of the connection, before the exchange ended.
    Interrupted = 1 << 9,
    /// The message contradicts itself about its body (two lengths, an unknown coding, a broken
    /// chunk).
    FramingAmbiguous = 1 << 10,
    /// Fields refer to a header table that was not seen being filled (HTTP/2).
    HpackDesynced = 1 << 11,
    /// One side gave the stream up before the exchange ended (HTTP/2).
    StreamReset = 1 << 12,
    /// The server said that it would not process this request (HTTP/2).
    Goaway = 1 << 13,
}

impl Reason {
    pub const ALL: [Self; 14] = [
        Self::HeadTruncated,
        Self::JoinedMidway,
        Self::Hole,
        Self::RequestMissing,
        Self::ResponseMissing,
        Self::ConnectionReset,
        Self::ConnectionClosed,
        Self::RequestUnparsable,
        Self::ResponseUnparsable,
        Self::Interrupted,
        Self::FramingAmbiguous,
        Self::HpackDesynced,
        Self::StreamReset,
        Self::Goaway,
    ];

    /// What it means for the record, as a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::HeadTruncated => {
                "A message head was longer than 16 KiB, or ended before it was whole: later headers are absent."
            }
            Self::JoinedMidway => {
                "The connection is older than the auditor, or was found again after a gap."
            }
            Self::Hole => "Bytes that mattered were not seen.",
            Self::RequestMissing => "The response was seen, its request was not.",
            Self::ResponseMissing => "No final response was seen.",
            Self::ConnectionReset => "The connection was reset before the exchange ended.",
            Self::ConnectionClosed => "The connection was closed before the exchange ended.",
            Self::RequestUnparsable => "The request is not HTTP.",
            Self::ResponseUnparsable => "The response is not HTTP.",
            Self::Interrupted => {
                "The auditor stopped, or let go of the connection, before the exchange ended."
            }
            Self::FramingAmbiguous => {
                "The message contradicts itself about the length of its body."
            }
            Self::HpackDesynced => {
                "Header fields refer to a compression table that was filled before the auditor looked, or in a gap: those are absent (HTTP/2)."
            }
            Self::StreamReset => {
                "One side gave the stream up before the exchange ended (HTTP/2 RST_STREAM)."
            }
            Self::Goaway => {
                "The server said that it would not process this request (HTTP/2 GOAWAY)."
            }
        }
    }

    pub fn as_str(self) -> &'static str {
        match self {
            Self::HeadTruncated => "head_truncated",
            Self::JoinedMidway => "joined_midway",
            Self::Hole => "hole",
            Self::RequestMissing => "request_missing",
            Self::ResponseMissing => "response_missing",
            Self::ConnectionReset => "connection_reset",
            Self::ConnectionClosed => "connection_closed",
            Self::RequestUnparsable => "request_unparsable",
            Self::ResponseUnparsable => "response_unparsable",
            Self::Interrupted => "interrupted",
            Self::FramingAmbiguous => "framing_ambiguous",
            Self::HpackDesynced => "hpack_desynced",
            Self::StreamReset => "stream_reset",
            Self::Goaway => "goaway",
        }
    }
}

/// A set of reasons; empty for a whole exchange.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Incomplete(u16);

impl Incomplete {
    pub(super) fn only(reason: Reason) -> Self {
        Self(reason as u16)
    }

    pub fn add(&mut self, reason: Reason) {
        self.0 |= reason as u16;
    }

    pub fn merge(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub fn has(self, reason: Reason) -> bool {
        self.0 & reason as u16 != 0
    }

    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub fn iter(self) -> impl Iterator<Item = Reason> {
        Reason::ALL.into_iter().filter(move |&r| self.has(r))
    }
}
