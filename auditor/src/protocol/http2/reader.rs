//! One direction: spans → frames and what they carry.

use super::frame::{FrameHeader, HEADER_LENGTH, Kind, MAX_STREAM, PREFACE};
use crate::protocol::Span;

/// What a direction yields.
#[derive(Debug)]
pub(super) enum Item<'a> {
    /// A frame begins; `promised` is the stream that a PUSH_PROMISE opens, `None` if that was not
    /// seen.
    Frame {
        header: FrameHeader,
        promised: Option<u32>,
    },
    /// Bytes that the frame carries, without padding.
    Carried(&'a [u8]),
    /// So many bytes that were not copied. They are padding too where `padded`.
    Unseen { bytes: u64, padded: bool },
    /// The frame is over.
    End,
    /// Framing bytes were not seen; the direction is lost.
    Lost,
    /// No recipient could read on; the direction is lost.
    Malformed,
    /// These bytes are no preface; the direction is lost.
    Foreign,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In the preface of a client.
    Preface,
    /// In or before a frame header.
    Header,
    /// In the bytes before what the frame carries.
    Prefix(FrameHeader),
    /// So many bytes that the frame carries, and so many of padding behind them.
    Carried { left: u64, padding: u64 },
    /// Like `Carried`, where nothing says what is padding.
    Either(u64),
    /// Until a frame start is certain.
    Lost,
}

/// Some of the bytes were not copied.
#[derive(Clone, Copy, Debug)]
struct Unseen;

/// Reads one direction.
#[derive(Debug)]
pub(super) struct Reader {
    state: State,
    /// Framing bytes of an item that is not whole yet.
    buffer: [u8; PREFACE.len()],
    buffered: usize,
    /// All bytes of the direction so far.
    position: u64,
}

impl Reader {
    /// A direction that begins with a frame.
    pub(super) fn new() -> Self {
        Self {
            state: State::Header,
            buffer: [0; PREFACE.len()],
            buffered: 0,
            position: 0,
        }
    }

    /// The direction of a client, which has a preface before the first frame.
    pub(super) fn with_preface() -> Self {
        Self {
            state: State::Preface,
            ..Self::new()
        }
    }

    pub(super) fn is_lost(&self) -> bool {
        self.state == State::Lost
    }

    /// The next byte begins a frame.
    pub(super) fn is_at_start(&self) -> bool {
        self.state == State::Header && self.buffered == 0
    }

    /// Where the next frame begins, counted from here; `None` if that is not known, or if bytes
    /// before it still matter.
    pub(super) fn until_frame(&self) -> Option<u64> {
        match self.state {
            State::Header if self.buffered == 0 => Some(0),
            State::Carried { left, padding } => Some(left.saturating_add(padding)),
            State::Either(left) => Some(left),
            _ => None,
        }
    }

    /// Bytes that are left of a frame that has begun, whether they matter or not.
    pub(super) fn rest_of_frame(&self) -> u64 {
        match self.state {
            State::Prefix(header) => u64::from(header.length) - self.buffered as u64,
            _ => self.until_frame().unwrap_or(0),
        }
    }

    /// All bytes of the direction so far.
    pub(super) fn position(&self) -> u64 {
        self.position
    }

    /// A frame begins here for certain.
    pub(super) fn resynchronize(&mut self) {
        self.state = State::Header;
        self.buffered = 0;
    }

    /// Nothing is read until a frame start is certain.
    pub(super) fn set_lost(&mut self) {
        self.state = State::Lost;
        self.buffered = 0;
    }

