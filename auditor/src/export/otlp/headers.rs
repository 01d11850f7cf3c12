//! Headers that the operator adds to every request, credentials among them.

use std::fmt;

use http::header::{HeaderMap, HeaderName, HeaderValue};

/// A shorter word in a server's message is no secret, and would be redacted all over it.
const SECRET_LENGTH: usize = 6;

/// Shows names only, in `Debug` and in errors.
#[derive(Clone, Default)]
pub(super) struct Headers(HeaderMap);

/// Says which pair is at fault, never what is in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    #[error("pair {0} is not key=value")]
    Pair(usize),
    #[error("pair {0} has a key that no HTTP header can have")]
    Name(usize),
    #[error("pair {0} has a value that no HTTP header can have")]
    Value(usize),
}

impl Headers {
    /// `key1=value1,key2=value2`, values percent-encoded, as W3C baggage is.
    pub(super) fn parse(list: &str) -> Result<Self, HeaderError> {
        let mut headers = HeaderMap::new();
        for (index, pair) in list.split(',').enumerate() {
            if pair.trim().is_empty() {
                continue;
            }
            let number = index + 1;
            let (key, value) = pair.split_once('=').ok_or(HeaderError::Pair(number))?;
            let name = HeaderName::from_bytes(key.trim().as_bytes())
                .map_err(|_| HeaderError::Name(number))?;
            let mut value = HeaderValue::from_bytes(&percent_decoded(value.trim()))
                .map_err(|_| HeaderError::Value(number))?;
            value.set_sensitive(true);
            headers.append(name, value);
        }
        Ok(Self(headers))
    }

    pub(super) fn map(&self) -> &HeaderMap {
        &self.0
    }

    /// The text without any word of a header value: a server may quote what it was sent.
    pub(super) fn redact(&self, text: &str) -> String {
        let mut text = text.to_owned();
        for value in self.0.values() {
            for word in String::from_utf8_lossy(value.as_bytes()).split_whitespace() {
                if word.len() >= SECRET_LENGTH {
                    text = text.replace(word, "[redacted]");
                }
            }
        }
        text
    }
}

impl fmt::Debug for Headers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_set().entries(self.0.keys()).finish()
    }
}

/// A `%` that starts no escape stands for itself.
fn percent_decoded(text: &str) -> Vec<u8> {
    let bytes = text.as_bytes();
    let mut decoded = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escape = (bytes[at] == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten();
        let escape = escape.filter(|hex| hex.bytes().all(|byte| byte.is_ascii_hexdigit()));
        if let Some(byte) = escape.and_then(|hex| u8::from_str_radix(hex, 16).ok()) {
            decoded.push(byte);
            at += 3;
        } else {
            decoded.push(bytes[at]);
            at += 1;
        }
    }
    decoded
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_pairs_as_the_specification_writes_them() {
        let headers =
            Headers::parse("Authorization=Bearer%20abc%3D, x-tenant = a=b ,,x-raw=50%").unwrap();
        assert_eq!(headers.map()["authorization"], "Bearer abc=");
        assert_eq!(headers.map()["x-tenant"], "a=b");
        assert_eq!(headers.map()["x-raw"], "50%");
        assert_eq!(headers.map().len(), 3);
    }

    #[test]
    fn names_the_pair_and_never_its_content() {
        assert_eq!(
            Headers::parse("a=b,secret").unwrap_err(),
            HeaderError::Pair(2)
        );
        assert_eq!(
            Headers::parse("s p=secret").unwrap_err(),
            HeaderError::Name(1)
        );
        assert_eq!(
            Headers::parse("a=secret%0a").unwrap_err(),
            HeaderError::Value(1)
        );
    }

    #[test]
    fn no_value_is_shown() {
        let headers = Headers::parse("authorization=Bearer%20s3cret-token").unwrap();
        assert_eq!(format!("{headers:?}"), "{\"authorization\"}");
        assert_eq!(
            headers.redact("bad token s3cret-token."),
            "bad token [redacted]."
        );
    }
}
