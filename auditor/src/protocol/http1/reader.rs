//! One direction: spans → heads and ends of messages.

use super::{
    framing::Body,
    head::{Head, HeadError, MAX_HEAD},
};
use crate::protocol::{Side, Span};

/// Longest chunk-size line that is read on.
const MAX_CHUNK_LINE: usize = 4096;

/// What a direction yields.
#[derive(Debug)]
pub enum Item {
    /// A head; the caller answers with [`Reader::set_body`].
    Head(Head),
    /// The message is complete.
    End,
    /// These bytes are no message; the direction is lost.
    Unparsable,
    /// Framing bytes were not seen; the direction is lost.
    Lost,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    /// In or before a head; the bytes so far are in the buffer.
    Head,
    /// `set_body` is due.
    HeadRead,
    Body(u64),
    ChunkSize,
    ChunkData(u64),
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
    buffer: Vec<u8>,
    /// The head in the buffer was cut.
    truncated: bool,
    /// Body bytes of the message so far, without chunk framing.
    body: u64,
    /// All bytes of the message so far.
    wire: u64,
    /// All bytes of the direction so far.
    position: u64,
}

impl Reader {
    pub fn new(side: Side) -> Self {
        Self {
            side,
            state: State::Head,
            buffer: Vec::new(),
            truncated: false,
            body: 0,
            wire: 0,
            position: 0,
        }
    }

    /// Body bytes of the message being read.
    pub fn body(&self) -> u64 {
        self.body
    }

    /// All bytes of the message being read.
    pub fn wire(&self) -> u64 {
        self.wire
    }

    /// Bytes of the direction so far.
    pub fn position(&self) -> u64 {
        self.position
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

    /// No more messages: everything to the end of the connection is one body.
    pub fn set_open(&mut self) {
        self.buffer = Vec::new();
        self.state = State::Open;
    }

    /// A message begins here for certain.
    pub fn resynchronize(&mut self) {
        self.buffer.clear();
        self.state = State::Head;
        self.start_message();
    }

    /// Nothing is read until a message start is certain.
    pub fn set_lost(&mut self) {
        self.state = State::Lost;
    }

    /// `n` bytes were there and were not seen. True if the framing survives it.
    pub fn hole(&mut self, n: u64) -> bool {
        self.pass(n);
        match &mut self.state {
            State::Body(left) | State::ChunkData(left) if n <= *left => {
                *left -= n;
                self.body += n;
                true
            }
            State::Open => {
                self.body += n;
                true
            }
            State::Lost => true,
            _ => {
                self.state = State::Lost;
                false
            }
        }
    }

    /// The head being read, as far as it was seen: taken out when the direction ends or is lost.
    pub fn take_partial(&mut self) -> Option<Head> {
        let bytes = std::mem::take(&mut self.buffer);
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
                _ if is_empty(span) => return None,
                State::Head => return self.read_head(span),
                State::HeadRead => return None,
                State::Body(left) => {
                    let n = self.take_up_to(span, left);
                    self.body += n;
                    self.state = State::Body(left - n);
                }
                State::ChunkSize => match self.read_line(span, MAX_CHUNK_LINE)? {
                    Line::Whole => {
                        let size = chunk_size(&self.buffer);
                        self.buffer.clear();
                        match size {
                            Some(0) => self.state = State::Trailers,
                            Some(n) => self.state = State::ChunkData(n.saturating_add(2)),
                            None => return Some(self.lose()),
                        }
                    }
                    Line::Unreadable => return Some(self.lose()),
                },
                State::ChunkData(left) => {
                    let n = self.take_up_to(span, left);
                    // The line end behind the data is not body.
                    self.body += n.min(left.saturating_sub(2));
                    self.state = match left - n {
                        0 => State::ChunkSize,
                        left => State::ChunkData(left),
                    };
                }
                State::Trailers => match self.read_line(span, MAX_HEAD)? {
                    Line::Whole if self.buffer.is_empty() => self.state = State::Body(0),
                    Line::Whole => self.buffer.clear(),
                    Line::Unreadable => return Some(self.lose()),
                },
                State::Open => {
                    let n = self.take_up_to(span, u64::MAX);
                    self.body += n;
                }
                State::Lost => {
                    self.take_up_to(span, u64::MAX);
                }
            }
        }
    }

    fn read_head(&mut self, span: &mut Span<'_>) -> Option<Item> {
        if self.buffer.is_empty() {
            self.start_message();
        }
        match span {
            Span::Skipped(n) => {
                // The kernel copies no more of an oversized head.
                let n = std::mem::take(n);
                self.pass(n);
                self.truncated = true;
                Some(self.finish_head())
            }
            Span::Bytes(bytes) => {
                let had = self.buffer.len();
                if had == 0 && !may_begin(self.side, bytes) {
                    return Some(self.give_up(span));
                }
                match end_of_head(&self.buffer, bytes) {
                    Some(n) if had + n <= MAX_HEAD => {
                        let (head, rest) = bytes.split_at(n);
                        self.pass(n as u64);
                        self.buffer.extend_from_slice(head);
                        *span = Span::Bytes(rest);
                        Some(self.finish_head())
                    }
                    _ if had + bytes.len() > MAX_HEAD => {
                        let n = bytes.len();
                        let room = MAX_HEAD.saturating_sub(had).min(n);
                        self.buffer.extend_from_slice(&bytes[..room]);
                        self.pass(n as u64);
                        *span = Span::Bytes(&[]);
                        self.truncated = true;
                        Some(self.finish_head())
                    }
                    _ => {
                        let bytes = *bytes;
                        self.buffer.extend_from_slice(bytes);
                        self.pass(bytes.len() as u64);
                        *span = Span::Bytes(&[]);
                        if first_line_is_foreign(self.side, &self.buffer) {
                            return Some(self.give_up(span));
                        }
                        None
                    }
                }
            }
        }
    }

    /// What is in the buffer is the head.
    fn finish_head(&mut self) -> Item {
        let truncated = std::mem::take(&mut self.truncated);
        let bytes = std::mem::take(&mut self.buffer);
        let head: Result<Head, HeadError> = match (self.side, truncated) {
            (Side::Request, false) => Head::request(&bytes),
            (Side::Request, true) => Head::truncated_request(&bytes),
            (Side::Response, false) => Head::response(&bytes),
            (Side::Response, true) => Head::truncated_response(&bytes),
        };
        let mut bytes = bytes;
        bytes.clear();
        self.buffer = bytes;
        let Ok(head) = head else {
            self.state = State::Lost;
            return Item::Unparsable;
        };
        // Where a cut head ends, and what follows it, is for a certain message start to show.
        self.state = if truncated {
            State::Lost
        } else {
            State::HeadRead
        };
        Item::Head(head)
    }

    fn give_up(&mut self, span: &mut Span<'_>) -> Item {
        self.take_up_to(span, u64::MAX);
        self.buffer = Vec::new();
        self.state = State::Lost;
        Item::Unparsable
    }

    fn lose(&mut self) -> Item {
        self.buffer.clear();
        self.state = State::Lost;
        Item::Lost
    }

    fn start_message(&mut self) {
        self.body = 0;
        self.wire = 0;
        self.truncated = false;
    }

    fn pass(&mut self, n: u64) {
        self.wire += n;
        self.position += n;
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
        self.pass(n);
        n
    }

    /// Collects a line into the buffer, without its end. `None` if it is not complete yet.
    fn read_line(&mut self, span: &mut Span<'_>, most: usize) -> Option<Line> {
        let Span::Bytes(bytes) = span else {
            return Some(Line::Unreadable);
        };
        let newline = bytes.iter().position(|&b| b == b'\n');
        let n = newline.map_or(bytes.len(), |at| at + 1);
        self.buffer.extend_from_slice(&bytes[..n]);
        *span = Span::Bytes(&bytes[n..]);
        self.pass(n as u64);
        if self.buffer.len() > most {
            return Some(Line::Unreadable);
        }
        newline?;
        self.buffer.pop();
        if self.buffer.last() == Some(&b'\r') {
            self.buffer.pop();
        }
        Some(Line::Whole)
    }
}

