//! One direction: spans → heads and ends of messages.

use std::borrow::Cow;

use super::{framing::Body, scan};
use crate::protocol::{Head, MAX_HEAD, Side, Span};

/// Longest chunk-size line that is read on.
const MAX_CHUNK_LINE: usize = 4096;

/// What a direction yields.
#[derive(Debug)]
pub enum Item {
    /// A head. If it is whole, the caller answers with [`Reader::set_body`]; if it was cut, the
    /// direction is lost.
    Head(Head),
    /// The message is complete.
    End,
    /// These bytes are no message; the direction is lost.
    Unparsable,
    /// Not even the first line of a head was whole where it was cut; the direction is lost.
    Cut,
    /// Framing bytes were not seen; the direction is lost.
    Lost,
    /// The framing within the body is broken; the direction is lost.
    Malformed,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In or before a head; the bytes so far are in the buffer.
    Head,
    /// `set_body` is due.
    HeadRead,
    Body(u64),
    ChunkSize,
    /// Bytes of the chunk, and then so many of the line end behind it.
    ChunkData(u64),
    ChunkEnd(u8),
    Trailers,
    /// To the end of the connection.
    Open,
    /// Until a message start is certain.
    Lost,
}

/// Reads one direction.
#[derive(Debug)]
pub struct Reader {
    side: Side,
    state: State,
    /// Beginning of a head or a line; empty where a span holds the whole.
    buffer: Vec<u8>,
    /// Body bytes of the message so far, without chunk framing.
    body: u64,
    /// Where the message began.
    from: u64,
    /// All bytes of the direction so far.
    position: u64,
}

impl Reader {
    pub fn new(side: Side) -> Self {
        Self {
            side,
            state: State::Head,
            buffer: Vec::new(),
            body: 0,
            from: 0,
            position: 0,
        }
    }

    /// Body bytes of the message being read.
    pub fn body(&self) -> u64 {
        self.body
    }

    /// All bytes of the message being read.
    pub fn wire(&self) -> u64 {
        self.position - self.from
    }

    /// Where the message being read began.
    pub fn from(&self) -> u64 {
        self.from
    }

    pub fn is_lost(&self) -> bool {
        self.state == State::Lost
    }

    /// In a body that lasts until the connection ends.
    pub fn is_open(&self) -> bool {
        self.state == State::Open
    }

    /// The next byte begins a message.
    pub fn is_at_start(&self) -> bool {
        self.state == State::Head && self.buffer.is_empty()
    }

    /// Some bytes of a head, but not all, were seen.
    pub fn is_within_head(&self) -> bool {
        self.state == State::Head && !self.buffer.is_empty()
    }

    /// Where the next message begins, counted from here; `None` if that is not known.
    pub fn until_boundary(&self) -> Option<u64> {
        match self.state {
            State::Head if self.buffer.is_empty() => Some(0),
            State::Body(left) => Some(left),
            _ => None,
        }
    }

    /// Says what follows the head just read.
    pub fn set_body(&mut self, body: Body) {
        self.state = match body {
            Body::None | Body::Interim => State::Body(0),
            Body::Length(n) => State::Body(n),
            Body::Chunked => State::ChunkSize,
            Body::UntilClose | Body::Tunnel => State::Open,
            Body::Doubtful => State::Lost,
        };
    }

    /// No more messages: everything after the `head` bytes that began at `from` is one body.
    pub fn set_open(&mut self, from: u64, head: u64) {
        self.buffer = Vec::new();
        self.state = State::Open;
        self.from = from;
        self.body = self.wire().saturating_sub(head);
    }

    /// A message begins here for certain.
    pub fn resynchronize(&mut self) {
        self.buffer = Vec::new();
        self.state = State::Head;
        self.start_message();
    }

    /// Nothing is read until a message start is certain.
    pub fn set_lost(&mut self) {
        self.buffer = Vec::new();
        self.state = State::Lost;
    }

    /// The head being read, as far as it was seen; the direction is lost.
    pub fn take_partial(&mut self) -> Option<Head> {
        let bytes = std::mem::take(&mut self.buffer);
        self.set_lost();
        match self.side {
            Side::Request => Head::truncated_request(&bytes),
            Side::Response => Head::truncated_response(&bytes),
        }
        .ok()
    }

    /// Reads on; `None` when `span` is used up.
    pub fn read(&mut self, span: &mut Span<'_>) -> Option<Item> {
        loop {
            match self.state {
                State::Body(0) => {
                    self.state = State::Head;
                    return Some(Item::End);
                }
                _ if span.is_empty() => return None,
                State::Head => return self.read_head(span),
                State::HeadRead => return None,
                State::Body(left) => {
                    let n = self.take_body(span, left);
                    self.state = State::Body(left - n);
                }
                State::ChunkSize => {
                    if let Err(item) = self.read_chunk_size(span)? {
                        return Some(item);
                    }
                }
                State::ChunkData(left) => {
                    self.state = match left - self.take_body(span, left) {
                        0 => State::ChunkEnd(2),
                        left => State::ChunkData(left),
                    };
                }
                State::ChunkEnd(left) => {
                    if !self.take_chunk_end(span, left) {
                        return Some(self.lose(Item::Malformed));
                    }
                }
                State::Trailers => match self.read_line(span, MAX_HEAD)? {
                    Line::Whole(line) if line.is_empty() => self.state = State::Body(0),
                    Line::Whole(_) => {}
                    Line::TooLong => return Some(self.lose(Item::Malformed)),
                    Line::Unseen => return Some(self.lose(Item::Lost)),
                },
                State::Open => {
                    self.take_body(span, u64::MAX);
                }
                State::Lost => {
                    self.take_up_to(span, u64::MAX);
                }
            }
        }
    }

