//! A message head: what its first line or its pseudo-header fields said, and header fields.

use std::ops::Range;

use super::fields::Fields;

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
    Http2,
}

/// What a head is for; text as ranges of the head's bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Start {
    Request(RequestLine),
    Response {
        status: Option<u16>,
    },
    /// Fields behind a body.
    Trailers,
}

/// What a request asks for. In HTTP/1 that is a method and a target; in HTTP/2 each part may be
/// absent or unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct RequestLine {
    pub(super) method: Option<Range<u32>>,
    pub(super) target: Option<Range<u32>>,
    pub(super) scheme: Option<Range<u32>>,
    pub(super) authority: Option<Range<u32>>,
}

/// A head, with the bytes as they were on the wire, or as they were after decompression.
#[derive(Clone, PartialEq, Eq)]
pub struct Head {
    pub(super) bytes: Box<[u8]>,
    pub(super) start: Start,
    pub(super) version: Version,
    pub(super) fields: Fields,
    pub(super) obscured: bool,
    pub(super) truncated: bool,
}

impl Version {
    /// `None` for one that is not defined.
    pub fn as_str(self) -> Option<&'static str> {
        match self {
            Self::Http09 => Some("0.9"),
            Self::Http10 => Some("1.0"),
            Self::Http11 => Some("1.1"),
            Self::Http2 => Some("2"),
            Self::Undefined => None,
        }
    }
}

impl Head {
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
        self.obscured
    }

    /// Bytes of memory it takes.
    pub fn footprint(&self) -> usize {
        self.bytes.len() + self.fields.footprint()
    }

    /// Method of a request.
    pub fn method(&self) -> Option<&[u8]> {
        self.part(|line| &line.method)
    }

    /// Target of a request, as written; in HTTP/2 its path and query.
    pub fn target(&self) -> Option<&[u8]> {
        self.part(|line| &line.target)
    }

    /// Scheme of a request, where HTTP/2 says it apart from the target.
    pub fn scheme(&self) -> Option<&[u8]> {
        self.part(|line| &line.scheme)
    }

    /// Authority of a request, where HTTP/2 says it apart from the target.
    pub fn authority(&self) -> Option<&[u8]> {
        self.part(|line| &line.authority)
    }

    /// Status of a response.
    pub fn status(&self) -> Option<u16> {
        match self.start {
            Start::Response { status } => status,
            Start::Request(_) | Start::Trailers => None,
        }
    }

    /// Values of every field of that name, in order.
    pub fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]> {
        self.fields.values(&self.bytes, name)
    }

    /// Every field in order.
    pub fn fields(&self) -> impl Iterator<Item = (&[u8], &[u8])> {
        self.fields.iter(&self.bytes)
    }

    fn part(&self, part: impl FnOnce(&RequestLine) -> &Option<Range<u32>>) -> Option<&[u8]> {
        match &self.start {
            Start::Request(line) => part(line).as_ref().map(|range| self.at(range)),
            Start::Response { .. } | Start::Trailers => None,
        }
    }

    fn at(&self, range: &Range<u32>) -> &[u8] {
        self.bytes
            .get(range.start as usize..range.end as usize)
            .unwrap_or_default()
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
