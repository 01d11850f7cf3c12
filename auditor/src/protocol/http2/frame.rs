//! The nine bytes before every frame (RFC 9113, sections 4.1 and 6).

/// What a client sends first (RFC 9113, section 3.4).
pub const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Bytes of a frame header.
pub(super) const HEADER_LENGTH: usize = 9;

/// Stream ids have 31 bits; the one before them is reserved.
pub(super) const MAX_STREAM: u32 = u32::MAX >> 1;

const END_STREAM: u8 = 0x1;
const END_HEADERS: u8 = 0x4;
const PADDED: u8 = 0x8;
const PRIORITY: u8 = 0x20;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Data,
    Headers,
    Priority,
    RstStream,
    Settings,
    PushPromise,
    Ping,
    Goaway,
    WindowUpdate,
    Continuation,
    /// Of an extension; recipients pass over it.
    Other,
}

/// What is said about a frame before its payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct FrameHeader {
    pub(super) length: u32,
    pub(super) kind: Kind,
    flags: u8,
    /// 0 for the connection as such.
    pub(super) stream: u32,
}

impl Kind {
    fn of(byte: u8) -> Self {
        match byte {
            0 => Self::Data,
            1 => Self::Headers,
            2 => Self::Priority,
            3 => Self::RstStream,
            4 => Self::Settings,
            5 => Self::PushPromise,
            6 => Self::Ping,
            7 => Self::Goaway,
            8 => Self::WindowUpdate,
            9 => Self::Continuation,
            _ => Self::Other,
        }
    }
}

impl FrameHeader {
    pub(super) fn read(bytes: [u8; HEADER_LENGTH]) -> Self {
        let [a, b, c, kind, flags, stream @ ..] = bytes;
        Self {
            length: u32::from_be_bytes([0, a, b, c]),
            kind: Kind::of(kind),
            flags,
            stream: u32::from_be_bytes(stream) & MAX_STREAM,
        }
    }

    /// Some recipient may read on: the length and the stream are such as the kind may have.
    /// Everything else is an error of the connection.
    pub(super) fn is_possible(&self) -> bool {
        let length = match self.kind {
            Kind::Data | Kind::Headers | Kind::PushPromise | Kind::Continuation | Kind::Other => {
                self.length as usize >= self.prefix_length()
            }
            // A wrong length is an error of the stream only.
            Kind::Priority => true,
            Kind::RstStream | Kind::WindowUpdate => self.length == 4,
            Kind::Settings => self.length.is_multiple_of(6),
            Kind::Ping => self.length == 8,
            Kind::Goaway => self.length >= 8,
        };
        let stream = match self.kind {
            Kind::Settings | Kind::Ping | Kind::Goaway => self.stream == 0,
            Kind::WindowUpdate | Kind::Other => true,
            _ => self.stream != 0,
        };
        length && stream
    }

    /// Nothing of the stream follows from this side, once the header block is over.
    pub(super) fn ends_stream(&self) -> bool {
        matches!(self.kind, Kind::Data | Kind::Headers) && self.flags & END_STREAM != 0
    }

    /// The frame is or continues a header block.
    pub(super) fn is_block(&self) -> bool {
        matches!(
            self.kind,
            Kind::Headers | Kind::PushPromise | Kind::Continuation
        )
    }

    /// The header block ends with this frame.
    pub(super) fn ends_headers(&self) -> bool {
        self.is_block() && self.flags & END_HEADERS != 0
    }

    /// The first byte of the payload says how many of its last are padding.
    pub(super) fn is_padded(&self) -> bool {
        matches!(self.kind, Kind::Data | Kind::Headers | Kind::PushPromise)
            && self.flags & PADDED != 0
    }

    /// Bytes before what the frame carries: length of the padding, priority, promised stream.
    pub(super) fn prefix_length(&self) -> usize {
        let own = match self.kind {
            Kind::Headers if self.flags & PRIORITY != 0 => 5,
            Kind::PushPromise => 4,
            _ => 0,
        };
        usize::from(self.is_padded()) + own
    }
}
