//! A message head: first line and header fields.

use std::ops::Range;

use crate::protocol::RequestHead;

/// Longest head that is kept; a longer one is cut and marked.
pub const MAX_HEAD: usize = 16 * 1024;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Version {
    /// A bare `GET /path`, answered by bytes without a head. Some servers still serve it, so
    /// leaving it out would be a way to read without a record.
    Http09,
    Http10,
    Http11,
    /// A version that HTTP/1 syntax has room for and no RFC defines. Servers answer such requests
    /// all the same, as one of 1.1.
    Undefined,
}

impl Version {
    /// `None` for one that is not defined.
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Http09 => Some("0.9"),
            Self::Http10 => Some("1.0"),
            Self::Http11 => Some("1.1"),
            Self::Undefined => None,
        }
    }
}

/// Why bytes are not a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeadError {
    #[error("not an HTTP/1 request")]
    NotARequest,
    #[error("not an HTTP/1 response")]
    NotAResponse,
}

/// What the first line said; text as ranges of the head's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Start {
    Request {
        method: Range<u32>,
        target: Range<u32>,
    },
    Response {
        status: u16,
    },
}

/// First line and fields of a head.
type Parsed = (Start, Version, Fields);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Field {
    name: Range<u32>,
    value: Range<u32>,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Fields {
    list: Vec<Field>,
    obscured: bool,
}

/// A head, with the bytes as they were on the wire.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    bytes: Box<[u8]>,
    start: Start,
    version: Version,
    fields: Fields,
    truncated: bool,
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
        let (start, version, fields) = parse(bytes)?;
        Some(Self {
            bytes: bytes.into(),
            start,
            version,
            fields,
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
            let start = Start::Request {
                method: line.start..line.start + 3,
                target: line.start + 4..line.start + text.len() as u32,
            };
            return Some((start, Version::Http09, Fields::default()));
        }
        let method = text.iter().position(|&b| b == b' ')?;
        let last = text.iter().rposition(|&b| b == b' ')?;
        let version = version(text.get(last + 1..)?)?;
        let target = trimmed(bytes, line.start + method as u32..line.start + last as u32);
        // What begins with the preface of HTTP/2 is no HTTP/1.
        if &text[..method] == b"PRI" {
            return None;
        }
        if method == 0 || !text[..method].iter().all(|&b| is_token(b)) || target.is_empty() {
            return None;
        }
        let start = Start::Request {
            method: line.start..line.start + method as u32,
            target,
        };
        Some((start, version, fields(bytes, lines)))
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
            status: digit(a) * 100 + digit(b) * 10 + digit(c),
        };
        Some((start, version, fields(bytes, lines)))
    }

    pub fn start(&self) -> &Start {
        &self.start
    }

    pub fn version(&self) -> Version {
        self.version
    }

    /// Some of its lines were not kept.
    pub fn is_truncated(&self) -> bool {
        self.truncated
    }

    /// Recipients differ on whether one of its lines says something about the body: blanks before
    /// the colon, a folded line without a field to continue.
    pub fn is_obscured(&self) -> bool {
        self.fields.obscured
    }

    /// Bytes of memory it takes.
    pub fn footprint(&self) -> usize {
        self.bytes.len() + self.fields.list.capacity() * size_of::<Field>()
    }

    /// Method of a request.
    pub fn method(&self) -> Option<&[u8]> {
        match &self.start {
            Start::Request { method, .. } => Some(self.at(method)),
            Start::Response { .. } => None,
        }
    }

    /// Target of a request, as written.
    pub fn target(&self) -> Option<&[u8]> {
        match &self.start {
            Start::Request { target, .. } => Some(self.at(target)),
            Start::Response { .. } => None,
        }
    }

    /// Status of a response.
    pub fn status(&self) -> Option<u16> {
        match self.start {
            Start::Response { status } => Some(status),
            Start::Request { .. } => None,
        }
    }

    /// Values of every field of that name, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields
            .list
            .iter()
            .filter(move |f| self.at(&f.name).eq_ignore_ascii_case(name.as_bytes()))
            .map(|f| self.at(&f.value))
    }

    /// Every field in order.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields
            .list
            .iter()
            .map(|f| (self.at(&f.name), self.at(&f.value)))
    }

    fn at(&self, range: &Range<u32>) -> &[u8] {
        self.bytes
            .get(range.start as usize..range.end as usize)
            .unwrap_or_default()
    }
}

impl RequestHead for Head {
    fn is_truncated(&self) -> bool {
        Self::is_truncated(self)
    }

    fn target(&self) -> &[u8] {
        Self::target(self).unwrap_or_default()
    }

    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        Self::values(self, name)
    }
}

// === impl Fields ===

impl Fields {
    /// A folded line continues the value before it.
    fn fold(&mut self, more: Range<u32>) {
        let Some(field) = self.list.last_mut() else {
            self.obscured = true;
            return;
        };
        if more.is_empty() {
            return;
        }
        if field.value.is_empty() {
            field.value.start = more.start;
        }
        field.value.end = more.end;
    }
}

impl std::fmt::Debug for Head {
    /// Names only: values may be secrets.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self
            .fields()
            .map(|(name, _)| String::from_utf8_lossy(name).into_owned())
            .collect();
        f.debug_struct("Head")
            .field("start", &self.start)
            .field("fields", &names)
            .field("truncated", &self.truncated)
            .finish_non_exhaustive()
    }
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
            let length = rest.iter().position(|&b| b == b'\n')?;
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

fn fields(bytes: &[u8], lines: Lines<'_>) -> Fields {
    let mut fields = Fields::default();
    for line in lines {
        let text = &bytes[line.start as usize..line.end as usize];
        if matches!(text.first(), Some(b' ' | b'\t')) {
            fields.fold(trimmed(bytes, line));
            continue;
        }
        let Some(colon) = text.iter().position(|&b| b == b':') else {
            continue;
        };
        let name = text[..colon].trim_ascii_end();
        let frames = [b"content-length".as_slice(), b"transfer-encoding"]
            .iter()
            .any(|frame| name.eq_ignore_ascii_case(frame));
        fields.obscured |= frames && name.len() < colon;
        let colon = line.start + colon as u32;
        fields.list.push(Field {
            name: trimmed(bytes, line.start..colon),
            value: trimmed(bytes, colon + 1..line.end),
        });
    }
    fields.list.shrink_to_fit();
    fields
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
