//! JA4 of a client, as its publisher defines it for TLS over TCP.
//!
//! Three parts: what was offered in short, a digest of the sorted cipher suites, a digest of the
//! sorted extensions with the signature algorithms in their order. Values of RFC 8701 are left out
//! everywhere. Only this one of its family is free to use.

use std::fmt::Write as _;

use super::{
    digest::sha256,
    extension::{
        ALPN, Extensions, SERVER_NAME, SIGNATURE_ALGORITHMS, SUPPORTED_VERSIONS, is_grease,
    },
    fields::Fields,
};

/// Digits of a digest that are kept.
const DIGEST: usize = 12;
/// The highest number that two digits can say.
const MAX_COUNT: usize = 99;

/// JA4 of a ClientHello that says `version` where clients did before TLS 1.3.
pub(super) fn client(version: u16, ciphers: Fields<'_>, extensions: Extensions<'_>) -> String {
    let mut ciphers: Vec<u16> = ciphers.numbers().filter(|&c| !is_grease(c)).collect();
    let mut kinds: Vec<u16> = extensions
        .into_iter()
        .map(|(kind, _)| kind)
        .filter(|&kind| !is_grease(kind))
        .collect();
    let mut text = format!(
        "t{}{}{:02}{:02}{}_",
        version_digits(highest_version(version, extensions)),
        if kinds.contains(&SERVER_NAME) {
            'd'
        } else {
            'i'
        },
        ciphers.len().min(MAX_COUNT),
        kinds.len().min(MAX_COUNT),
        protocol_ends(extensions),
    );
    ciphers.sort_unstable();
    push_digest(&mut text, &list(ciphers.into_iter()));
    text.push('_');
    // The two say whom and what for, not who.
    kinds.retain(|&kind| kind != SERVER_NAME && kind != ALPN);
    kinds.sort_unstable();
    let mut hashed = list(kinds.into_iter());
    let algorithms = extensions.get(SIGNATURE_ALGORITHMS);
    if let Some(algorithms) = algorithms.and_then(|mut fields| fields.vector16()) {
        let algorithms = list(algorithms.numbers().filter(|&a| !is_grease(a)));
        if !algorithms.is_empty() {
            hashed.push('_');
            hashed.push_str(&algorithms);
        }
    }
    push_digest(&mut text, &hashed);
    text
}

fn highest_version(version: u16, extensions: Extensions<'_>) -> u16 {
    let offered = extensions.get(SUPPORTED_VERSIONS);
    let offered = offered.and_then(|mut fields| fields.vector8());
    let offered = offered.into_iter().flat_map(Fields::numbers);
    offered
        .filter(|&version| !is_grease(version))
        .max()
        .unwrap_or(version)
}

fn version_digits(version: u16) -> &'static str {
    match version {
        0x0304 => "13",
        0x0303 => "12",
        0x0302 => "11",
        0x0301 => "10",
        0x0300 => "s3",
        0x0002 => "s2",
        _ => "00",
    }
}

/// First and last character of the first protocol that is offered; of its hexadecimal form if
/// either is no letter or digit.
fn protocol_ends(extensions: Extensions<'_>) -> String {
    let offered = extensions.get(ALPN);
    let offered = offered.and_then(|mut fields| fields.vector16());
    let first = offered.and_then(|mut fields| fields.vector8());
    let Some((Some(&first), Some(&last))) = first.map(|name| (name.0.first(), name.0.last()))
    else {
        return "00".to_owned();
    };
    if first.is_ascii_alphanumeric() && last.is_ascii_alphanumeric() {
        return [first, last].map(char::from).iter().collect();
    }
    format!("{:x}{:x}", first >> 4, last & 0xf)
}

fn list(numbers: impl Iterator<Item = u16>) -> String {
    let mut text = String::new();
    for number in numbers {
        let comma = if text.is_empty() { "" } else { "," };
        write!(text, "{comma}{number:04x}").expect("writing to a String cannot fail");
    }
    text
}

fn push_digest(text: &mut String, list: &str) {
    if list.is_empty() {
        text.push_str("000000000000");
    } else {
        text.push_str(&sha256(list)[..DIGEST]);
    }
}
