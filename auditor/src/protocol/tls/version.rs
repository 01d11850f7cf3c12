//! Versions of the protocol.

/// As on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version(pub u16);

impl Version {
    pub const SSL2: Self = Self(0x0002);
    pub const SSL3: Self = Self(0x0300);
    pub const TLS12: Self = Self(0x0303);
    pub const TLS13: Self = Self(0x0304);

    /// `tls` or `ssl`; `None` for a number without a meaning.
    pub fn protocol(self) -> Option<&'static str> {
        match self {
            Self::SSL2 | Self::SSL3 => Some("ssl"),
            _ => self.number().map(|_| "tls"),
        }
    }

    /// The number of the version, such as `1.2`.
    pub fn number(self) -> Option<&'static str> {
        Some(match self.0 {
            0x0002 => "2",
            0x0300 => "3",
            0x0301 => "1.0",
            0x0302 => "1.1",
            0x0303 => "1.2",
            0x0304 => "1.3",
            _ => return None,
        })
    }

    /// Everything after the hellos is encrypted.
    pub(super) fn hides_handshake(self) -> bool {
        self >= Self::TLS13
    }
}
