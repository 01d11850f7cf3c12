//! Which headers may be recorded.

use super::value::clean;
use crate::protocol::Head;

/// Headers that hold credentials: they can not be listed, by no configuration.
const FORBIDDEN: &[&str] = &[
    "authorization",
    "proxy-authorization",
    "cookie",
    "set-cookie",
    "authentication-info",
    "proxy-authentication-info",
    "x-api-key",
    "x-auth-token",
    "x-amz-security-token",
    "x-csrf-token",
    "x-xsrf-token",
    "sec-websocket-key",
];

/// Values of one header that are recorded.
const MAX_VALUES: usize = 16;

/// A header that can't be listed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderNameError {
    #[error("header \"{0}\" holds credentials and is never recorded")]
    Forbidden(String),
    #[error("\"{0}\" is not a header name")]
    NotAName(String),
}

/// Headers to record, in lower case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeaderAllowList {
    request: Vec<Listed>,
    response: Vec<Listed>,
}

/// A listed header with the name of its attribute, which need not be made for each record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Listed {
    pub(super) name: Box<str>,
    pub(super) attribute: Box<str>,
}

impl HeaderAllowList {
    pub fn new<S: AsRef<str>>(request: &[S], response: &[S]) -> Result<Self, HeaderNameError> {
        use crate::record::{HEADER_REQUEST_PREFIX, HEADER_RESPONSE_PREFIX};
        let listed = |names: &[S], prefix: &str| {
            names
                .iter()
                .map(|name| Listed::new(name.as_ref(), prefix))
                .collect::<Result<Vec<_>, _>>()
        };
        Ok(Self {
            request: listed(request, HEADER_REQUEST_PREFIX)?,
            response: listed(response, HEADER_RESPONSE_PREFIX)?,
        })
    }

    pub(super) fn request(&self) -> &[Listed] {
        &self.request
    }

    pub(super) fn response(&self) -> &[Listed] {
        &self.response
    }
}

impl Listed {
    fn new(name: &str, prefix: &str) -> Result<Self, HeaderNameError> {
        let name = name.to_ascii_lowercase();
        let is_token = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&b);
        if name.is_empty() || !name.bytes().all(is_token) {
            return Err(HeaderNameError::NotAName(name));
        }
        if FORBIDDEN.contains(&name.as_str()) {
            return Err(HeaderNameError::Forbidden(name));
        }
        Ok(Self {
            attribute: format!("{prefix}{name}").into(),
            name: name.into(),
        })
    }
}

/// Values of a listed header; references lose what is secret in them.
pub(super) fn values(head: &Head, name: &str) -> Vec<String> {
    let is_reference = matches!(name, "referer" | "location" | "content-location");
    head.values(name)
        .take(MAX_VALUES)
        .map(|value| {
            if is_reference {
                super::target::reference(value)
            } else {
                clean(value).into_owned()
            }
        })
        .collect()
}
