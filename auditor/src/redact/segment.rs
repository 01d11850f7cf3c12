//! What a segment of a path holds that must not be told.
//!
//! A segment is looked at as the application will read it, with its escapes undone. What holds one
//! of these anywhere is replaced as a whole: what stands beside it may belong to it.

use std::borrow::Cow;

use super::value::is_service_key;
use crate::config::PathPatterns;

/// A proxy and an application behind it may each undo a layer of escapes.
const MAX_LAYERS: usize = 3;

/// Digits of a card's number (ISO/IEC 7812).
const CARD_DIGITS: std::ops::RangeInclusive<usize> = 13..=19;
/// First digits of payment cards; 0, 1, 7, 8 and 9 are of others, and begin times and counters.
const CARD_BEGINS: std::ops::RangeInclusive<u8> = b'2'..=b'6';

/// 128 bits in hexadecimal.
const TOKEN_DIGITS: usize = 32;
/// 120 bits in base64; shorter ones can't be told from words.
const MIXED_TOKEN: usize = 20;

/// The word that takes the segment's place, if one does.
pub(super) fn held(segment: &[u8], patterns: PathPatterns) -> Option<&'static str> {
    if is_short_word(segment) {
        return (patterns.token && runs(segment).any(is_service_key)).then_some("{token}");
    }
    let plain = unescaped(segment);
    if patterns.email && holds_email(&plain) {
        return Some("{email}");
    }
    if is_uuid(&plain) {
        return patterns.uuid.then_some("{uuid}");
    }
    if patterns.card && holds_card(&plain) {
        return Some("{card}");
    }
    if patterns.token && holds_token(&plain) {
        return Some("{token}");
    }
    (patterns.number && is_number(&plain)).then_some("{number}")
}

/// It has room for nothing but a key that is known by its beginning. Most segments are like that,
/// and looking for everything in each would cost more than all else that is done with a record.
fn is_short_word(segment: &[u8]) -> bool {
    segment.len() < MIXED_TOKEN
        && !is_number(segment)
        && segment.iter().filter(|byte| byte.is_ascii_digit()).count() < *CARD_DIGITS.start()
        && !segment.iter().any(|byte| b"@%".contains(byte))
}

/// Without its percent escapes, however many times it was escaped.
fn unescaped(segment: &[u8]) -> Cow<'_, [u8]> {
    let mut plain = Cow::Borrowed(segment);
    for _ in 0..MAX_LAYERS {
        if !plain.contains(&b'%') {
            break;
        }
        plain = Cow::Owned(one_layer(&plain));
    }
    plain
}

