//! What a request asks for, and by what program.

use std::borrow::Cow;

use super::{
    attributes::Attributes,
    http::Wire,
    path::path,
    policy::Policy,
    target::{Target, host_and_port, push_query},
    value::clean,
};
use crate::{
    protocol::{Head, Version},
    record::attribute as a,
};

/// Methods of RFC 9110 and RFC 5789.
const METHODS: &[&[u8]] = &[
    b"GET", b"HEAD", b"POST", b"PUT", b"DELETE", b"CONNECT", b"OPTIONS", b"TRACE", b"PATCH",
];

/// The question of an exchange, fit for a record.
pub(super) struct Asked<'a> {
    head: &'a Head,
    pub(super) method: Option<Cow<'a, str>>,
    /// As sent, without user information.
    pub(super) authority: Option<&'a [u8]>,
    pub(super) path: Cow<'a, str>,
    /// As sent.
    query: Option<&'a [u8]>,
}

impl<'a> Asked<'a> {
    pub(super) fn of(head: &'a Head, policy: &Policy) -> Self {
        let target = Target::of_head(head);
        let method = head.method();
        let asked = target.requested_path(method.unwrap_or_default());
        Self {
            head,
            method: method.map(clean),
            authority: target.authority.or_else(|| head.values("host").next()),
            path: path(asked, policy.path),
            query: target.query,
        }
    }

    pub(super) fn write(&self, attributes: &mut Attributes<'_>, wire: Wire, policy: &Policy) {
        let head = self.head;
        if let Some(method) = &self.method {
            if head
                .method()
                .is_some_and(|method| METHODS.contains(&method))
            {
                attributes.string(a::HTTP_REQUEST_METHOD, method);
            } else {
                attributes.string(a::HTTP_REQUEST_METHOD, "_OTHER");
                attributes.string(a::HTTP_REQUEST_METHOD_ORIGINAL, method);
            }
        }
        if !self.path.is_empty() {
            attributes.string(a::URL_PATH, &self.path);
        }
        if let Some(query) = self.query {
            attributes.text(a::URL_QUERY, |text| push_query(text, query, policy));
        }
        // HTTP/1 says no scheme of its own; HTTP/2 says what the client was asked for.
        match head.version() {
            Version::Http2 => {
                if let Some(scheme) = head.scheme() {
                    attributes.string(a::URL_SCHEME, &clean(scheme));
                }
            }
            _ if wire == Wire::Encrypted => attributes.string(a::URL_SCHEME, "https"),
            _ => attributes.string(a::URL_SCHEME, "http"),
        }
        if let Some(authority) = self.authority.filter(|a| !a.is_empty()) {
            let (host, port) = host_and_port(authority);
            attributes.string(a::SERVER_ADDRESS, &host);
            if let Some(port) = port {
                attributes.int(a::SERVER_PORT, u64::from(port));
            }
        }
        if let Some(agent) = head.values("user-agent").next() {
            attributes.string(a::USER_AGENT_ORIGINAL, &clean(agent));
        }
    }
}
