//! Certificates as far as a record tells them (RFC 5280).

use ring::digest::{SHA256, digest};
use x509_parser::{certificate::X509Certificate, extensions::GeneralName, prelude::FromDer as _};

use super::{distinguished_name, fields::Fields};

/// URIs kept of a certificate: an identity has one.
const MAX_URIS: usize = 8;

/// What an end presented. Whether it was accepted the handshake shows, and nothing more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// Of the whole certificate.
    pub sha256: [u8; 32],
    /// `None` if it cannot be read.
    pub contents: Option<Contents>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Contents {
    /// As RFC 4514 writes names.
    pub subject: String,
    pub issuer: String,
    /// URIs among the alternative names, such as SPIFFE identities.
    pub uris: Vec<String>,
    /// Seconds since the epoch.
    pub not_before: i64,
    pub not_after: i64,
}

impl Certificate {
    /// The first of a list in a Certificate message (RFC 5246, 7.4.2), which is the sender's own.
    pub(super) fn first_of(body: &[u8]) -> Option<Self> {
        let mut list = Fields(body).vector24()?;
        list.vector24().map(|certificate| Self::of(certificate.0))
    }

    /// Reads the DER encoding.
    pub fn of(der: &[u8]) -> Self {
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, der).as_ref());
        let contents = X509Certificate::from_der(der).ok();
        Self {
            sha256,
            contents: contents.map(|(_, certificate)| Contents::of(&certificate)),
        }
    }
}

impl Contents {
    fn of(certificate: &X509Certificate<'_>) -> Self {
        let names = certificate.subject_alternative_name().ok().flatten();
        let names = names.map_or(&[][..], |names| &names.value.general_names[..]);
        let uris = names.iter().filter_map(|name| match name {
            GeneralName::URI(uri) => Some((*uri).to_owned()),
            _ => None,
        });
        let validity = certificate.validity();
        Self {
            subject: distinguished_name::text(certificate.subject()),
            issuer: distinguished_name::text(certificate.issuer()),
            uris: uris.take(MAX_URIS).collect(),
            not_before: validity.not_before.timestamp(),
            not_after: validity.not_after.timestamp(),
        }
    }
}
