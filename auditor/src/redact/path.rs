//! A path, with what must not be told of it replaced.

use std::borrow::Cow;

use super::{
    segment::held,
    value::{MAX_VALUE, REDACTED, clean},
};
use crate::config::PathPatterns;

/// The path segment by segment, fit for a record.
pub(super) fn path(path: &[u8], patterns: PathPatterns) -> Cow<'_, str> {
    let segments = || path.split(|&byte| byte == b'/');
    if !path.contains(&b';') && segments().all(|segment| held(segment, patterns).is_none()) {
        return clean(path);
    }
    let mut out = String::with_capacity(path.len());
    for (n, segment) in segments().enumerate() {
        if n > 0 {
            out.push('/');
        }
        push(&mut out, segment, patterns);
        if out.len() > MAX_VALUE {
            break;
        }
    }
    // Once more as a whole: a token may reach over a slash that was escaped.
    Cow::Owned(clean(out.as_bytes()).into_owned())
}

/// A segment and its parameters (RFC 3986, 3.3), whose values are like those of a query.
fn push(out: &mut String, segment: &[u8], patterns: PathPatterns) {
    let mut parts = segment.split(|&byte| byte == b';');
    out.push_str(&word(parts.next().unwrap_or_default(), patterns));
    for parameter in parts {
        out.push(';');
        match parameter.iter().position(|&byte| byte == b'=') {
            Some(at) => {
                out.push_str(&word(&parameter[..at], patterns));
                out.push('=');
                out.push_str(REDACTED);
            }
            None => out.push_str(&word(parameter, patterns)),
        }
    }
}

/// A segment, or a word that stands where one could.
pub(super) fn word(text: &[u8], patterns: PathPatterns) -> Cow<'_, str> {
    held(text, patterns).map_or_else(|| clean(text), Cow::Borrowed)
}

#[cfg(test)]
mod tests {
    use super::path;
    use crate::config::PathPatterns;

    #[test]
    fn the_route_stays_readable() {
        let patterns = PathPatterns {
            uuid: true,
            number: true,
            ..PathPatterns::default()
        };
        for (sent, told) in [
            (
                "/users/6f1ed002-ab59-5b2c-8d1e-0242ac120002/cards/4111111111111111",
                "/users/{uuid}/cards/{card}",
            ),
            ("/orders/17/items/3", "/orders/{number}/items/{number}"),
            ("/mail/a%40example.org/in", "/mail/{email}/in"),
            (
                "/shop;jsessionid=1A2B/cart;v=2;x",
                "/shop;jsessionid=REDACTED/cart;v=REDACTED;x",
            ),
            ("*", "*"),
            ("", ""),
            ("//", "//"),
            ("/a\u{1}b/17", "/a%01b/{number}"),
        ] {
            assert_eq!(path(sent.as_bytes(), patterns), told);
        }
    }

    #[test]
    fn by_default_the_object_that_was_accessed_is_told() {
        let sent = "/patients/17/6f1ed002-ab59-5b2c-8d1e-0242ac120002";
        assert_eq!(path(sent.as_bytes(), PathPatterns::default()), sent);
    }
}
