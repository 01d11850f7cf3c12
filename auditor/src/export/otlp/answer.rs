//! What a collector made of a request.

use std::time::Duration;

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceResponse;
use prost::Message;
use serde_json::Value;

/// A server's words are shown up to this length.
const MAX_MESSAGE: usize = 300;

/// The request was taken, perhaps not every record in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Accepted {
    /// Records that the server refuses for good.
    pub(super) rejected: u64,
    /// Why, or a warning although all were taken. Empty when the server said nothing.
    pub(super) message: String,
}

impl Accepted {
    /// An answer that cannot be read is no reason to send again what was taken. That to metrics has
    /// the same fields under the same numbers.
    pub(super) fn from_protobuf(answer: &[u8]) -> Self {
        match ExportLogsServiceResponse::decode(answer) {
            Ok(ExportLogsServiceResponse {
                partial_success: Some(partial),
            }) => Self::partial(partial.rejected_log_records, &partial.error_message),
            Ok(_) => Self::default(),
            Err(_) => Self::unreadable(),
        }
    }

    pub(super) fn from_json(answer: &[u8]) -> Self {
        if answer.is_empty() {
            return Self::default();
        }
        let Ok(answer) = serde_json::from_slice::<Value>(answer) else {
            return Self::unreadable();
        };
        let partial = &answer["partialSuccess"];
        // 64-bit integers are strings in protobuf's JSON; readers must take numbers as well.
        let rejected = match partial.get("rejectedLogRecords") {
            Some(rejected) => rejected,
            None => &partial["rejectedDataPoints"],
        };
        let rejected = match rejected {
            Value::String(text) => text.parse().unwrap_or(0),
            number => number.as_i64().unwrap_or(0),
        };
        Self::partial(
            rejected,
            partial["errorMessage"].as_str().unwrap_or_default(),
        )
    }

    fn partial(rejected: i64, message: &str) -> Self {
        Self {
            rejected: u64::try_from(rejected).unwrap_or(0),
            message: shown(message),
        }
    }

    fn unreadable() -> Self {
        Self {
            rejected: 0,
            message: "the answer is not an OTLP response".into(),
        }
    }
}

/// The request was not taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    /// Worth another try, not before `after` where the server said so.
    Again {
        after: Option<Duration>,
        reason: String,
    },
    /// Worth another try when somebody has put it right: the credentials, the address.
    Denied { reason: String },
    /// Worth another try in smaller pieces.
    TooLarge { reason: String },
    /// The same request will never be taken, though perhaps a part of it.
    Permanent { reason: String },
}

impl Failure {
    pub(super) fn again(reason: impl Into<String>) -> Self {
        Self::Again {
            after: None,
            reason: reason.into(),
        }
    }

    pub(super) fn into_reason(self) -> String {
        match self {
            Self::Again { reason, .. }
            | Self::Denied { reason }
            | Self::TooLarge { reason }
            | Self::Permanent { reason } => reason,
        }
    }

    pub(super) fn map_reason(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Again { after, reason } => Self::Again {
                after,
                reason: change(reason),
            },
            Self::Denied { reason } => Self::Denied {
                reason: change(reason),
            },
            Self::TooLarge { reason } => Self::TooLarge {
                reason: change(reason),
            },
            Self::Permanent { reason } => Self::Permanent {
                reason: change(reason),
            },
        }
    }
}

/// A server's text, bounded and on one line.
pub(super) fn shown(text: &str) -> String {
    let clean = |c: char| if c.is_control() { ' ' } else { c };
    let mut shown: String = text.trim().chars().take(MAX_MESSAGE).map(clean).collect();
    if text.trim().chars().nth(MAX_MESSAGE).is_some() {
        shown.push('…');
    }
    shown
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsPartialSuccess;

    use super::*;

    fn protobuf(rejected: i64, message: &str) -> Vec<u8> {
        let partial = ExportLogsPartialSuccess {
            rejected_log_records: rejected,
            error_message: message.into(),
        };
        ExportLogsServiceResponse {
            partial_success: Some(partial),
        }
        .encode_to_vec()
    }

    fn accepted(rejected: u64, message: &str) -> Accepted {
        Accepted {
            rejected,
            message: message.into(),
        }
    }

    #[test]
    fn reads_a_partial_success_in_both_encodings() {
        assert_eq!(
            Accepted::from_protobuf(&protobuf(3, "too old")),
            accepted(3, "too old")
        );
        assert_eq!(Accepted::from_protobuf(&protobuf(-1, "")), accepted(0, ""));
        assert_eq!(Accepted::from_protobuf(b""), accepted(0, ""));
        let json = br#"{"partialSuccess":{"rejectedLogRecords":"3","errorMessage":"too old"}}"#;
        assert_eq!(Accepted::from_json(json), accepted(3, "too old"));
        let json = br#"{"partialSuccess":{"rejectedLogRecords":3}}"#;
        assert_eq!(Accepted::from_json(json), accepted(3, ""));
        let json = br#"{"partialSuccess":{"rejectedDataPoints":"2"}}"#;
        assert_eq!(Accepted::from_json(json), accepted(2, ""));
        assert_eq!(Accepted::from_json(b"{}"), accepted(0, ""));
        assert_eq!(Accepted::from_json(b""), accepted(0, ""));
    }

    #[test]
    fn an_unreadable_answer_to_a_taken_request_rejects_nothing() {
        assert_eq!(Accepted::from_protobuf(b"\xff").rejected, 0);
        assert_eq!(Accepted::from_json(b"<html>"), Accepted::unreadable());
    }

    #[test]
    fn a_message_is_one_bounded_line() {
        assert_eq!(shown(" a\nb\u{1b}c "), "a b c");
        assert_eq!(shown(&"x".repeat(1000)).chars().count(), MAX_MESSAGE + 1);
    }
}
