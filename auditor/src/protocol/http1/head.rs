//! Bytes of a message head → first line and header fields.

use std::ops::Range;

use memchr::memchr;

use crate::protocol::{
    fields::Fields,
    head::{Head, RequestLine, Start, Version},
};

/// Why bytes are not a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    #[error("not an HTTP/1 request")]
    NotARequest,
    #[error("not an HTTP/1 response")]
    NotAResponse,
}

/// What a head says.
struct Parsed {
    start: Start,
    version: Version,
    fields: Fields,
    obscured: bool,
}

impl Head {
    /// Reads a request head: everything up to and including the empty line.
    pub fn request(bytes: &[u8]) -> Result<Self, HeadError> {
        Self::read(bytes, false, Self::read_request).ok_or(HeadError::NotARequest)
    }

    /// Reads a response head.
    pub fn response(bytes: &[u8]) -> Result<Self, HeadError> {
        Self::read(bytes, false, Self::read_response).ok_or(HeadError::NotAResponse)
    }

    /// Reads a request head that was cut: the lines that are whole.
    pub fn truncated_request(bytes: &[u8]) -> Result<Self, HeadError> {
        Self::read(&whole_lines(bytes), true, Self::read_request).ok_or(HeadError::NotARequest)
    }

    /// Reads a response head that was cut.
    pub fn truncated_response(bytes: &[u8]) -> Result<Self, HeadError> {
        Self::read(&whole_lines(bytes), true, Self::read_response).ok_or(HeadError::NotAResponse)
    }

    fn read(bytes: &[u8], truncated: bool, parse: fn(&[u8]) -> Option<Parsed>) -> Option<Self> {
        let parsed = parse(bytes)?;
        Some(Self {
            bytes: bytes.into(),
            start: parsed.start,
            version: parsed.version,
            fields: parsed.fields,
            obscured: parsed.obscured,
            truncated,
        })
    }

    fn read_request(bytes: &[u8]) -> Option<Parsed> {
        let mut lines = Lines::of(bytes);
        let line = lines.next()?;
        let text = &bytes[line.start as usize..line.end as usize];
        // Servers overlook spaces behind the version.
        let text = &text[..text.iter().rposition(|&b| b != b' ').map_or(0, |at| at + 1)];
        if is_simple(text) {
            let start = request_line(
                line.start..line.start + 3,
                line.start + 4..line.start + text.len() as u32,
            );
            return Some(Parsed {
                start,
                version: Version::Http09,
                fields: Fields::default(),
                obscured: false,
            });
        }
        let method = text.iter().position(|&b| b == b' ')?;
        let last = text.iter().rposition(|&b| b == b' ')?;
        let version = version(text.get(last + 1..)?)?;
        let target = trimmed(bytes, line.start + method as u32..line.start + last as u32);
        // What begins with the preface of HTTP/2 is no HTTP/1.
        if &text[..method] == b"PRI" && version == Version::Undefined {
            return None;
        }
        if method == 0 || !text[..method].iter().all(|&b| is_token(b)) || target.is_empty() {
            return None;
        }
        let start = request_line(line.start..line.start + method as u32, target);
        Some(Parsed::with_fields(start, version, bytes, lines))
    }

    fn read_response(bytes: &[u8]) -> Option<Parsed> {
        let mut lines = Lines::of(bytes);
        let line = lines.next()?;
        let text = &bytes[line.start as usize..line.end as usize];
        let (version_text, rest) = text.split_at_checked(8)?;
        let version = version(version_text)?;
        let [
            b' ',
            a @ b'1'..=b'9',
            b @ b'0'..=b'9',
            c @ b'0'..=b'9',
            after @ ..,
        ] = rest
        else {
            return None;
        };
        if !matches!(after.first(), None | Some(b' ')) {
            return None;
        }
        let digit = |d: &u8| u16::from(d - b'0');
        let start = Start::Response {
            status: Some(digit(a) * 100 + digit(b) * 10 + digit(c)),
        };
        Some(Parsed::with_fields(start, version, bytes, lines))
    }
}

// === impl Parsed ===

