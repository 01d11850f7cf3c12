//! Which failures are worth another try, and when. Pure decisions; nothing here waits.

use std::time::Duration;

use http::StatusCode;
use tonic::Code;

use super::answer::Failure;
use crate::backoff::Backoff;
use crate::export::wire::{Fields, Malformed};

#[cfg(test)]
mod tests;

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);
/// A server may ask for more than our own longest wait, within reason.
const LONGEST_ASKED: Duration = Duration::from_mins(5);

pub(super) fn backoff() -> Backoff {
    Backoff::new(FIRST, LONGEST)
}

/// How long to wait after a failure. `jitter` is between 0 and 1. What the server asked for is
/// waited in full.
pub(super) fn wait(backoff: &mut Backoff, asked: Option<Duration>, jitter: f64) -> Duration {
    let own = backoff.next(jitter);
    asked.map_or(own, |asked| asked.min(LONGEST_ASKED))
}

/// By the table of the OTLP specification, except where it would have audit records dropped.
/// `RESOURCE_EXHAUSTED` counts as back-pressure also without the `RetryInfo` that the
/// specification wants: most servers under load omit it. `INTERNAL` and `UNKNOWN` are the server's
/// trouble and not the request's, and who is denied is late and not refused.
pub(super) fn of_grpc(code: Code, message: &str, details: &[u8], reason: String) -> Failure {
    match code {
        Code::ResourceExhausted | Code::OutOfRange if says_too_large(message) => {
            Failure::TooLarge { reason }
        }
        Code::Unavailable
        | Code::Cancelled
        | Code::DeadlineExceeded
        | Code::Aborted
        | Code::OutOfRange
        | Code::DataLoss
        | Code::Internal
        | Code::Unknown
        | Code::ResourceExhausted => Failure::Again {
            after: retry_info(details),
            reason,
        },
        Code::Unauthenticated | Code::PermissionDenied | Code::NotFound | Code::Unimplemented => {
            Failure::Denied { reason }
        }
        _ => Failure::Permanent { reason },
    }
}

/// Likewise. 408: the server did not wait for the request, so it judged none. A redirect, or a page
/// where the path should be, is an address that is not the collector's.
pub(super) fn of_http(status: StatusCode, after: Option<Duration>, reason: String) -> Failure {
    match status.as_u16() {
        413 => Failure::TooLarge { reason },
        300..=399 | 401 | 403..=405 | 407 | 501 => Failure::Denied { reason },
        408 | 429 | 500.. => Failure::Again { after, reason },
        _ => Failure::Permanent { reason },
    }
}

/// The words of the gRPC libraries of Go, C++, Java and Rust; there is no code of its own for it.
fn says_too_large(message: &str) -> bool {
    let message = message.to_ascii_lowercase();
    ["larger than max", "too large", "exceeds maximum size"]
        .iter()
        .any(|words| message.contains(words))
}

/// The delay in a `google.rpc.RetryInfo` among the details of a `google.rpc.Status`.
fn retry_info(status: &[u8]) -> Option<Duration> {
    read_retry_info(status).ok().flatten()
}

fn read_retry_info(status: &[u8]) -> Result<Option<Duration>, Malformed> {
    for field in Fields::of(status) {
        let (3, detail) = field? else { continue };
        let (mut kind, mut value) = ("", &[][..]);
        for field in Fields::of(detail.bytes()?) {
            match field? {
                (1, field) => kind = field.text()?,
                (2, field) => value = field.bytes()?,
                _ => {}
            }
        }
        if kind.ends_with("/google.rpc.RetryInfo") {
            return delay(value);
        }
    }
    Ok(None)
}

fn delay(retry_info: &[u8]) -> Result<Option<Duration>, Malformed> {
    let (mut seconds, mut nanos) = (0, 0);
    for field in Fields::of(retry_info) {
        let (1, duration) = field? else { continue };
        for field in Fields::of(duration.bytes()?) {
            match field? {
                (1, field) => seconds = field.varint()? as i64,
                (2, field) => nanos = field.varint()? as i32,
                _ => {}
            }
        }
    }
    let (Ok(seconds), Ok(nanos @ ..1_000_000_000)) = (u64::try_from(seconds), u32::try_from(nanos))
    else {
        return Ok(None);
    };
    Ok(Some(Duration::new(seconds, nanos)))
}
