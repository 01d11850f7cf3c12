//! Lists of elements of `name=value` pairs, as `Forwarded` (RFC 7239, 4) and Envoy's
//! `x-forwarded-client-cert` have them: `a=1;b="two, quoted",a=3`.

use std::borrow::Cow;

/// One element; every proxy on the way adds its own behind those that came.
#[derive(Clone, Copy, Debug)]
pub(super) struct Element<'a>(&'a [u8]);

impl<'a> Element<'a> {
    /// Values of that name, in order, without quotes. Names have no case.
    pub(super) fn values(self, name: &str) -> impl Iterator<Item = Cow<'a, [u8]>> {
        split(self.0, b';').filter_map(move |pair| {
            let at = pair.iter().position(|&b| b == b'=')?;
            let named = pair[..at].eq_ignore_ascii_case(name.as_bytes());
            named.then(|| unquoted(&pair[at + 1..]))
        })
    }
}

/// The elements of a value in order; `None` if a quote is not closed, so that it cannot be told
/// where the elements end.
pub(super) fn elements(value: &[u8]) -> Option<impl DoubleEndedIterator<Item = Element<'_>>> {
    let closed = end(value, None) == value.len();
    closed.then(|| {
        split(value, b',')
            .map(Element)
            .collect::<Vec<_>>()
            .into_iter()
    })
}

/// The parts between separators that are not quoted.
fn split(text: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let mut rest = Some(text);
    std::iter::from_fn(move || {
        let text = rest?;
        let end = end(text, Some(separator)).min(text.len());
        rest = text.get(end + 1..);
        Some(text[..end].trim_ascii())
    })
}

/// Where the first separator stands outside quotes; without one the length of the text, and one
/// more if a quote is open there.
fn end(text: &[u8], separator: Option<u8>) -> usize {
    let (mut quoted, mut escaped) = (false, false);
    for (at, &byte) in text.iter().enumerate() {
        if Some(byte) == separator && !quoted {
            return at;
        }
        (quoted, escaped) = match byte {
            b'"' if !escaped => (!quoted, false),
            b'\\' if quoted && !escaped => (true, true),
            _ => (quoted, false),
        };
    }
    text.len() + usize::from(quoted)
}

fn unquoted(value: &[u8]) -> Cow<'_, [u8]> {
    let [b'"', inner @ .., b'"'] = value else {
        return Cow::Borrowed(value);
    };
    if !inner.contains(&b'\\') {
        return Cow::Borrowed(inner);
    }
    let mut text = Vec::with_capacity(inner.len());
    let mut bytes = inner.iter();
    while let Some(&byte) = bytes.next() {
        let escaped = (byte == b'\\').then(|| bytes.next()).flatten();
        text.push(escaped.copied().unwrap_or(byte));
    }
    Cow::Owned(text)
}

#[cfg(test)]
mod tests {
    use super::elements;

    fn read(value: &str, name: &str) -> Vec<Vec<String>> {
        let text = |value: &[u8]| String::from_utf8(value.to_vec()).unwrap();
        let elements = elements(value.as_bytes()).unwrap();
        elements
            .map(|element| element.values(name).map(|value| text(&value)).collect())
            .collect()
    }

    #[test]
    fn elements_and_pairs_come_apart_outside_quotes_only() {
        assert_eq!(read("for=a;by=b, for=c", "for"), [["a"], ["c"]]);
        assert_eq!(read("For=\"[::1]:80\" ;by=b", "for"), [["[::1]:80"]]);
        assert_eq!(
            read(r#"Subject="CN=a\"b,O=x;y";URI=u1;URI=u2,URI=u3"#, "subject"),
            [vec![r#"CN=a"b,O=x;y"#], vec![]]
        );
        assert_eq!(
            read("URI=u1;URI=u2,URI=u3", "uri"),
            [vec!["u1", "u2"], vec!["u3"]]
        );
        assert_eq!(read("", "for"), [Vec::<String>::new()]);
    }

    #[test]
    fn an_open_quote_hides_where_elements_end() {
        for value in ["for=\"a, for=b", "\"", "for=\"a\\\""] {
            assert!(elements(value.as_bytes()).is_none(), "{value}");
        }
    }
}
