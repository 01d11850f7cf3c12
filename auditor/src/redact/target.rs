//! The request target: where it points, without what is secret in it.

use std::borrow::Cow;

use super::{
    path::{path, word},
    policy::Policy,
    value::{MAX_VALUE, REDACTED, clean},
};
use crate::config::PathPatterns;
use crate::protocol::{Head, Version};

/// A request target taken apart; all parts as sent.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Target<'a> {
    pub(super) scheme: Option<&'a [u8]>,
    /// Without user information.
    pub(super) authority: Option<&'a [u8]>,
    pub(super) path: &'a [u8],
    pub(super) query: Option<&'a [u8]>,
}

impl<'a> Target<'a> {
    /// What a request asks for, in either version.
    pub(super) fn of_head(head: &'a Head) -> Self {
        let target = head.target().unwrap_or_default();
        let method = head.method().unwrap_or_default();
        if head.version() != Version::Http2 {
            return Self::of(target, method);
        }
        // A path is never an authority here: that has a field of its own.
        let (path, query) = path_and_query(target);
        Self {
            scheme: None,
            authority: head.authority().map(without_user_information),
            path,
            query,
        }
    }

    /// Origin, absolute, authority (CONNECT) or asterisk form.
    pub(super) fn of(target: &'a [u8], method: &[u8]) -> Self {
        if method == b"CONNECT" {
            return Self {
                scheme: None,
                authority: Some(without_user_information(target)),
                path: b"",
                query: None,
            };
        }
        let (scheme, authority, rest) = match split_absolute(target) {
            Some((scheme, authority, rest)) => (Some(scheme), Some(authority), rest),
            None => (None, None, target),
        };
        let (path, query) = path_and_query(rest);
        Self {
            scheme,
            authority: authority.map(without_user_information),
            path,
            query,
        }
    }

    /// The path that is asked for: absolute form without one means the root, or, of OPTIONS
    /// without a query, the server itself (RFC 9110, 4.2.3; RFC 9112, 3.2.4).
    pub(super) fn requested_path(&self, method: &[u8]) -> &'a [u8] {
        match self.scheme {
            Some(_) if !self.path.is_empty() => self.path,
            Some(_) if method == b"OPTIONS" && self.query.is_none() => b"*",
            Some(_) => b"/",
            None => self.path,
        }
    }
}

/// A URL or a reference as it may stand in a header: user information cut, path and query redacted.
pub(super) fn reference(value: &[u8], policy: &Policy) -> String {
    let target = Target::of(value, b"GET");
    let mut out = String::new();
    if let (Some(scheme), Some(authority)) = (target.scheme, target.authority) {
        out.push_str(&clean(scheme));
        out.push_str("://");
        out.push_str(&clean(authority));
    }
    out.push_str(&path(target.path, policy.path));
    if let Some(query) = target.query {
        out.push('?');
        push_query(&mut out, query, policy);
    }
    out
}

/// Appends a query with its keys, in order, and only the values that are asked for.
pub(super) fn push_query(out: &mut String, query: &[u8], policy: &Policy) {
    let begun = out.len();
    for (n, pair) in query.split(|&b| b == b'&').enumerate() {
        if n > 0 {
            out.push('&');
        }
        match pair.iter().position(|&b| b == b'=') {
            Some(at) => {
                let (key, value) = (&pair[..at], &pair[at + 1..]);
                out.push_str(&self::key(key, policy));
                out.push('=');
                if policy.keeps(key) {
                    // Numbers are what such values are made of.
                    let patterns = PathPatterns {
                        uuid: false,
                        number: false,
                        ..policy.path
                    };
                    out.push_str(&word(value, patterns));
                } else {
                    out.push_str(REDACTED);
                }
            }
            None => out.push_str(&key(pair, policy)),
        }
        if out.len() - begun > MAX_VALUE {
            break;
        }
    }
}

/// A key is the program's word, unless it is so long, or holds something, that it must be a value.
fn key<'a>(key: &'a [u8], policy: &Policy) -> Cow<'a, str> {
    const MAX_KEY: usize = 64;
    if key.len() > MAX_KEY {
        Cow::Borrowed(REDACTED)
    } else {
        word(key, policy.path)
    }
}

/// Host and port of an authority or a `Host` field.
pub(super) fn host_and_port(authority: &[u8]) -> (Cow<'_, str>, Option<u16>) {
    let colon = authority.iter().rposition(|&b| b == b':');
    let bracket = authority.iter().rposition(|&b| b == b']');
    if let Some(colon) = colon
        && bracket.is_none_or(|bracket| bracket < colon)
    {
        let port = std::str::from_utf8(&authority[colon + 1..]).ok();
        let port = port.filter(|p| p.bytes().all(|b| b.is_ascii_digit()));
        if let Some(port) = port.and_then(|p| p.parse().ok()) {
            return (host(&authority[..colon]), Some(port));
        }
    }
    (host(authority), None)
}

/// An IPv6 literal loses its brackets.
fn host(host: &[u8]) -> Cow<'_, str> {
    match host {
        [b'[', inner @ .., b']'] => clean(inner),
        _ => clean(host),
    }
}

fn path_and_query(text: &[u8]) -> (&[u8], Option<&[u8]>) {
    let text = &text[..text.iter().position(|&b| b == b'#').unwrap_or(text.len())];
    match text.iter().position(|&b| b == b'?') {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    }
}

fn split_absolute(target: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    // A path, as almost always.
    if target.first() == Some(&b'/') {
        return None;
    }
    let at = target.windows(3).position(|w| w == b"://")?;
    let scheme = &target[..at];
    if scheme.is_empty()
        || !scheme
            .iter()
            .all(|b| b.is_ascii_alphanumeric() || b"+-.".contains(b))
    {
        return None;
    }
    let rest = &target[at + 3..];
    let end = rest
        .iter()
        .position(|b| b"/?#".contains(b))
        .unwrap_or(rest.len());
    Some((scheme, &rest[..end], &rest[end..]))
}

fn without_user_information(authority: &[u8]) -> &[u8] {
    match authority.iter().rposition(|&b| b == b'@') {
        Some(at) => &authority[at + 1..],
        None => authority,
    }
}