    /// Reads on; `None` when `span` is used up.
    pub(super) fn read<'a>(&mut self, span: &mut Span<'a>) -> Option<Item<'a>> {
        loop {
            match self.state {
                State::Carried {
                    left: 0,
                    padding: 0,
                }
                | State::Either(0) => {
                    self.state = State::Header;
                    return Some(Item::End);
                }
                _ if span.is_empty() => return None,
                State::Preface => match self.gather::<{ PREFACE.len() }>(span)? {
                    Ok(bytes) if bytes == *PREFACE => self.state = State::Header,
                    Ok(_) => return Some(self.lose(Item::Foreign)),
                    Err(Unseen) => return Some(self.lose(Item::Lost)),
                },
                // What is passed over where a frame begins is whole frames.
                State::Header if self.buffered == 0 && matches!(span, Span::Skipped(_)) => {
                    self.take_up_to(span, u64::MAX);
                }
                State::Header => {
                    let Ok(bytes) = self.gather::<HEADER_LENGTH>(span)? else {
                        return Some(self.lose(Item::Lost));
                    };
                    let header = FrameHeader::read(bytes);
                    if !header.is_possible() {
                        return Some(self.lose(Item::Malformed));
                    }
                    if header.prefix_length() == 0 {
                        return Some(self.begin(header));
                    }
                    self.state = State::Prefix(header);
                }
                State::Prefix(header) => return self.read_prefix(header, span),
                State::Carried { left: 0, padding } => {
                    let padding = padding - self.take_up_to(span, padding).len();
                    self.state = State::Carried { left: 0, padding };
                }
                State::Carried { left, padding } => {
                    let part = self.take_up_to(span, left);
                    let left = left - part.len();
                    self.state = State::Carried { left, padding };
                    return Some(match part {
                        Span::Bytes(bytes) => Item::Carried(bytes),
                        Span::Skipped(bytes) => Item::Unseen {
                            bytes,
                            padded: false,
                        },
                    });
                }
                State::Either(left) => {
                    let bytes = self.take_up_to(span, left).len();
                    self.state = State::Either(left - bytes);
                    let padded = true;
                    return Some(Item::Unseen { bytes, padded });
                }
                State::Lost => {
                    self.take_up_to(span, u64::MAX);
                }
            }
        }
    }

    /// The bytes that the flags announce: length of the padding, priority, promised stream.
    fn read_prefix<'a>(&mut self, header: FrameHeader, span: &mut Span<'a>) -> Option<Item<'a>> {
        let length = header.prefix_length();
        if !self.buffer_up_to(length, span) {
            // The length of the frame is known all the same.
            let left = u64::from(header.length) - self.buffered as u64;
            self.buffered = 0;
            self.state = State::Either(left);
            return Some(Item::Frame {
                header,
                promised: None,
            });
        }
        if self.buffered < length {
            return None;
        }
        self.buffered = 0;
        let (padding, own) = match &self.buffer[..length] {
            [padding, own @ ..] if header.is_padded() => (u64::from(*padding), own),
            own => (0, own),
        };
        let left = u64::from(header.length) - length as u64;
        let Some(left) = left.checked_sub(padding) else {
            return Some(self.lose(Item::Malformed));
        };
        let promised = own
            .first_chunk()
            .filter(|_| header.kind == Kind::PushPromise);
        let promised = promised.map(|id| u32::from_be_bytes(*id) & MAX_STREAM);
        self.state = State::Carried { left, padding };
        Some(Item::Frame { header, promised })
    }

    fn begin<'a>(&mut self, header: FrameHeader) -> Item<'a> {
        self.state = State::Carried {
            left: u64::from(header.length),
            padding: 0,
        };
        Item::Frame {
            header,
            promised: None,
        }
    }

    /// The next `N` bytes; `None` if they are not all there yet.
    fn gather<const N: usize>(&mut self, span: &mut Span<'_>) -> Option<Result<[u8; N], Unseen>> {
        if !self.buffer_up_to(N, span) {
            return Some(Err(Unseen));
        }
        if self.buffered < N {
            return None;
        }
        self.buffered = 0;
        self.buffer.first_chunk().copied().map(Ok)
    }

    /// Fills the buffer up to `length` bytes as far as the span goes; false if its bytes were not
    /// copied.
    fn buffer_up_to(&mut self, length: usize, span: &mut Span<'_>) -> bool {
        let missing = (length - self.buffered) as u64;
        let Span::Bytes(_) = span else {
            return false;
        };
        if let Span::Bytes(bytes) = self.take_up_to(span, missing) {
            self.buffer[self.buffered..][..bytes.len()].copy_from_slice(bytes);
            self.buffered += bytes.len();
        }
        true
    }

    fn lose<'a>(&mut self, item: Item<'a>) -> Item<'a> {
        self.set_lost();
        item
    }

    fn take_up_to<'a>(&mut self, span: &mut Span<'a>, most: u64) -> Span<'a> {
        let taken = match *span {
            Span::Bytes(bytes) => {
                let (taken, rest) = bytes.split_at(most.min(bytes.len() as u64) as usize);
                *span = Span::Bytes(rest);
                Span::Bytes(taken)
            }
            Span::Skipped(left) => {
                let n = most.min(left);
                *span = Span::Skipped(left - n);
                Span::Skipped(n)
            }
        };
        self.position = self.position.saturating_add(taken.len());
        taken
    }
}
