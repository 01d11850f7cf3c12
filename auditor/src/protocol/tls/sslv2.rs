//! A ClientHello in the form of SSL 2, which clients of the past sent to say TLS (RFC 5246, E.2).

use super::{client_hello::ClientHello, fields::Fields, version::Version};

/// Bit of the first byte: a record without padding.
pub(super) const MARK: u8 = 0x80;
const HEADER: usize = 2;
const CLIENT_HELLO: u8 = 1;
/// Version, then the lengths of ciphers, session and challenge.
const NUMBERS: usize = 8;
/// Longest that is read: a hundred cipher suites and all else.
const MAX_HELLO: usize = 512;

/// Reads such a hello.
#[derive(Debug, Default)]
pub(super) struct Hello(Vec<u8>);

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    More,
    Whole(ClientHello),
    /// It is something else.
    Foreign,
}

impl Hello {
    /// Takes what belongs to it off the front of `bytes`.
    pub(super) fn feed(&mut self, bytes: &mut &[u8]) -> Read {
        while let Some((first, rest)) = bytes.split_first() {
            self.0.push(*first);
            *bytes = rest;
            match self.check() {
                Read::More => {}
                read => return read,
            }
        }
        Read::More
    }

    fn check(&self) -> Read {
        let [high, low, hello @ ..] = &self.0[..] else {
            return Read::More;
        };
        let length = usize::from(u16::from_be_bytes([high & !MARK, *low]));
        let fits = (1 + NUMBERS..=MAX_HELLO - HEADER).contains(&length);
        if !fits || hello.first().is_some_and(|&kind| kind != CLIENT_HELLO) {
            return Read::Foreign;
        }
        if hello.len() < length {
            return Read::More;
        }
        parse(&hello[1..]).map_or(Read::Foreign, Read::Whole)
    }
}

fn parse(body: &[u8]) -> Option<ClientHello> {
    let mut fields = Fields(body);
    let version = Version(fields.u16()?);
    version.number()?;
    let lengths = [fields.u16()?, fields.u16()?, fields.u16()?];
    let sum: usize = lengths.map(usize::from).iter().sum();
    (fields.0.len() == sum).then(|| ClientHello {
        random: None,
        server_name: None,
        protocols: Vec::new(),
        versions: vec![version],
        has_early_data: false,
        has_encrypted_hello: false,
        fingerprints: None,
    })
}
