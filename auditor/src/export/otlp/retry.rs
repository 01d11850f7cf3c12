//! Which failures are worth another try, and when. Pure decisions; nothing here waits.

use std::time::Duration;

use http::StatusCode;
use tonic::Code;

use super::answer::Failure;
use crate::export::wire::{Fields, Malformed};

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(30);
/// A server may ask for more than our own longest wait, within reason.
const LONGEST_ASKED: Duration = Duration::from_mins(5);

/// Exponential waits with jitter, so that a fleet of nodes does not come back in step.
#[derive(Debug, Default)]
pub(super) struct Backoff {
    failures: u32,
}

impl Backoff {
    /// `jitter` is between 0 and 1. What the server asked for is waited in full.
    pub(super) fn next(&mut self, asked: Option<Duration>, jitter: f64) -> Duration {
        let doubled = FIRST.saturating_mul(1 << self.failures.min(16));
        self.failures = self.failures.saturating_add(1);
        match asked {
            Some(asked) => asked.min(LONGEST_ASKED),
            None => doubled.min(LONGEST).mul_f64(0.5 + jitter / 2.0),
        }
    }

    pub(super) fn failures(&self) -> u32 {
        self.failures
    }

    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }
}

/// By the table of the OTLP specification. `RESOURCE_EXHAUSTED` counts as back-pressure also
/// without the `RetryInfo` that the specification wants: most servers under load omit it, and to
/// drop audit records for that would be wrong.
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
        | Code::ResourceExhausted => Failure::Again {
            after: retry_info(details),
            reason,
        },
        _ => Failure::Permanent { reason },
    }
}

/// By the specification too, and 408: the server did not wait for the request, so it judged none.
pub(super) fn of_http(status: StatusCode, after: Option<Duration>, reason: String) -> Failure {
    match status.as_u16() {
        413 => Failure::TooLarge { reason },
        408 | 429 | 502 | 503 | 504 => Failure::Again { after, reason },
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

#[cfg(test)]
mod tests {
    use prost::Message;

    use super::*;

    #[derive(Clone, PartialEq, Message)]
    struct RpcStatus {
        #[prost(int32, tag = "1")]
        code: i32,
        #[prost(message, repeated, tag = "3")]
        details: Vec<Any>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct Any {
        #[prost(string, tag = "1")]
        type_url: String,
        #[prost(bytes = "vec", tag = "2")]
        value: Vec<u8>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct RetryInfo {
        #[prost(message, optional, tag = "1")]
        retry_delay: Option<ProtoDuration>,
    }

    #[derive(Clone, PartialEq, Message)]
    struct ProtoDuration {
        #[prost(int64, tag = "1")]
        seconds: i64,
        #[prost(int32, tag = "2")]
        nanos: i32,
    }

    fn details(seconds: i64, nanos: i32) -> Vec<u8> {
        let info = RetryInfo {
            retry_delay: Some(ProtoDuration { seconds, nanos }),
        };
        let any = |kind: &str, value| Any {
            type_url: format!("type.googleapis.com/{kind}"),
            value,
        };
        RpcStatus {
            code: 8,
            details: vec![
                any("google.rpc.DebugInfo", vec![0xff]),
                any("google.rpc.RetryInfo", info.encode_to_vec()),
            ],
        }
        .encode_to_vec()
    }

    fn again(after: Option<Duration>) -> Failure {
        Failure::Again {
            after,
            reason: String::new(),
        }
    }

    fn grpc(code: Code, message: &str) -> Failure {
        of_grpc(code, message, &[], String::new())
    }

    #[test]
    fn grpc_codes_are_judged_as_specified() {
        let retryable = [1, 4, 8, 10, 11, 14, 15];
        for code in 1..=16 {
            let expected = if retryable.contains(&code) {
                again(None)
            } else {
                Failure::Permanent {
                    reason: String::new(),
                }
            };
            assert_eq!(grpc(Code::from(code), ""), expected, "{code}");
        }
    }

    #[test]
    fn http_statuses_are_judged_as_specified() {
        let after = Some(Duration::from_secs(3));
        let http = |status| of_http(StatusCode::from_u16(status).unwrap(), after, String::new());
        for status in [408, 429, 502, 503, 504] {
            assert_eq!(http(status), again(after), "{status}");
        }
        for status in [301, 400, 401, 404, 415, 500, 501] {
            assert_eq!(
                http(status),
                Failure::Permanent {
                    reason: String::new()
                },
                "{status}"
            );
        }
        assert_eq!(
            http(413),
            Failure::TooLarge {
                reason: String::new()
            }
        );
    }

    #[test]
    fn too_large_is_told_from_too_busy() {
        let large = Failure::TooLarge {
            reason: String::new(),
        };
        for message in [
            "grpc: received message larger than max (5000000 vs. 4194304)",
            "gRPC message exceeds maximum size 4194304: 5000000",
            "Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes",
        ] {
            assert_eq!(grpc(Code::ResourceExhausted, message), large);
            assert_eq!(grpc(Code::OutOfRange, message), large);
        }
        assert_eq!(grpc(Code::ResourceExhausted, "memory limit"), again(None));
        assert_ne!(grpc(Code::InvalidArgument, "too large"), large);
    }

    #[test]
    fn reads_the_delay_a_server_asks_for() {
        let asked = |details: &[u8]| of_grpc(Code::Unavailable, "", details, String::new());
        let delay = Duration::from_millis(1500);
        assert_eq!(asked(&details(1, 500_000_000)), again(Some(delay)));
        assert_eq!(asked(&details(-1, 0)), again(None));
        assert_eq!(asked(&details(1, -5)), again(None));
        assert_eq!(asked(b"\xff\xff"), again(None));
    }

    #[test]
    fn waits_double_up_to_the_longest_and_start_over() {
        let mut backoff = Backoff::default();
        let waits: Vec<_> = (0..10)
            .map(|_| backoff.next(None, 1.0).as_millis())
            .collect();
        let expected = [
            200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000,
        ];
        assert_eq!(waits, expected);
        assert_eq!(backoff.next(None, 0.0), LONGEST / 2);
        let asked = Some(Duration::from_mins(1));
        assert_eq!(backoff.next(asked, 0.0), Duration::from_mins(1));
        assert_eq!(backoff.next(Some(Duration::MAX), 0.0), LONGEST_ASKED);
        backoff.reset();
        assert_eq!(backoff.next(None, 1.0), FIRST);
    }
}