impl Parsed {
    /// `lines` are those behind the first.
    fn with_fields(start: Start, version: Version, bytes: &[u8], lines: Lines<'_>) -> Self {
        let mut fields = Fields::default();
        let mut obscured = false;
        for line in lines {
            let text = &bytes[line.start as usize..line.end as usize];
            // A folded line continues the value before it.
            if matches!(text.first(), Some(b' ' | b'\t')) {
                obscured |= !fields.fold(trimmed(bytes, line));
                continue;
            }
            let Some(colon) = memchr(b':', text) else {
                continue;
            };
            let name = text[..colon].trim_ascii_end();
            obscured |= name.len() < colon && is_framing(name);
            let colon = line.start + colon as u32;
            fields.push(
                bytes,
                trimmed(bytes, line.start..colon),
                trimmed(bytes, colon + 1..line.end),
            );
        }
        Self {
            start,
            version,
            fields,
            obscured,
        }
    }
}

/// It says how long the body is.
fn is_framing(name: &[u8]) -> bool {
    name.eq_ignore_ascii_case(b"content-length") || name.eq_ignore_ascii_case(b"transfer-encoding")
}

/// Lines of a head as ranges without their ends, up to the empty line. Leading empty lines, which
/// a client may send between messages, are left out.
struct Lines<'a> {
    bytes: &'a [u8],
    at: usize,
    begun: bool,
}

impl<'a> Lines<'a> {
    fn of(bytes: &'a [u8]) -> Self {
        Self {
            bytes,
            at: 0,
            begun: false,
        }
    }
}

impl Iterator for Lines<'_> {
    type Item = Range<u32>;

    fn next(&mut self) -> Option<Range<u32>> {
        loop {
            let rest = self.bytes.get(self.at..)?;
            let length = memchr(b'\n', rest)?;
            let start = self.at;
            self.at += length + 1;
            let line = rest[..length]
                .strip_suffix(b"\r")
                .unwrap_or(&rest[..length]);
            if !line.is_empty() {
                self.begun = true;
                return Some(start as u32..(start + line.len()) as u32);
            }
            if self.begun {
                return None;
            }
        }
    }
}

fn request_line(method: Range<u32>, target: Range<u32>) -> Start {
    Start::Request(RequestLine {
        method: Some(method),
        target: Some(target),
        ..RequestLine::default()
    })
}

/// `range` without spaces and tabs at its ends.
fn trimmed(bytes: &[u8], range: Range<u32>) -> Range<u32> {
    let blank = |at: u32| matches!(bytes.get(at as usize), Some(b' ' | b'\t'));
    let Range { mut start, mut end } = range;
    while start < end && blank(start) {
        start += 1;
    }
    while start < end && blank(end - 1) {
        end -= 1;
    }
    start..end
}

/// A request of HTTP/0.9. Only paths: other protocols have a `GET` with one word too.
pub(super) fn is_simple(line: &[u8]) -> bool {
    line.strip_prefix(b"GET ")
        .is_some_and(|target| target.starts_with(b"/") && !target.contains(&b' '))
}

fn version(text: &[u8]) -> Option<Version> {
    match text {
        b"HTTP/1.0" => Some(Version::Http10),
        [b'H', b'T', b'T', b'P', b'/', b'1', b'.', b'1'..=b'9'] => Some(Version::Http11),
        [b'H', b'T', b'T', b'P', b'/', major, b'.', minor]
            if major.is_ascii_digit() && minor.is_ascii_digit() =>
        {
            Some(Version::Undefined)
        }
        _ => None,
    }
}

/// `tchar` of RFC 9110.
pub(super) fn is_token(b: u8) -> bool {
    b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b)
}

/// The complete lines of `bytes`, closed with an empty one. Of a line that is itself cut, nothing
/// is kept: a value that looks whole and is not would be a lie.
fn whole_lines(bytes: &[u8]) -> Vec<u8> {
    let end = bytes
        .iter()
        .rposition(|&b| b == b'\n')
        .map_or(0, |at| at + 1);
    let mut lines = bytes[..end].to_vec();
    lines.extend_from_slice(b"\r\n");
    lines
}