enum Line {
    Whole,
    Unreadable,
}

fn is_empty(span: &Span<'_>) -> bool {
    match span {
        Span::Bytes(bytes) => bytes.is_empty(),
        Span::Skipped(n) => *n == 0,
    }
}

/// Bytes of `bytes` up to the end of the head that `buffer` begins.
fn end_of_head(buffer: &[u8], bytes: &[u8]) -> Option<usize> {
    // The last bytes of the buffer may be the beginning of the empty line.
    let before = |i: usize, back: usize| -> Option<u8> {
        i.checked_sub(back).map_or_else(
            || buffer.len().checked_sub(back - i).map(|at| buffer[at]),
            |at| Some(bytes[at]),
        )
    };
    let mut from = 0;
    while let Some(found) = bytes[from..].iter().position(|&b| b == b'\n') {
        let at = from + found;
        from = at + 1;
        let line_end = match before(at, 1) {
            Some(b'\n') => true,
            Some(b'\r') => before(at, 2) == Some(b'\n'),
            _ => false,
        };
        // Empty lines before the first line do not end a head.
        if line_end && has_text(buffer, &bytes[..at]) {
            return Some(at + 1);
        }
    }
    None
}

fn has_text(buffer: &[u8], bytes: &[u8]) -> bool {
    buffer
        .iter()
        .chain(bytes)
        .any(|&b| b != b'\r' && b != b'\n')
}

/// Could these be the first bytes of a message?
fn may_begin(side: Side, bytes: &[u8]) -> bool {
    let text = bytes.iter().position(|&b| b != b'\r' && b != b'\n');
    let Some(text) = text.map(|at| &bytes[at..]) else {
        return true;
    };
    match side {
        // Methods are letters in practice; a method of other token characters is found by the
        // first line as a whole.
        Side::Request => text[0].is_ascii_graphic(),
        Side::Response => {
            let n = text.len().min(7);
            text[..n] == b"HTTP/1."[..n]
        }
    }
}

/// The first line is there and it is not of HTTP/1.
fn first_line_is_foreign(side: Side, buffer: &[u8]) -> bool {
    let text = buffer
        .iter()
        .position(|&b| b != b'\r' && b != b'\n')
        .unwrap_or(buffer.len());
    let Some(end) = buffer[text..].iter().position(|&b| b == b'\n') else {
        return false;
    };
    let line = &buffer[text..=text + end];
    match side {
        Side::Request => Head::request(line).is_err(),
        Side::Response => Head::response(line).is_err(),
    }
}

/// Size in a chunk-size line; extensions are left out.
fn chunk_size(line: &[u8]) -> Option<u64> {
    let digits = line
        .iter()
        .position(|b| !b.is_ascii_hexdigit())
        .unwrap_or(line.len());
    let after = line[digits..].trim_ascii_start();
    if !(1..=15).contains(&digits) || !matches!(after.first(), None | Some(b';')) {
        return None;
    }
    let text = std::str::from_utf8(&line[..digits]).ok()?;
    u64::from_str_radix(text, 16).ok()
}
