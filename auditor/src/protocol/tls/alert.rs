//! Alerts (RFC 8446, 6).

use std::borrow::Cow;

use crate::protocol::Side;

/// Why an end gave up, or warned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Alert {
    /// `Request` for the client's.
    pub by: Side,
    /// `None` if it is encrypted: its length shows what it is, and nothing shows what it says.
    pub description: Option<Description>,
    pub(super) is_fatal: bool,
}

/// As on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Description(pub u8);

/// Level of an alert that ends the connection.
pub(super) const FATAL: u8 = 2;

impl Description {
    /// The registered name; the number if there is none.
    pub fn name(self) -> Cow<'static, str> {
        Cow::Borrowed(match self.0 {
            0 => "close_notify",
            10 => "unexpected_message",
            20 => "bad_record_mac",
            21 => "decryption_failed",
            22 => "record_overflow",
            30 => "decompression_failure",
            40 => "handshake_failure",
            41 => "no_certificate",
            42 => "bad_certificate",
            43 => "unsupported_certificate",
            44 => "certificate_revoked",
            45 => "certificate_expired",
            46 => "certificate_unknown",
            47 => "illegal_parameter",
            48 => "unknown_ca",
            49 => "access_denied",
            50 => "decode_error",
            51 => "decrypt_error",
            60 => "export_restriction",
            70 => "protocol_version",
            71 => "insufficient_security",
            80 => "internal_error",
            86 => "inappropriate_fallback",
            90 => "user_canceled",
            100 => "no_renegotiation",
            109 => "missing_extension",
            110 => "unsupported_extension",
            111 => "certificate_unobtainable",
            112 => "unrecognized_name",
            113 => "bad_certificate_status_response",
            114 => "bad_certificate_hash_value",
            115 => "unknown_psk_identity",
            116 => "certificate_required",
            120 => "no_application_protocol",
            121 => "ech_required",
            number => return Cow::Owned(number.to_string()),
        })
    }
}