fn one_layer(escaped: &[u8]) -> Vec<u8> {
    let mut plain = Vec::with_capacity(escaped.len());
    let mut rest = escaped;
    while let Some((&first, after)) = rest.split_first() {
        let code = after.first_chunk::<2>().filter(|_| first == b'%');
        let code = code.and_then(|digits| Some(hex(digits[0])? * 16 + hex(digits[1])?));
        plain.push(code.unwrap_or(first));
        rest = if code.is_some() { &after[2..] } else { after };
    }
    plain
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

/// `local@domain.example`.
fn holds_email(text: &[u8]) -> bool {
    let ats = text.iter().enumerate().filter(|(_, byte)| **byte == b'@');
    ats.into_iter().any(|(at, _)| {
        let local = text[..at].last();
        local.is_some_and(|byte| is_local(*byte)) && begins_with_domain(&text[at + 1..])
    })
}

/// What may end the part before the `@` (RFC 5322, RFC 6532).
fn is_local(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"!#$%&'*+-=?^_`{|}~.\"".contains(&byte)
}

/// Labels of which the last is no number: `pkg@1.2.3` is a version.
fn begins_with_domain(text: &[u8]) -> bool {
    let within =
        |byte: &u8| byte.is_ascii_alphanumeric() || !byte.is_ascii() || b"-.".contains(byte);
    let end = text.iter().position(|byte| !within(byte));
    let domain = text[..end.unwrap_or(text.len())].trim_ascii_end();
    let mut labels = domain
        .split(|byte| *byte == b'.')
        .filter(|label| !label.is_empty());
    let (first, last) = (labels.next(), labels.next_back());
    first.is_some()
        && last.is_some_and(|label| {
            label.len() >= 2
                && label
                    .iter()
                    .any(|byte| byte.is_ascii_alphabetic() || !byte.is_ascii())
        })
}

/// 8-4-4-4-12 hexadecimal digits.
fn is_uuid(text: &[u8]) -> bool {
    text.len() == 36
        && text.iter().enumerate().all(|(n, byte)| match n {
            8 | 13 | 18 | 23 => *byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
}

/// Digits in one group or several, each next one after a single separator.
fn holds_card(text: &[u8]) -> bool {
    let begins =
        |n: usize| CARD_BEGINS.contains(&text[n]) && (n == 0 || !text[n - 1].is_ascii_digit());
    (0..text.len()).any(|n| begins(n) && begins_with_card(&text[n..]))
}

fn begins_with_card(text: &[u8]) -> bool {
    let mut digits = Vec::with_capacity(*CARD_DIGITS.end());
    let mut bytes = text.iter().copied().peekable();
    while let Some(byte) = bytes.next() {
        if byte.is_ascii_digit() {
            digits.push(byte - b'0');
        }
        if digits.len() > *CARD_DIGITS.end() {
            return false;
        }
        let next_is_digit = bytes.peek().is_some_and(u8::is_ascii_digit);
        match (byte.is_ascii_digit(), next_is_digit) {
            (true, false) if CARD_DIGITS.contains(&digits.len()) && passes_luhn(&digits) => {
                return true;
            }
            (true, _) => {}
            (false, true) if b" -+._".contains(&byte) => {}
            (false, _) => return false,
        }
    }
    false
}

/// ISO/IEC 7812-1, annex B.
fn passes_luhn(digits: &[u8]) -> bool {
    let doubled = |(n, digit): (usize, &u8)| match (n % 2, *digit) {
        (0, digit) => u32::from(digit),
        (_, digit @ 0..5) => u32::from(digit) * 2,
        (_, digit) => u32::from(digit) * 2 - 9,
    };
    digits.iter().rev().enumerate().map(doubled).sum::<u32>() % 10 == 0
}

/// A run of the letters of base64 that is too random to be words.
fn holds_token(text: &[u8]) -> bool {
    runs(text).any(is_token)
}

fn runs(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    let within = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_+~=".contains(byte);
    text.split(move |byte| !within(byte))
}

fn is_token(run: &[u8]) -> bool {
    if is_service_key(run) {
        return true;
    }
    let letters = || run.iter().copied().filter(u8::is_ascii_alphanumeric);
    let length = letters().count();
    let digits = letters().filter(u8::is_ascii_digit).count();
    let upper = letters().filter(u8::is_ascii_uppercase).count();
    let lower = length - digits - upper;
    if length == run.len() && length >= TOKEN_DIGITS && digits > 0 {
        return true;
    }
    // Names like getOrdersByRegionV2 change between the cases once or twice in five letters.
    let changes = letters()
        .zip(letters().skip(1))
        .filter(|(a, b)| kind(*a) != kind(*b))
        .count();
    let is_mixed = digits > 0 && upper > 0 && lower > 0;
    length >= MIXED_TOKEN && is_mixed && changes * 2 >= length
}

fn kind(letter: u8) -> u8 {
    match letter {
        b'0'..=b'9' => 0,
        b'A'..=b'Z' => 1,
        _ => 2,
    }
}

/// Digits, perhaps in groups: dates and telephone numbers are numbers too.
fn is_number(text: &[u8]) -> bool {
    let text = text.strip_prefix(b"+").unwrap_or(text);
    let ends_in_digit = text.last().is_some_and(u8::is_ascii_digit);
    let begins_in_digit = text.first().is_some_and(u8::is_ascii_digit);
    let within = |byte: &u8| byte.is_ascii_digit() || b"- ".contains(byte);
    begins_in_digit && ends_in_digit && text.iter().all(within)
}

#[cfg(test)]
mod tests {
    use super::held;
    use crate::config::PathPatterns;

    const ALL: PathPatterns = PathPatterns {
        email: true,
        card: true,
        token: true,
        uuid: true,
        number: true,
    };

    #[test]
    fn a_segment_is_known_by_what_it_holds() {
        for (segment, word) in [
            ("alice@example.org", "{email}"),
            ("alice%40example.org", "{email}"),
            ("alice%2540example.org", "{email}"),
            ("mailto:a.b+c@example.org.json", "{email}"),
            ("(email='alice@example.org')", "{email}"),
            ("\u{fc}nal@b\u{fc}cher.example", "{email}"),
            ("4111111111111111", "{card}"),
            ("4111-1111-1111-1111.json", "{card}"),
            ("4111%201111%201111%201111", "{card}"),
            ("card-378282246310005", "{card}"),
            ("2024-4111111111111111", "{card}"),
            ("d41d8cd98f00b204e9800998ecf8427e", "{token}"),
            ("key=9yFq3xTz0bV5nWc2LrKd", "{token}"),
            ("ghp_16C7e42F292c6912E7", "{token}"),
            ("6f1ed002-ab59-5b2c-8d1e-0242ac120002", "{uuid}"),
            ("42", "{number}"),
            ("2024-11-24", "{number}"),
            ("+49%20170%20123", "{number}"),
        ] {
            assert_eq!(held(segment.as_bytes(), ALL), Some(word), "{segment}");
        }
    }

    #[test]
    fn words_names_and_versions_stay() {
        for segment in [
            "",
            "users",
            "@types",
            "lodash@4.17.21",
            "v1.2.3",
            "checkout-7d4b9c8f6d-x2x9k",
            "my-very-long-service-name-for-the-shop",
            "opentelemetry.proto.collector.logs.v1.LogsService",
            "GetCustomerOrdersByRegionV2",
            "4111111111111112",
            "1732438800000000",
            "100%",
            "%zz%4",
            "user@host",
            "-",
            "507f1f77bcf86cd799439011",
        ] {
            let patterns = PathPatterns {
                number: false,
                ..ALL
            };
            assert_eq!(held(segment.as_bytes(), patterns), None, "{segment}");
        }
    }

    #[test]
    fn what_is_switched_off_stays() {
        let none = PathPatterns {
            email: false,
            card: false,
            token: false,
            uuid: false,
            number: false,
        };
        for segment in ["a@example.org", "4111111111111111", "42"] {
            assert_eq!(held(segment.as_bytes(), none), None);
        }
        let uuid = b"6f1ed002-ab59-5b2c-8d1e-0242ac120002";
        assert_eq!(held(uuid, PathPatterns::default()), None);
    }
}
