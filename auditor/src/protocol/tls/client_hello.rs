//! What a client offers (RFC 8446, 4.1.2).

use super::{
    extension::{
        ALPN, EARLY_DATA, ENCRYPTED_CLIENT_HELLO, Extensions, SERVER_NAME, SUPPORTED_VERSIONS,
        is_grease,
    },
    fields::Fields,
    ja3, ja4,
    version::Version,
};

/// Versions and protocols kept of a hello: clients offer a handful.
const MAX_OFFERED: usize = 16;
/// Length of the random bytes.
pub const RANDOM: usize = 32;
/// A name of a host in the extension (RFC 6066, 3).
const HOST_NAME: u8 = 0;

/// A ClientHello, the first if a client had to say two.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientHello {
    /// No other hello has these bytes, but the second of a client that had to say two. `None` for a
    /// hello in the form of SSL 2.
    pub random: Option<[u8; RANDOM]>,
    /// Name of the server that is asked for, as sent; with ECH an outer one.
    pub server_name: Option<Box<[u8]>>,
    /// Application protocols, as sent, the preferred first.
    pub protocols: Vec<Box<[u8]>>,
    /// The preferred first.
    pub versions: Vec<Version>,
    /// Data was sent before the server answered.
    pub has_early_data: bool,
    /// It has an encrypted hello within, or one for show: that looks the same.
    pub has_encrypted_hello: bool,
    /// `None` for a hello in the form of SSL 2.
    pub fingerprints: Option<Fingerprints>,
}

/// What a hello is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fingerprints {
    pub ja3: String,
    pub ja4: String,
}

impl ClientHello {
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let version = fields.u16()?;
        let random = fields.take(RANDOM)?.try_into().ok();
        fields.vector8()?; // session
        let ciphers = fields.vector16()?;
        fields.vector8()?; // compression
        let extensions = Extensions(fields.vector16().unwrap_or(Fields(&[])));
        Some(Self {
            random,
            server_name: server_name(extensions),
            protocols: protocols(extensions),
            versions: versions(version, extensions),
            has_early_data: extensions.has(EARLY_DATA),
            has_encrypted_hello: extensions.has(ENCRYPTED_CLIENT_HELLO),
            fingerprints: Some(Fingerprints {
                ja3: ja3::client(version, ciphers, extensions),
                ja4: ja4::client(version, ciphers, extensions),
            }),
        })
    }
}

fn server_name(extensions: Extensions<'_>) -> Option<Box<[u8]>> {
    let mut names = extensions.get(SERVER_NAME)?.vector16()?;
    while !names.is_empty() {
        let kind = names.u8()?;
        let name = names.vector16()?;
        if kind == HOST_NAME && !name.is_empty() {
            return Some(name.0.into());
        }
    }
    None
}

fn protocols(extensions: Extensions<'_>) -> Vec<Box<[u8]>> {
    let offered = extensions.get(ALPN);
    let Some(mut offered) = offered.and_then(|mut fields| fields.vector16()) else {
        return Vec::new();
    };
    let names = std::iter::from_fn(|| offered.vector8());
    let is_plain =
        |name: &Fields<'_>| !matches!(name.0, [a, b] if is_grease(u16::from_be_bytes([*a, *b])));
    let names = names.filter(is_plain).map(|name| name.0.into());
    names.take(MAX_OFFERED).collect()
}

fn versions(legacy: u16, extensions: Extensions<'_>) -> Vec<Version> {
    let offered = extensions.get(SUPPORTED_VERSIONS);
    let Some(offered) = offered.and_then(|mut fields| fields.vector8()) else {
        return vec![Version(legacy)];
    };
    let offered = offered.numbers().filter(|&version| !is_grease(version));
    offered.map(Version).take(MAX_OFFERED).collect()
}
