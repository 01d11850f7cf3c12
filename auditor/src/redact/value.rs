//! Values from the wire, made fit for a record.

use std::borrow::Cow;

use memchr::memchr_iter;

use crate::text::printable;

/// What stands in place of a secret.
pub(super) const REDACTED: &str = "REDACTED";

/// Longest value of an attribute; heads are kept up to 16 KiB, so this rarely bites.
pub(super) const MAX_VALUE: usize = 8 * 1024;

/// How keys of common services begin. Some services take them where a user's name belongs.
const KEYS: [&str; 11] = [
    "ghp_",
    "gho_",
    "ghu_",
    "ghs_",
    "ghr_",
    "github_pat_",
    "glpat-",
    "sk_live_",
    "sk_test_",
    "xoxb-",
    "hvs.",
];

/// What somebody goes by, clean: a key or a token that is used as a name is no name.
pub(super) fn name(name: &str) -> Cow<'_, str> {
    if is_service_key(name.as_bytes()) {
        return Cow::Borrowed(REDACTED);
    }
    clean(name.as_bytes())
}

/// It begins like the key of a common service.
pub(super) fn is_service_key(text: &[u8]) -> bool {
    matches!(text, [b'g' | b's' | b'x' | b'h', ..])
        && KEYS.iter().any(|key| text.starts_with(key.as_bytes()))
}

/// Printable, without tokens, at most [`MAX_VALUE`] bytes.
pub(super) fn clean(bytes: &[u8]) -> Cow<'_, str> {
    let bytes = &bytes[..bytes.len().min(MAX_VALUE)];
    let text = match std::str::from_utf8(bytes) {
        Ok(text) if is_printable(text) => Cow::Borrowed(text),
        _ => Cow::Owned(bounded(printable(bytes))),
    };
    if has_token(&text) {
        return Cow::Owned(without_tokens(&text));
    }
    text
}

fn bounded(mut text: String) -> String {
    if text.len() > MAX_VALUE {
        text.truncate(text.floor_char_boundary(MAX_VALUE));
    }
    text
}

fn is_printable(text: &str) -> bool {
    if text.is_ascii() {
        !text.bytes().any(|byte| byte.is_ascii_control())
    } else {
        !text.chars().any(char::is_control)
    }
}

/// Tokens that anything may carry by mistake: a JWT begins with `eyJ` (`{"` in base64url).
fn has_token(text: &str) -> bool {
    // The letter that is rare in values.
    memchr_iter(b'J', text.as_bytes()).any(|at| text.as_bytes()[..at].ends_with(b"ey"))
}

/// Every JWT-like word replaced.
fn without_tokens(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("eyJ") {
        let end = rest[at..]
            .find(|c: char| !(c.is_ascii_alphanumeric() || "-_.=%".contains(c)))
            .map_or(rest.len(), |n| at + n);
        out.push_str(&rest[..at]);
        let word = &rest[at..end];
        // Three parts, or so long that it is no word of a language.
        if word.matches('.').count() >= 1 || word.len() > 20 {
            out.push_str(REDACTED);
        } else {
            out.push_str(word);
        }
        rest = &rest[end..];
    }
    out.push_str(rest);
    out
}
