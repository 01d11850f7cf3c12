//! An answer of the API server, line by line.

use bytes::{Buf as _, Bytes, BytesMut};
use http_body_util::BodyExt as _;
use kube::client::Body;

use super::failure::Failure;

/// etcd takes objects of 1.5 MiB; as JSON they are a few times that.
const MAX_LINE: usize = 8 * 1024 * 1024;

/// One line of an answer.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Line {
    Whole(Bytes),
    /// It was longer than any object can be, and was passed over.
    TooLong,
}

pub(super) struct Lines {
    body: Body,
    buffer: Buffer,
}

impl Lines {
    pub(super) fn new(body: Body) -> Self {
        Self {
            body,
            buffer: Buffer::default(),
        }
    }

    /// `None` at the end; what stands after the last line break is cut off and no line. Nothing is
    /// lost when the future is dropped.
    pub(super) async fn next(&mut self) -> Result<Option<Line>, Failure> {
        loop {
            if let Some(line) = self.buffer.line() {
                return Ok(Some(line));
            }
            match self.body.frame().await {
                None => return Ok(None),
                Some(Err(_)) => return Err(Failure::Lost),
                Some(Ok(frame)) => {
                    if let Ok(data) = frame.into_data() {
                        self.buffer.push(&data);
                    }
                }
            }
        }
    }
}

/// What has been read and is no whole line yet.
#[derive(Debug, Default)]
struct Buffer {
    bytes: BytesMut,
    /// So many of them have no line break.
    searched: usize,
    /// The line they belong to is passed over.
    too_long: bool,
}

impl Buffer {
    fn push(&mut self, data: &[u8]) {
        self.bytes.extend_from_slice(data);
    }

    fn line(&mut self) -> Option<Line> {
        let unsearched = &self.bytes[self.searched..];
        let Some(at) = unsearched.iter().position(|byte| *byte == b'\n') else {
            if self.bytes.len() > MAX_LINE {
                self.too_long = true;
                self.bytes.clear();
            }
            self.searched = self.bytes.len();
            return None;
        };
        let line = self.bytes.split_to(self.searched + at);
        self.bytes.advance(1);
        self.searched = 0;
        let too_long = std::mem::take(&mut self.too_long) || line.len() > MAX_LINE;
        Some(if too_long {
            Line::TooLong
        } else {
            Line::Whole(line.freeze())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Buffer, Line, MAX_LINE};

    #[test]
    fn lines_are_put_together_from_any_pieces() {
        let mut buffer = Buffer::default();
        let mut lines = Vec::new();
        for piece in ["", "a", "b\n", "\ncd\ne", "f", "\ng"] {
            buffer.push(piece.as_bytes());
            while let Some(line) = buffer.line() {
                lines.push(line);
            }
        }
        let whole = ["ab", "", "cd", "ef"].map(|line| Line::Whole(line.into()));
        assert_eq!(lines, whole);
    }

    #[test]
    fn a_line_without_end_is_passed_over_and_not_kept() {
        let mut buffer = Buffer::default();
        for _ in 0..5 {
            buffer.push(&vec![b'x'; MAX_LINE / 2]);
            assert_eq!(buffer.line(), None);
            assert!(buffer.bytes.len() <= MAX_LINE);
        }
        buffer.push(b"x\nnext\n");
        assert_eq!(buffer.line(), Some(Line::TooLong));
        assert_eq!(buffer.line(), Some(Line::Whole("next".into())));
    }
}
