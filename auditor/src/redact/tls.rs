//! Attributes of a TLS handshake.

use data_encoding::HEXUPPER;
use jiff::Timestamp;

use super::{attributes::Attributes, value::clean};
use crate::{
    protocol::{
        Side,
        tls::{Certificate, ClientHello, Contents, Facts, ServerHello, Version},
    },
    record::attribute as a,
};

/// Whether more of the connection may come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    Ongoing,
    Closed,
}

pub(super) fn write(attributes: &mut Attributes<'_>, facts: &Facts, stage: Stage) {
    let established = match stage {
        Stage::Ongoing => facts.is_established(),
        Stage::Closed => facts.was_established(),
    };
    if let Some(established) = established {
        attributes.bool(a::TLS_ESTABLISHED, established);
    }
    if let Some(client) = &facts.client {
        offered(attributes, client);
    }
    if let Some(server) = &facts.server {
        chosen(attributes, server);
    }
    if let Some(group) = facts.group {
        attributes.string(a::TLS_CURVE, &group.name());
    }
    if let Some(resumed) = facts.is_resumed() {
        attributes.bool(a::TLS_RESUMED, resumed);
    }
    if facts.is_retried {
        attributes.bool(a::TLS_RETRIED, true);
    }
    if let Some(certificate) = &facts.client_certificate {
        presented(attributes, certificate, &CLIENT);
    }
    if let Some(certificate) = &facts.server_certificate {
        presented(attributes, certificate, &SERVER);
    }
    if let Some(alert) = facts.alert {
        let by = match alert.by {
            Side::Request => "client",
            Side::Response => "server",
        };
        attributes.string(a::TLS_ALERT_SENDER, by);
        if let Some(description) = alert.description {
            attributes.string(a::TLS_ALERT, &description.name());
        }
    }
    if let Some(gap) = facts.gap {
        attributes.string(a::TLS_INCOMPLETE, gap.as_str());
    }
}

fn offered(attributes: &mut Attributes<'_>, client: &ClientHello) {
    if let Some(name) = &client.server_name {
        let name = clean(name);
        attributes.string(a::SERVER_ADDRESS, &name);
        attributes.string(a::TLS_SERVER_NAME, &name);
    }
    let versions: Vec<_> = client.versions.iter().map(|v| number(*v)).collect();
    attributes.strings(a::TLS_CLIENT_VERSIONS, &versions);
    if !client.protocols.is_empty() {
        let protocols: Vec<_> = client.protocols.iter().map(|p| clean(p)).collect();
        attributes.strings(a::TLS_CLIENT_PROTOCOLS, &protocols);
    }
    if client.has_encrypted_hello {
        attributes.bool(a::TLS_CLIENT_ENCRYPTED_HELLO, true);
    }
    if let Some(fingerprints) = &client.fingerprints {
        attributes.string(a::TLS_CLIENT_JA3, &fingerprints.ja3);
        attributes.string(a::TLS_CLIENT_JA4, &fingerprints.ja4);
    }
}

fn chosen(attributes: &mut Attributes<'_>, server: &ServerHello) {
    if let Some(name) = server.version.protocol() {
        attributes.string(a::TLS_PROTOCOL_NAME, name);
    }
    attributes.string(a::TLS_PROTOCOL_VERSION, &number(server.version));
    attributes.string(a::TLS_CIPHER, &server.cipher.name());
    if let Some(protocol) = &server.protocol {
        attributes.string(a::TLS_NEXT_PROTOCOL, &clean(protocol));
    }
    attributes.string(a::TLS_SERVER_JA3S, &server.ja3s);
}

/// A version without a number of its own as it is on the wire.
fn number(version: Version) -> String {
    version
        .number()
        .map_or_else(|| format!("0x{:04x}", version.0), str::to_owned)
}

/// Names of the attributes of an end's certificate.
struct Names {
    subject: &'static str,
    issuer: &'static str,
    uris: &'static str,
    sha256: &'static str,
    not_before: &'static str,
    not_after: &'static str,
}

const CLIENT: Names = Names {
    subject: a::TLS_CLIENT_SUBJECT,
    issuer: a::TLS_CLIENT_ISSUER,
    uris: a::TLS_CLIENT_SAN_URI,
    sha256: a::TLS_CLIENT_HASH_SHA256,
    not_before: a::TLS_CLIENT_NOT_BEFORE,
    not_after: a::TLS_CLIENT_NOT_AFTER,
};
const SERVER: Names = Names {
    subject: a::TLS_SERVER_SUBJECT,
    issuer: a::TLS_SERVER_ISSUER,
    uris: a::TLS_SERVER_SAN_URI,
    sha256: a::TLS_SERVER_HASH_SHA256,
    not_before: a::TLS_SERVER_NOT_BEFORE,
    not_after: a::TLS_SERVER_NOT_AFTER,
};

fn presented(attributes: &mut Attributes<'_>, certificate: &Certificate, names: &Names) {
    // The convention for hashes in this place is upper case.
    let hash = HEXUPPER.encode(&certificate.sha256);
    attributes.string(names.sha256, &hash);
    let Some(Contents {
        subject,
        issuer,
        uris,
        not_before,
        not_after,
    }) = &certificate.contents
    else {
        return;
    };
    for (name, value) in [(names.subject, subject), (names.issuer, issuer)] {
        if !value.is_empty() {
            attributes.string(name, &clean(value.as_bytes()));
        }
    }
    if !uris.is_empty() {
        let uris: Vec<_> = uris.iter().map(|uri| clean(uri.as_bytes())).collect();
        attributes.strings(names.uris, &uris);
    }
    for (name, seconds) in [(names.not_before, not_before), (names.not_after, not_after)] {
        if let Ok(time) = Timestamp::from_second(*seconds) {
            attributes.string(name, &time.to_string());
        }
    }
}
