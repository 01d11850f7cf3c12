//! What a server chooses (RFC 8446, 4.1.3).

use super::{
    cipher::Cipher,
    extension::{ALPN, Extensions, KEY_SHARE, PRE_SHARED_KEY, SUPPORTED_VERSIONS},
    fields::Fields,
    group::Group,
    ja3,
    version::Version,
};

/// `random` of a ServerHello that asks for another ClientHello.
const RETRY: [u8; 32] = [
    0xcf, 0x21, 0xad, 0x74, 0xe5, 0x9a, 0x61, 0x11, 0xbe, 0x1d, 0x8c, 0x02, 0x1e, 0x65, 0xb8, 0x91,
    0xc2, 0xa2, 0x11, 0x16, 0x7a, 0xbb, 0x8c, 0x5e, 0x07, 0x9e, 0x09, 0xe2, 0xc8, 0xa8, 0x33, 0x9c,
];

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServerHello {
    pub version: Version,
    pub cipher: Cipher,
    /// The application protocol; in TLS 1.3 it is encrypted.
    pub protocol: Option<Box<[u8]>>,
    pub(super) group: Option<Group>,
    /// It goes on from a key that both ends had.
    pub(super) has_shared_key: bool,
    /// It asks for another ClientHello.
    pub(super) is_retry: bool,
    pub ja3s: String,
}

impl ServerHello {
    pub(super) fn parse(body: &[u8]) -> Option<Self> {
        let mut fields = Fields(body);
        let legacy = fields.u16()?;
        let random = fields.take(RETRY.len())?;
        fields.vector8()?; // session
        let cipher = fields.u16()?;
        fields.u8()?; // compression
        let extensions = Extensions(fields.vector16().unwrap_or(Fields(&[])));
        let chosen = extensions.get(SUPPORTED_VERSIONS);
        let protocol = extensions.get(ALPN);
        let share = extensions.get(KEY_SHARE);
        Some(Self {
            version: Version(chosen.and_then(|mut fields| fields.u16()).unwrap_or(legacy)),
            cipher: Cipher(cipher),
            protocol: protocol
                .and_then(|mut fields| fields.vector16())
                .and_then(|mut names| names.vector8())
                .map(|name| name.0.into()),
            group: share.and_then(|mut fields| fields.u16()).map(Group),
            has_shared_key: extensions.has(PRE_SHARED_KEY),
            is_retry: random == RETRY,
            ja3s: ja3::server(legacy, cipher, extensions),
        })
    }
}

/// The curve that a ServerKeyExchange names (RFC 8422, 5.4).
pub(super) fn named_curve(body: &[u8]) -> Option<Group> {
    const NAMED_CURVE: u8 = 3;
    let mut fields = Fields(body);
    (fields.u8()? == NAMED_CURVE).then_some(())?;
    fields.u16().map(Group)
}
