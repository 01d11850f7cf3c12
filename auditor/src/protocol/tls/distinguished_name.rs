//! Names in certificates, as text (RFC 4514).

use data_encoding::HEXLOWER;
use x509_parser::{
    objects::{oid_registry, oid2abbrev},
    x509::{AttributeTypeAndValue, X509Name},
};

/// The name, its last component first.
pub(super) fn text(name: &X509Name<'_>) -> String {
    let components: Vec<_> = name.iter_rdn().collect();
    let mut text = String::new();
    for component in components.into_iter().rev() {
        let mut separator = if text.is_empty() { "" } else { "," };
        for attribute in component.iter() {
            text.push_str(separator);
            push(&mut text, attribute);
            separator = "+";
        }
    }
    text
}

fn push(text: &mut String, attribute: &AttributeTypeAndValue<'_>) {
    let kind = attribute.attr_type();
    match oid2abbrev(kind, oid_registry()) {
        Ok(short) => text.push_str(short),
        Err(_) => text.push_str(&kind.to_id_string()),
    }
    text.push('=');
    if let Ok(value) = attribute.as_str() {
        push_escaped(text, value);
    } else {
        text.push('#');
        HEXLOWER.encode_append(attribute.as_slice(), text);
    }
}

fn push_escaped(text: &mut String, value: &str) {
    let last = value.chars().count().saturating_sub(1);
    for (i, character) in value.chars().enumerate() {
        let special = match character {
            ',' | '+' | '"' | '\\' | '<' | '>' | ';' => true,
            '#' => i == 0,
            ' ' => i == 0 || i == last,
            _ => false,
        };
        if special {
            text.push('\\');
        }
        text.push(character);
    }
}
