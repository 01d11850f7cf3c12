//! TLS, as far as its handshake is in the clear (RFC 8446, RFC 5246).
//!
//! What was offered and chosen, the certificates of TLS 1.2 and the alert that ended a handshake.
//! Nothing is decrypted and nothing is verified: these are claims of both ends, seen from outside.

mod alert;
mod certificate;
mod cipher;
mod client_hello;
mod digest;
mod direction;
mod distinguished_name;
mod extension;
mod facts;
mod fields;
mod group;
mod ja3;
mod ja4;
mod message;
mod record;
mod server_hello;
mod sslv2;
mod streams;
mod version;

pub use alert::{Alert, Description};
pub use certificate::{Certificate, Contents};
pub use cipher::Cipher;
pub use client_hello::{ClientHello, RANDOM};
pub use facts::{Facts, Failure, Gap};
pub use group::Group;
pub use server_hello::ServerHello;
pub use streams::Streams;
pub use version::Version;

#[cfg(test)]
mod tests;

/// A client's first byte that may begin TLS: a handshake record, or a hello in the form of SSL 2.
/// Neither begins a request of HTTP.
pub fn may_begin(first: u8) -> bool {
    first == record::HANDSHAKE || first & sslv2::MARK != 0
}
