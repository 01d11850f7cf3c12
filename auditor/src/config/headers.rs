//! Which HTTP headers are recorded.

use super::file::{HeaderChange, HeaderChanges};
use crate::credential::{HeaderName, NameError};

const REQUEST: [&str; 10] = [
    "x-request-id",
    "x-correlation-id",
    "x-forwarded-for",
    "x-forwarded-proto",
    "x-forwarded-host",
    "forwarded",
    "via",
    "content-type",
    "referer",
    "grpc-timeout",
];

const RESPONSE: [&str; 6] = [
    "content-type",
    "location",
    "server",
    "x-request-id",
    "retry-after",
    "x-envoy-upstream-service-time",
];

/// Headers that are recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordedHeaders {
    pub request: Vec<HeaderName>,
    pub response: Vec<HeaderName>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("{key}: {source}")]
    Name {
        key: &'static str,
        source: NameError,
    },
    #[error("{key}: set extend or replace, not both")]
    Both { key: &'static str },
}

// === impl RecordedHeaders ===

impl RecordedHeaders {
    pub(super) fn changed(changes: &HeaderChanges) -> Result<Self, HeaderError> {
        Ok(Self {
            request: names("headers.request", &REQUEST, &changes.request)?,
            response: names("headers.response", &RESPONSE, &changes.response)?,
        })
    }
}

// === impl HeaderChange ===

impl HeaderChange {
    /// The change that leaves just these.
    pub(super) fn to(names: &[HeaderName]) -> Self {
        Self {
            extend: None,
            replace: Some(names.iter().map(HeaderName::to_string).collect()),
        }
    }
}

/// The defaults, changed; each name once. `key` is where the change stands in the file.
pub(super) fn names(
    key: &'static str,
    defaults: &[&str],
    change: &HeaderChange,
) -> Result<Vec<HeaderName>, HeaderError> {
    let defaults = defaults.iter().copied();
    let chosen: Vec<&str> = match (&change.extend, &change.replace) {
        (None, None) => defaults.collect(),
        (Some(more), None) => defaults.chain(more.iter().map(String::as_str)).collect(),
        (None, Some(only)) => only.iter().map(String::as_str).collect(),
        (Some(_), Some(_)) => return Err(HeaderError::Both { key }),
    };
    let mut names: Vec<HeaderName> = Vec::with_capacity(chosen.len());
    for name in chosen {
        let name = HeaderName::parse(name).map_err(|source| HeaderError::Name { key, source })?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

#[cfg(test)]
mod tests {
    use super::{HeaderError, REQUEST, RESPONSE, RecordedHeaders};
    use crate::config::file::{HeaderChange, HeaderChanges};
    use crate::credential::{HeaderName, NameError};

    fn request(extend: Option<&[&str]>, replace: Option<&[&str]>) -> HeaderChanges {
        let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        HeaderChanges {
            request: HeaderChange {
                extend: extend.map(owned),
                replace: replace.map(owned),
            },
            response: HeaderChange::default(),
        }
    }

    fn text(names: &[HeaderName]) -> Vec<&str> {
        names.iter().map(HeaderName::as_str).collect()
    }

    #[test]
    fn without_a_change_the_defaults_hold_and_are_safe() {
        let list = RecordedHeaders::changed(&HeaderChanges::default()).unwrap();
        assert_eq!(text(&list.request), REQUEST);
        assert_eq!(text(&list.response), RESPONSE);
    }

    #[test]
    fn a_list_is_extended_or_replaced() {
        let extended =
            RecordedHeaders::changed(&request(Some(&["X-Tenant", "via"]), None)).unwrap();
        assert_eq!(extended.request.len(), REQUEST.len() + 1);
        assert_eq!(
            extended.request.last().map(HeaderName::as_str),
            Some("x-tenant")
        );
        let replaced = RecordedHeaders::changed(&request(None, Some(&[]))).unwrap();
        assert!(replaced.request.is_empty());
        assert_eq!(text(&replaced.response), RESPONSE);
        let both = RecordedHeaders::changed(&request(Some(&[]), Some(&[])));
        let key = "headers.request";
        assert_eq!(both, Err(HeaderError::Both { key }));
    }

    #[test]
    fn a_name_that_cannot_be_listed_is_refused_with_its_key() {
        let error = RecordedHeaders::changed(&request(Some(&["Cookie"]), None)).unwrap_err();
        let source = NameError::Credential("cookie".to_owned());
        let key = "headers.request";
        assert_eq!(error, HeaderError::Name { key, source });
        assert!(error.to_string().starts_with("headers.request: \"cookie\""));
    }
}
