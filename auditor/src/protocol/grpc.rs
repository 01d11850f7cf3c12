//! gRPC over HTTP/2: what a call was and what came of it.

use super::{Exchange, Head, Message};

/// Compressed flag and length before every message.
const PREFIX_LENGTH: usize = 5;

/// Names of the status codes from 0 on.
const STATUS_NAMES: [&str; 17] = [
    "OK",
    "CANCELLED",
    "UNKNOWN",
    "INVALID_ARGUMENT",
    "DEADLINE_EXCEEDED",
    "NOT_FOUND",
    "ALREADY_EXISTS",
    "PERMISSION_DENIED",
    "RESOURCE_EXHAUSTED",
    "FAILED_PRECONDITION",
    "ABORTED",
    "OUT_OF_RANGE",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
    "UNAUTHENTICATED",
];

/// A call, as far as it is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Call<'a> {
    /// `pkg.Service/Method`.
    pub method: Option<&'a [u8]>,
    pub status: Option<Status>,
}

/// Status code of a call.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Status(pub u32);

/// Counts the messages of a body of which perhaps not all bytes are seen.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MessageCounter {
    count: u32,
    prefix: [u8; PREFIX_LENGTH],
    prefixed: usize,
    /// Bytes of the present message that are still to come.
    left: u64,
    is_lost: bool,
}

impl<'a> Call<'a> {
    /// The call that an exchange was, if its content says so.
    pub fn of(exchange: &'a Exchange) -> Option<Self> {
        let request = exchange.request.as_ref().and_then(|m| m.head.as_ref());
        let response = exchange.response.as_ref().and_then(|m| m.head.as_ref());
        // An error of something in between answers a call without being one.
        if !request.or(response).is_some_and(is_grpc) {
            return None;
        }
        Some(Self {
            method: request.and_then(Head::target).and_then(method),
            status: exchange.response.as_ref().and_then(status),
        })
    }
}

impl Status {
    /// Its name, if it has one.
    pub fn name(self) -> Option<&'static str> {
        STATUS_NAMES.get(self.0 as usize).copied()
    }
}

// === impl MessageCounter ===

impl MessageCounter {
    /// How many messages have begun, if that is known.
    pub(super) fn count(self) -> Option<u32> {
        (!self.is_lost).then_some(self.count)
    }

    pub(super) fn read(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() && !self.is_lost {
            if self.left > 0 {
                let n = self.left.min(bytes.len() as u64);
                self.left -= n;
                bytes = &bytes[n as usize..];
                continue;
            }
            let n = bytes.len().min(PREFIX_LENGTH - self.prefixed);
            let (prefix, rest) = bytes.split_at(n);
            self.prefix[self.prefixed..][..n].copy_from_slice(prefix);
            self.prefixed += n;
            bytes = rest;
            if self.prefixed == PREFIX_LENGTH {
                let [_, length @ ..] = self.prefix;
                self.left = u64::from(u32::from_be_bytes(length));
                self.prefixed = 0;
                self.count = self.count.saturating_add(1);
            }
        }
    }

    /// So many bytes were not seen: whether a message begins among them is known only within one.
    pub(super) fn pass(&mut self, bytes: u64) {
        match self.left.checked_sub(bytes) {
            Some(left) => self.left = left,
            None => self.is_lost = true,
        }
    }

    pub(super) fn lose(&mut self) {
        self.is_lost = true;
    }
}

/// `application/grpc`, with or without the coding of its messages.
pub(super) fn is_grpc(head: &Head) -> bool {
    head.values("content-type").any(|value| {
        let rest = value.strip_prefix(b"application/grpc");
        rest.is_some_and(|rest| matches!(rest.first(), None | Some(b'+' | b';')))
    })
}

/// `/pkg.Service/Method` without the first slash.
fn method(path: &[u8]) -> Option<&[u8]> {
    let method = path.strip_prefix(b"/")?;
    let service = method.iter().rposition(|&b| b == b'/')?;
    (service > 0 && service + 1 < method.len()).then_some(method)
}

/// From the trailers; a call that fails at once has nothing but a head.
fn status(response: &Message) -> Option<Status> {
    let fields = response.trailers.as_ref().or(response.head.as_ref())?;
    let text = fields.values("grpc-status").next()?;
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(text).ok().filter(|_| is_number)?;
    text.parse().ok().map(Status)
}

#[cfg(test)]
mod tests;
