//! Looking for the ends of lines and heads in bytes that come in pieces.

use std::borrow::Cow;

use memchr::memchr;

use super::head;
use crate::protocol::{Head, Side, Version};

/// Longest beginning of a first line that is looked at before the line is whole.
const MAX_PREFIX: usize = 32;

/// Bytes of `bytes` up to the end of the head that `buffer` begins.
pub(super) fn end_of_head(buffer: &[u8], bytes: &[u8]) -> Option<usize> {
    // The last bytes of the buffer may be the beginning of the empty line.
    let before = |i: usize, back: usize| -> Option<u8> {
        i.checked_sub(back).map_or_else(
            || buffer.len().checked_sub(back - i).map(|at| buffer[at]),
            |at| Some(bytes[at]),
        )
    };
    let mut from = 0;
    while let Some(found) = memchr(b'\n', &bytes[from..]) {
        let at = from + found;
        from = at + 1;
        let line_end = match before(at, 1) {
            Some(b'\n') => true,
            Some(b'\r') => before(at, 2) == Some(b'\n'),
            _ => false,
        };
        if line_end {
            return Some(at + 1);
        }
    }
    None
}

/// How many of the first bytes are empty lines.
pub(super) fn empty_lines(bytes: &[u8]) -> usize {
    let text = bytes.iter().position(|&b| b != b'\r' && b != b'\n');
    text.unwrap_or(bytes.len())
}

/// The bytes of an unfinished head can't become one. `fresh` of them are new.
pub(super) fn is_foreign(side: Side, head: &[u8], fresh: usize) -> bool {
    if !may_begin(side, &head[..head.len().min(MAX_PREFIX)]) {
        return true;
    }
    // A first line is judged once, when it becomes whole.
    let Some(end) = head.iter().position(|&b| b == b'\n') else {
        return false;
    };
    end + fresh >= head.len() && first_line(side, &head[..=end]).is_none()
}

/// Bytes of `bytes` up to the end of a request of HTTP/0.9, which has one line.
pub(super) fn end_of_simple(buffer: &[u8], bytes: &[u8]) -> Option<usize> {
    let end = memchr(b'\n', bytes)? + 1;
    if buffer.contains(&b'\n') {
        return None;
    }
    let line = match buffer {
        [] => Cow::Borrowed(&bytes[..end]),
        _ => Cow::Owned([buffer, &bytes[..end]].concat()),
    };
    head::is_simple(line.trim_ascii_end()).then_some(end)
}

/// The first line is there, and it is one of HTTP/1 as the RFCs know it: what looks for a message
/// in bytes of any kind can't take less for one.
pub(super) fn begins_message(side: Side, bytes: &[u8]) -> bool {
    let version = bytes
        .iter()
        .position(|&b| b == b'\n')
        .and_then(|end| first_line(side, &bytes[..=end]));
    matches!(version, Some(Version::Http10 | Version::Http11))
}

/// The version in a whole first line.
fn first_line(side: Side, line: &[u8]) -> Option<Version> {
    let head = match side {
        Side::Request => Head::request(line),
        Side::Response => Head::response(line),
    };
    let version = head.ok()?.version();
    (version != Version::Http09).then_some(version)
}

/// Size in a chunk-size line; extensions are left out.
pub(super) fn chunk_size(line: &[u8]) -> Option<u64> {
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

/// These may be the first bytes of a message.
fn may_begin(side: Side, prefix: &[u8]) -> bool {
    match side {
        Side::Request => {
            let method = prefix.iter().position(|&b| b == b' ');
            let method = &prefix[..method.unwrap_or(prefix.len())];
            !method.is_empty() && method.iter().all(|&b| head::is_token(b))
        }
        Side::Response => {
            let n = prefix.len().min(7);
            prefix[..n] == b"HTTP/1."[..n]
        }
    }
}
