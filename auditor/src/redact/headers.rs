//! Which headers may be recorded.

use super::value::clean;
use crate::credential::HeaderName;
use crate::protocol::Head;
use crate::record::{HEADER_REQUEST_PREFIX, HEADER_RESPONSE_PREFIX};

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
