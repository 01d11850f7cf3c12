//! Why the API server can't be asked, and what to do about it.

use std::error::Error;
use std::io;

use http::StatusCode;

use super::api::{MAX_ANSWER, TIMEOUT};
use crate::identity::known::Why;

/// Never the text of an answer or of a credential helper: both may hold secrets.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum Failure {
    #[error("it answers {status}{}", remedy(*.0), status = .0)]
    Refused(StatusCode),
    #[error("no connection: {0}")]
    Unreachable(String),
    #[error("no credentials: see the service account's token or the kubeconfig's user")]
    Unauthenticated,
    #[error("no answer within {} s", TIMEOUT.as_secs())]
    Silent,
    #[error("the connection broke off")]
    Lost,
    #[error("its answer exceeds {} MiB", MAX_ANSWER >> 20)]
    TooLong,
    #[error("its answer is not what was asked for: see whether a proxy answers in its place")]
    Unreadable,
    /// Of a list that was to come as the beginning of a watch.
    #[error("it does not stream lists")]
    NotStreamed,
    #[error("the request can't be made of these names")]
    Unaskable,
}

impl Failure {
    pub(super) fn of(error: &kube::Error) -> Self {
        if matches!(error, kube::Error::Auth(_)) {
            return Self::Unauthenticated;
        }
        let mut cause = error.source();
        while let Some(error) = cause {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                return Self::Unreachable(error.to_string());
            }
            cause = error.source();
        }
        Self::Lost
    }

    /// What a record says of it.
    pub(super) fn why(&self) -> Why {
        match self {
            Self::Refused(StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN)
            | Self::Unauthenticated => Why::PermissionDenied,
            _ => Why::KubernetesAway,
        }
    }
}

fn remedy(status: StatusCode) -> &'static str {
    match status {
        StatusCode::UNAUTHORIZED => {
            ": the service account's token or the kubeconfig's user is not known to it"
        }
        StatusCode::FORBIDDEN => ": bind the auditor's cluster role to its service account",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use std::io;

    use http::StatusCode;

    use super::Failure;

    #[test]
    fn a_refusal_says_what_to_do() {
        let refused = Failure::Refused(StatusCode::FORBIDDEN).to_string();
        assert!(refused.contains("403 Forbidden: bind"), "{refused}");
    }

    #[test]
    fn the_cause_of_a_failed_connection_is_told() {
        let cause = io::Error::from(io::ErrorKind::ConnectionRefused);
        let failure = Failure::of(&kube::Error::ReadEvents(cause));
        assert_eq!(failure.to_string(), "no connection: connection refused");
    }
}
