//! JA3 and JA3S: what a hello is made of, as a digest.
//!
//! Numbers in decimal in the order of the hello, values of RFC 8701 left out, fields separated by
//! commas and their values by hyphens; of that the MD5.

use std::fmt::Write as _;

use super::{
    digest::md5,
    extension::{EC_POINT_FORMATS, Extensions, SUPPORTED_GROUPS, is_grease},
    fields::Fields,
};

/// JA3 of a ClientHello.
pub(super) fn client(version: u16, ciphers: Fields<'_>, extensions: Extensions<'_>) -> String {
    md5(&client_text(version, ciphers, extensions))
}

/// What JA3 is the digest of.
pub(super) fn client_text(version: u16, ciphers: Fields<'_>, extensions: Extensions<'_>) -> String {
    let mut text = version.to_string();
    field(&mut text, ciphers.numbers());
    field(&mut text, extensions.into_iter().map(|(kind, _)| kind));
    let groups = extensions.get(SUPPORTED_GROUPS);
    let groups = groups.and_then(|mut fields| fields.vector16());
    field(&mut text, groups.into_iter().flat_map(Fields::numbers));
    let formats = extensions.get(EC_POINT_FORMATS);
    let formats = formats.and_then(|mut fields| fields.vector8());
    let formats = formats.map_or(&[][..], |fields| fields.0);
    field(&mut text, formats.iter().map(|&format| u16::from(format)));
    text
}

/// JA3S of a ServerHello.
pub(super) fn server(version: u16, cipher: u16, extensions: Extensions<'_>) -> String {
    let mut text = format!("{version},{cipher}");
    field(&mut text, extensions.into_iter().map(|(kind, _)| kind));
    md5(&text)
}

fn field(text: &mut String, values: impl Iterator<Item = u16>) {
    let mut separator = ',';
    for value in values.filter(|&value| !is_grease(value)) {
        write!(text, "{separator}{value}").expect("writing to a String cannot fail");
        separator = '-';
    }
    if separator == ',' {
        text.push(',');
    }
}
