//! Fields of a header block → a head.

use super::hpack;
use crate::protocol::{
    Head, Incomplete, MAX_HEAD, Reason, Version,
    fields::Fields,
    head::{RequestLine, Start},
};

/// What a field takes beside its name and value: as much as its line in HTTP/1, so that fields
/// without a letter have an end too.
const FIELD_OVERHEAD: usize = 4;

/// A head in the making.
#[derive(Debug, Default)]
pub(super) struct Block {
    bytes: Vec<u8>,
    fields: Fields,
    line: RequestLine,
    has_protocol: bool,
    status: Option<u16>,
    /// A field was left out for want of room.
    truncated: bool,
    /// A field is not known, or the block was not seen to its end.
    incomplete: bool,
    /// Every recipient takes this for an error.
    malformed: bool,
}

impl Block {
    /// Takes the next field.
    pub(super) fn push(&mut self, field: hpack::Field<'_>) {
        let (Some(name), Some(value)) = (field.name, field.value) else {
            self.incomplete = true;
            return;
        };
        let used = self.bytes.len() + FIELD_OVERHEAD * self.fields.len();
        if self.truncated || used + name.len() + value.len() > MAX_HEAD {
            self.truncated = true;
            return;
        }
        if name.first() == Some(&b':') {
            self.push_pseudo(name, value);
            return;
        }
        self.malformed |= name.is_empty() || name.iter().any(u8::is_ascii_uppercase);
        let name = self.keep(name);
        let value = self.keep(value);
        self.fields.push(&self.bytes, name, value);
    }

    /// Some of the block will not be known.
    pub(super) fn cut(&mut self) {
        self.incomplete = true;
    }

    /// It says a status, so it begins a response.
    pub(super) fn status(&self) -> Option<u16> {
        self.status
    }

    /// It says something that only a request does.
    pub(super) fn is_request(&self) -> bool {
        self.line.method.is_some() || self.line.scheme.is_some()
    }

    pub(super) fn is_malformed(&self) -> bool {
        self.malformed
    }

    /// The head of a request, and what is wrong with it.
    pub(super) fn into_request(self) -> (Head, Incomplete) {
        let line = &self.line;
        let method = line.method.clone().map(|range| self.at(&range));
        let is_whole = match method {
            Some(b"CONNECT") if !self.has_protocol => line.authority.is_some(),
            Some(_) => line.scheme.is_some() && line.target.is_some(),
            None => false,
        };
        let wrong = self.malformed || self.status.is_some() || !(is_whole || self.is_partial());
        let start = Start::Request(self.line.clone());
        self.finish(start, wrong.then_some(Reason::RequestUnparsable))
    }

    /// The head of a response.
    pub(super) fn into_response(self) -> (Head, Incomplete) {
        let whole = self.status.is_some() || self.is_partial();
        let wrong = self.malformed || !whole || self.line != RequestLine::default();
        let start = Start::Response {
            status: self.status,
        };
        self.finish(start, wrong.then_some(Reason::ResponseUnparsable))
    }

    /// The fields behind a body.
    pub(super) fn into_trailers(self) -> (Head, Incomplete) {
        self.finish(Start::Trailers, None)
    }

    fn is_partial(&self) -> bool {
        self.truncated || self.incomplete
    }

    fn finish(self, start: Start, wrong: Option<Reason>) -> (Head, Incomplete) {
        let mut incomplete = Incomplete::default();
        if self.truncated {
            incomplete.add(Reason::HeadTruncated);
        }
        if self.incomplete {
            incomplete.add(Reason::HpackDesynced);
        }
        if let Some(wrong) = wrong {
            incomplete.add(wrong);
        }
        let head = Head {
            bytes: self.bytes.into(),
            start,
            version: Version::Http2,
            fields: self.fields,
            obscured: false,
            truncated: self.truncated,
        };
        (head, incomplete)
    }

    /// Pseudo-header fields come first, and each once (RFC 9113, section 8.3).
    fn push_pseudo(&mut self, name: &[u8], value: &[u8]) {
        self.malformed |= !self.fields.is_empty();
        let kept = self.keep(value);
        let line = &mut self.line;
        let slot = match name {
            b":method" => &mut line.method,
            b":scheme" => &mut line.scheme,
            b":path" => &mut line.target,
            b":authority" => &mut line.authority,
            b":protocol" => {
                self.malformed |= std::mem::replace(&mut self.has_protocol, true);
                return;
            }
            b":status" => {
                self.malformed |= self.status.is_some();
                self.status = status(value);
                self.malformed |= self.status.is_none();
                return;
            }
            _ => {
                self.malformed = true;
                return;
            }
        };
        if slot.is_some() {
            self.malformed = true;
        } else {
            *slot = Some(kept);
        }
    }

    fn keep(&mut self, text: &[u8]) -> std::ops::Range<u32> {
        let start = self.bytes.len() as u32;
        self.bytes.extend_from_slice(text);
        start..self.bytes.len() as u32
    }

    fn at(&self, range: &std::ops::Range<u32>) -> &[u8] {
        &self.bytes[range.start as usize..range.end as usize]
    }
}

fn status(value: &[u8]) -> Option<u16> {
    let [a @ b'1'..=b'9', b @ b'0'..=b'9', c @ b'0'..=b'9'] = value else {
        return None;
    };
    let digit = |d: &u8| u16::from(d - b'0');
    Some(digit(a) * 100 + digit(b) * 10 + digit(c))
}
