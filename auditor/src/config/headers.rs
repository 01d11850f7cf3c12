//! Which HTTP headers are recorded, and which never can be.

use super::file::{HeaderChange, HeaderChanges};

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

/// A header whose name contains one of these carries a credential, by its standard or by custom.
const CREDENTIAL_WORDS: [&str; 18] = [
    "authorization",
    "cookie",
    "token",
    "secret",
    "password",
    "passwd",
    "passphrase",
    "credential",
    "api-key",
    "apikey",
    "access-key",
    "auth-key",
    "subscription-key",
    "functions-key",
    "jwt",
    "session",
    "csrf",
    "xsrf",
];

/// Names of headers in lower case, none of which carries a credential.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderAllowList {
    pub request: Vec<String>,
    pub response: Vec<String>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error(
        "headers.{side}: {name:?} carries a credential, and credentials are never recorded, in no \
         mode; remove it (what is recorded of who called stands in user.id and auditor.principal.*)"
    )]
    Credential { side: &'static str, name: String },
    #[error("headers.{side}: {name:?} is not a header name; headers are named one by one")]
    Name { side: &'static str, name: String },
    #[error("headers.{side}: set extend or replace, not both")]
    Both { side: &'static str },
}

// === impl HeaderAllowList ===

impl HeaderAllowList {
    pub(super) fn changed(changes: &HeaderChanges) -> Result<Self, HeaderError> {
        Ok(Self {
            request: names("request", &REQUEST, &changes.request)?,
            response: names("response", &RESPONSE, &changes.response)?,
        })
    }
}

fn names(
    side: &'static str,
    defaults: &[&str],
    change: &HeaderChange,
) -> Result<Vec<String>, HeaderError> {
    let defaults = defaults.iter().copied();
    let chosen: Vec<&str> = match (&change.extend, &change.replace) {
        (None, None) => defaults.collect(),
        (Some(more), None) => defaults.chain(more.iter().map(String::as_str)).collect(),
        (None, Some(only)) => only.iter().map(String::as_str).collect(),
        (Some(_), Some(_)) => return Err(HeaderError::Both { side }),
    };
    let mut names: Vec<String> = Vec::with_capacity(chosen.len());
    for name in chosen {
        let name = checked(side, name)?;
        if !names.contains(&name) {
            names.push(name);
        }
    }
    Ok(names)
}

fn checked(side: &'static str, name: &str) -> Result<String, HeaderError> {
    let name = name.trim().to_ascii_lowercase();
    // No wildcards: with one, the next version of a workload decides what is recorded.
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    if name.is_empty() || !name.bytes().all(plain) {
        return Err(HeaderError::Name { side, name });
    }
    let spelled = name.replace('_', "-");
    if CREDENTIAL_WORDS.iter().any(|word| spelled.contains(word)) {
        return Err(HeaderError::Credential { side, name });
    }
    Ok(name)
}

#[cfg(test)]
mod tests {
    use super::{HeaderAllowList, HeaderError, REQUEST, RESPONSE};
    use crate::config::file::{HeaderChange, HeaderChanges};

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

    #[test]
    fn without_a_change_the_defaults_hold_and_are_safe() {
        let list = HeaderAllowList::changed(&HeaderChanges::default()).unwrap();
        assert_eq!(list.request, REQUEST);
        assert_eq!(list.response, RESPONSE);
    }

    #[test]
    fn a_list_is_extended_or_replaced() {
        let extended =
            HeaderAllowList::changed(&request(Some(&["X-Tenant", "via"]), None)).unwrap();
        assert_eq!(extended.request.len(), REQUEST.len() + 1);
        assert_eq!(
            extended.request.last().map(String::as_str),
            Some("x-tenant")
        );
        let replaced = HeaderAllowList::changed(&request(None, Some(&[]))).unwrap();
        assert!(replaced.request.is_empty());
        assert_eq!(replaced.response, RESPONSE);
        let both = HeaderAllowList::changed(&request(Some(&[]), Some(&[])));
        assert_eq!(both, Err(HeaderError::Both { side: "request" }));
    }

    #[test]
    fn a_credential_can_never_be_added() {
        for name in [
            "Authorization",
            "proxy-authorization",
            "cookie",
            "set-cookie",
            "X-Api-Key",
            "x_api_key",
            "x-amz-security-token",
            "private-token",
            "x-goog-iap-jwt-assertion",
            "ocp-apim-subscription-key",
            "x-session-id",
        ] {
            let error = HeaderAllowList::changed(&request(Some(&[name]), None)).unwrap_err();
            assert!(
                matches!(&error, HeaderError::Credential { name: found, .. }
                    if *found == name.to_ascii_lowercase()),
                "{name}: {error}"
            );
        }
        let useful = ["idempotency-key", "x-auth-request-user", "x-tenant"];
        assert!(HeaderAllowList::changed(&request(Some(&useful), None)).is_ok());
    }

    #[test]
    fn a_pattern_is_not_a_name() {
        for name in ["x-*", "", "a b", "a:b"] {
            let error = HeaderAllowList::changed(&request(Some(&[name]), None)).unwrap_err();
            assert!(
                matches!(error, HeaderError::Name { .. }),
                "{name:?}: {error}"
            );
        }
    }
}
