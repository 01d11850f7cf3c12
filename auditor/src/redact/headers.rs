//! Which headers may be recorded.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::{policy::Policy, value::clean};
use crate::credential::HeaderName;
use crate::protocol::Head;
use crate::record::{HEADER_REQUEST_PREFIX, HEADER_RESPONSE_PREFIX};

/// Headers that hold a URL or a path.
const REFERENCES: [&str; 9] = [
    "referer",
    "location",
    "content-location",
    "x-original-url",
    "x-original-uri",
    "x-rewrite-url",
    "x-forwarded-uri",
    "x-forwarded-path",
    "x-envoy-original-path",
];

/// Values of one header that are recorded.
const MAX_VALUES: usize = 16;

/// Headers to record; by the type of their names, none that carries a credential.
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
    pub fn new(request: &[HeaderName], response: &[HeaderName]) -> Self {
        let listed = |names: &[HeaderName], prefix| {
            names.iter().map(|name| Listed::new(name, prefix)).collect()
        };
        Self {
            request: listed(request, HEADER_REQUEST_PREFIX),
            response: listed(response, HEADER_RESPONSE_PREFIX),
        }
    }

    pub(super) fn request(&self) -> &[Listed] {
        &self.request
    }

    pub(super) fn response(&self) -> &[Listed] {
        &self.response
    }
}

impl Listed {
    fn new(name: &HeaderName, prefix: &str) -> Self {
        Self {
            attribute: format!("{prefix}{name}").into(),
            name: name.as_str().into(),
        }
    }
}

/// Values of a listed header; references lose what is secret in them.
pub(super) fn values<'a>(
    head: &'a Head,
    name: &'a str,
    policy: &Policy,
) -> SmallVec<[Cow<'a, str>; 1]> {
    let is_reference = REFERENCES.contains(&name);
    head.values(name)
        .take(MAX_VALUES)
        .map(|value| {
            if is_reference {
                Cow::Owned(super::target::reference(value, policy))
            } else {
                clean(value)
            }
        })
        .collect()
}