    fn read_head(&mut self, span: &mut Span<'_>) -> Option<Item> {
        if self.buffer.is_empty() {
            if let Span::Bytes(bytes) = *span {
                // Empty lines before a message are no part of it.
                self.take_up_to(span, scan::empty_lines(bytes) as u64);
            }
            self.start_message();
        }
        let bytes = match *span {
            Span::Bytes([]) => return None,
            Span::Bytes(bytes) => bytes,
            Span::Skipped(_) => return Some(self.cut_head()),
        };
        let room = bytes.len().min(MAX_HEAD - self.buffer.len());
        let simple = (self.side == Side::Request)
            .then(|| scan::end_of_simple(&self.buffer, &bytes[..room]))
            .flatten();
        if let Some(n) = simple.or_else(|| scan::end_of_head(&self.buffer, &bytes[..room])) {
            self.take_up_to(span, n as u64);
            return Some(self.finish_head(&bytes[..n]));
        }
        self.buffer.extend_from_slice(&bytes[..room]);
        self.take_up_to(span, room as u64);
        if scan::is_foreign(self.side, &self.buffer, room) {
            return Some(self.lose(Item::Unparsable));
        }
        (self.buffer.len() == MAX_HEAD).then(|| self.cut_head())
    }

    /// What is in the buffer, and `rest`, is a head.
    fn finish_head(&mut self, rest: &[u8]) -> Item {
        let mut bytes = std::mem::take(&mut self.buffer);
        let bytes = if bytes.is_empty() {
            rest
        } else {
            bytes.extend_from_slice(rest);
            &bytes
        };
        let head = match self.side {
            Side::Request => Head::request(bytes),
            Side::Response => Head::response(bytes),
        };
        match head {
            Ok(head) => {
                self.state = State::HeadRead;
                Item::Head(head)
            }
            Err(_) => self.lose(Item::Unparsable),
        }
    }

    /// No more of the head will be seen. Where it ends, and what follows it, is for a certain
    /// message start to show.
    fn cut_head(&mut self) -> Item {
        if self.buffer.is_empty() {
            return self.lose(Item::Lost);
        }
        self.take_partial().map_or(Item::Cut, Item::Head)
    }

    /// `None` if the line is not complete yet.
    fn read_chunk_size(&mut self, span: &mut Span<'_>) -> Option<Result<(), Item>> {
        self.state = match self.read_line(span, MAX_CHUNK_LINE)? {
            Line::Whole(line) => match scan::chunk_size(&line) {
                Some(0) => State::Trailers,
                Some(n) => State::ChunkData(n),
                None => return Some(Err(self.lose(Item::Malformed))),
            },
            Line::TooLong => return Some(Err(self.lose(Item::Malformed))),
            Line::Unseen => return Some(Err(self.lose(Item::Lost))),
        };
        Some(Ok(()))
    }

    /// False if something else than a line end is behind the chunk.
    fn take_chunk_end(&mut self, span: &mut Span<'_>, left: u8) -> bool {
        let expected = if left == 2 { b'\r' } else { b'\n' };
        if matches!(span, Span::Bytes([byte, ..]) if *byte != expected) {
            return false;
        }
        self.take_up_to(span, 1);
        self.state = match left - 1 {
            0 => State::ChunkSize,
            left => State::ChunkEnd(left),
        };
        true
    }

    fn lose(&mut self, item: Item) -> Item {
        self.set_lost();
        item
    }

    fn start_message(&mut self) {
        self.body = 0;
        self.from = self.position;
    }

    fn take_body(&mut self, span: &mut Span<'_>, most: u64) -> u64 {
        let n = self.take_up_to(span, most);
        self.body = self.body.saturating_add(n);
        n
    }

    fn take_up_to(&mut self, span: &mut Span<'_>, most: u64) -> u64 {
        let n = match span {
            Span::Bytes(bytes) => {
                let n = most.min(bytes.len() as u64);
                *span = Span::Bytes(&bytes[n as usize..]);
                n
            }
            Span::Skipped(left) => {
                let n = most.min(*left);
                *span = Span::Skipped(*left - n);
                n
            }
        };
        self.position = self.position.saturating_add(n);
        n
    }

    /// A line without its end. `None` if it is not complete yet.
    fn read_line<'a>(&mut self, span: &mut Span<'a>, most: usize) -> Option<Line<'a>> {
        let Span::Bytes(bytes) = *span else {
            return Some(Line::Unseen);
        };
        let newline = bytes.iter().position(|&b| b == b'\n');
        let n = newline.map_or(bytes.len(), |at| at + 1);
        if self.buffer.len() + n > most {
            return Some(Line::TooLong);
        }
        self.take_up_to(span, n as u64);
        if newline.is_none() || !self.buffer.is_empty() {
            self.buffer.extend_from_slice(&bytes[..n]);
        }
        newline?;
        let mut line = match std::mem::take(&mut self.buffer) {
            buffer if buffer.is_empty() => Cow::Borrowed(&bytes[..n]),
            buffer => Cow::Owned(buffer),
        };
        let end = line
            .strip_suffix(b"\r\n")
            .map_or(line.len() - 1, <[u8]>::len);
        match &mut line {
            Cow::Borrowed(line) => *line = &line[..end],
            Cow::Owned(line) => line.truncate(end),
        }
        Some(Line::Whole(line))
    }
}

enum Line<'a> {
    Whole(Cow<'a, [u8]>),
    TooLong,
    /// Some of its bytes were not copied.
    Unseen,
}
