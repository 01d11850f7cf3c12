//! Names of what carries a credential, and names of which that is ruled out.
//!
//! A list of headers, claims or keys of a query to record is made of [`HeaderName`], [`ClaimName`]
//! and [`QueryKey`], so one that holds the name of a credential cannot be made, by no configuration.

#![forbid(unsafe_code)]

use std::fmt;

/// What has one of these in its name carries a credential, by its standard or by custom.
const WORDS: [&str; 20] = [
    "authorization",
    "authentication-info",
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
    "websocket-key",
    "jwt",
    "session",
    "csrf",
    "xsrf",
];

/// Keys of a query that carry one besides: of OAuth, signed URLs, sign-in forms and one-time
/// passwords. A key that is one of these, or has one of them between `-`, `_` or `.`, counts.
const QUERY_WORDS: [&str; 17] = [
    "assertion",
    "auth",
    "code",
    "hash",
    "hmac",
    "key",
    "nonce",
    "otp",
    "pass",
    "pin",
    "pwd",
    "sid",
    "sig",
    "signature",
    "state",
    "ticket",
    "verifier",
];

/// Longer than any key in use.
const MAX_QUERY_KEY: usize = 64;

/// Longer than any name in use; the names of claims may be URIs.
const MAX_CLAIM_NAME: usize = 128;

/// Name of a header, in lower case, that carries no credential.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct HeaderName(Box<str>);

/// Name of a token's claim that carries no credential.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ClaimName(Box<str>);

/// Key of a query whose value is no credential; compared as it is sent.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct QueryKey(Box<str>);

/// Why a name cannot be listed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    #[error(
        "{0:?} carries a credential, and credentials are never recorded, in no mode; remove it \
         (what is recorded of who called stands in user.id and auditor.principal.*)"
    )]
    Credential(String),
    #[error("{0:?} is not a header name; headers are named one by one")]
    Header(String),
    #[error("{0:?} is not the name of a claim: up to 128 ASCII characters without blanks")]
    Claim(String),
    #[error("{0:?} is not a key of a query: up to 64 of A-Z, a-z, 0-9 and -_.[]$")]
    QueryKey(String),
}

// === impl HeaderName ===

impl HeaderName {
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let name = name.trim().to_ascii_lowercase();
        // No wildcards: with one, the next version of a workload decides what is recorded.
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
        if name.is_empty() || !name.bytes().all(plain) {
            return Err(NameError::Header(name));
        }
        if names_a_credential(&name) {
            return Err(NameError::Credential(name));
        }
        Ok(Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for HeaderName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

// === impl ClaimName ===

impl ClaimName {
    pub fn parse(name: &str) -> Result<Self, NameError> {
        let plain = name.bytes().all(|byte| byte.is_ascii_graphic());
        if name.is_empty() || name.len() > MAX_CLAIM_NAME || !plain {
            return Err(NameError::Claim(name.to_owned()));
        }
        if names_a_credential(&name.to_ascii_lowercase()) {
            return Err(NameError::Credential(name.to_owned()));
        }
        Ok(Self(name.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClaimName {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

// === impl QueryKey ===

impl QueryKey {
    pub fn parse(key: &str) -> Result<Self, NameError> {
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.[]$".contains(&byte);
        if key.is_empty() || key.len() > MAX_QUERY_KEY || !key.bytes().all(plain) {
            return Err(NameError::QueryKey(key.to_owned()));
        }
        let lower = key.to_ascii_lowercase();
        let mut words = lower.split(|c: char| !c.is_ascii_alphanumeric());
        if names_a_credential(&lower) || words.any(|word| QUERY_WORDS.contains(&word)) {
            return Err(NameError::Credential(key.to_owned()));
        }
        Ok(Self(key.into()))
    }

    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for QueryKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.0)
    }
}

/// `name` is in lower case.
fn names_a_credential(name: &str) -> bool {
    let spelled = name.replace('_', "-");
    WORDS.iter().any(|word| spelled.contains(word))
}

#[cfg(test)]
mod tests {
    use super::{ClaimName, HeaderName, NameError, QueryKey};

    #[test]
    fn a_name_of_a_credential_cannot_be_made() {
        for name in [
            "Authorization",
            "proxy-authorization",
            "Proxy-Authentication-Info",
            "cookie",
            "set-cookie",
            "X-Api-Key",
            "x_api_key",
            "x-auth-token",
            "x-amz-security-token",
            "private-token",
            "x-csrf-token",
            "x-goog-iap-jwt-assertion",
            "ocp-apim-subscription-key",
            "sec-websocket-key",
            "x-session-id",
        ] {
            let expected = NameError::Credential(name.to_ascii_lowercase());
            assert_eq!(HeaderName::parse(name), Err(expected));
        }
        for name in ["password", "session_state", "accessToken"] {
            let expected = NameError::Credential(name.to_owned());
            assert_eq!(ClaimName::parse(name), Err(expected));
        }
    }

    #[test]
    fn a_key_of_a_query_that_carries_one_cannot_be_made() {
        for key in [
            "access_token",
            "X-Amz-Signature",
            "code",
            "api_key",
            "key",
            "user[password]",
            "sig",
        ] {
            let expected = NameError::Credential(key.to_owned());
            assert_eq!(QueryKey::parse(key), Err(expected));
        }
        for key in ["page", "sort", "filter[name]", "$top", "design", "keyword"] {
            assert_eq!(QueryKey::parse(key).unwrap().as_str(), key);
        }
        for key in ["", "a b", "a=b", "p%61ge", &"a".repeat(65)] {
            assert!(matches!(QueryKey::parse(key), Err(NameError::QueryKey(_))));
        }
    }

    #[test]
    fn other_names_can() {
        for name in ["idempotency-key", "x-auth-request-user", "X-Tenant"] {
            let parsed = HeaderName::parse(name).unwrap();
            assert_eq!(parsed.as_str(), name.to_ascii_lowercase());
        }
        for name in ["tenant", "groups", "https://example.com/Roles", "tid"] {
            assert_eq!(ClaimName::parse(name).unwrap().as_str(), name);
        }
    }

    #[test]
    fn what_is_no_name_is_refused() {
        for name in ["x-*", "", "a b", "a:b"] {
            assert!(matches!(HeaderName::parse(name), Err(NameError::Header(_))));
        }
        for name in ["", "a b", "a\n", "naïve", &"a".repeat(129)] {
            assert!(matches!(ClaimName::parse(name), Err(NameError::Claim(_))));
        }
    }
}
