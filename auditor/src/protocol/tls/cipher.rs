//! Cipher suites.

use std::borrow::Cow;

use rustls::CipherSuite;

/// As on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cipher(pub u16);

impl Cipher {
    /// The registered description; the number in hexadecimal if there is none.
    pub fn name(self) -> Cow<'static, str> {
        // What the library calls TLS13_… has another name in the registry.
        Cow::Borrowed(match self.0 {
            0x1301 => "TLS_AES_128_GCM_SHA256",
            0x1302 => "TLS_AES_256_GCM_SHA384",
            0x1303 => "TLS_CHACHA20_POLY1305_SHA256",
            0x1304 => "TLS_AES_128_CCM_SHA256",
            0x1305 => "TLS_AES_128_CCM_8_SHA256",
            number => match CipherSuite::from(number).as_str() {
                Some(name) => name,
                None => return Cow::Owned(format!("0x{number:04x}")),
            },
        })
    }

    /// The server's key exchange message tells an elliptic curve.
    pub(super) fn has_curve(self) -> bool {
        self.name().contains("_ECDHE_") || self.name().contains("_ECDH_anon_")
    }

    /// Length of an encrypted alert in TLS 1.3: level, description, content type and tag
    /// (RFC 8446, 5.2). No handshake message is that short.
    pub(super) fn alert_length(self) -> usize {
        let tag = if self.0 == 0x1305 { 8 } else { 16 };
        2 + 1 + tag
    }
}
