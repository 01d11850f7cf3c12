//! How long a message body is (RFC 9112, section 6.3).

use crate::protocol::{Head, Version};

/// What follows a head.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Body {
    None,
    Length(u64),
    Chunked,
    UntilClose,
    /// No more HTTP: the connection carries something else from here on.
    Tunnel,
    /// An interim response: another head follows.
    Interim,
    /// The head contradicts itself; what follows can't be told.
    Doubtful,
}

/// Body of a request.
pub fn of_request(head: &Head) -> Body {
    if head.is_obscured() {
        return Body::Doubtful;
    }
    match coding(head) {
        Coding::Chunked => Body::Chunked,
        // A request body must have a known end.
        Coding::Other | Coding::Contradiction => Body::Doubtful,
        Coding::None => match length(head) {
            Length::Absent | Length::Known(0) => Body::None,
            Length::Known(n) => Body::Length(n),
            Length::Contradiction => Body::Doubtful,
        },
    }
}

/// Body of a response to a request with `method`, if that is known.
pub fn of_response(head: &Head, method: Option<&[u8]>) -> Body {
    let status = head.status().unwrap_or_default();
    let connected = method == Some(b"CONNECT") && (200..300).contains(&status);
    if status == 101 || connected {
        return Body::Tunnel;
    }
    if status < 200 {
        return Body::Interim;
    }
    if status == 204 || status == 304 || method == Some(b"HEAD") {
        return Body::None;
    }
    if head.is_obscured() {
        return Body::Doubtful;
    }
    match coding(head) {
        Coding::Chunked => Body::Chunked,
        Coding::Other => Body::UntilClose,
        Coding::Contradiction => Body::Doubtful,
        Coding::None => match length(head) {
            Length::Absent => Body::UntilClose,
            Length::Known(0) => Body::None,
            Length::Known(n) => Body::Length(n),
            Length::Contradiction => Body::Doubtful,
        },
    }
}

/// The head says two things about its body. Where it is chunked that is followed, as the standard
/// tells recipients to, but not all of them do.
pub fn is_ambiguous(head: &Head, body: Body) -> bool {
    let chunked_and_more =
        head.version() == Version::Http10 || head.values("content-length").next().is_some();
    body == Body::Doubtful || (body == Body::Chunked && chunked_and_more)
}

enum Coding {
    None,
    Chunked,
    /// A coding that is not delimited by itself.
    Other,
    Contradiction,
}

/// The last transfer coding decides.
fn coding(head: &Head) -> Coding {
    let mut last = Coding::None;
    for value in head.values("transfer-encoding") {
        for coding in value.split(|&b| b == b',') {
            let coding = coding.trim_ascii();
            last = match last {
                // Chunked must be the last.
                Coding::Chunked | Coding::Contradiction => Coding::Contradiction,
                _ if coding.eq_ignore_ascii_case(b"chunked") => Coding::Chunked,
                other if coding.is_empty() => other,
                _ => Coding::Other,
            };
        }
    }
    last
}

enum Length {
    Absent,
    Known(u64),
    Contradiction,
}

/// Equal repetitions are one length.
fn length(head: &Head) -> Length {
    let mut length = Length::Absent;
    for value in head.values("content-length") {
        for part in value.split(|&b| b == b',') {
            let Some(n) = digits(part.trim_ascii()) else {
                return Length::Contradiction;
            };
            length = match length {
                Length::Absent => Length::Known(n),
                Length::Known(m) if m == n => Length::Known(n),
                _ => return Length::Contradiction,
            };
        }
    }
    length
}

fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || !text.iter().all(u8::is_ascii_digit) {
        return None;
    }
    std::str::from_utf8(text).ok()?.parse().ok()
}
