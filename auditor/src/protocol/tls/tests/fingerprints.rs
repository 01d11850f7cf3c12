//! Against values that others publish, on hellos made from what they say of them.

use super::wire::{client_hello, extension, handshake, numbers, server_hello, vector8, vector16};
use super::{Side, facts};

/// Ciphers of Chrome on three systems.
const CHROME: [u16; 15] = [
    0x1301, 0x1302, 0x1303, 0xc02b, 0xc02f, 0xc02c, 0xc030, 0xcca9, 0xcca8, 0xc013, 0xc014, 0x009c,
    0x009d, 0x002f, 0x0035,
];
const ALGORITHMS: [u16; 8] = [
    0x0403, 0x0804, 0x0401, 0x0503, 0x0805, 0x0501, 0x0806, 0x0601,
];
/// RFC 8701.
const GREASE: u16 = 0x5a5a;

/// An extension with what fingerprints read of it.
fn filled(kind: u16) -> Vec<u8> {
    let content = match kind {
        0 => vector16(&[&[0][..], &vector16(b"shop.example")].concat()),
        10 => vector16(&numbers(&[GREASE, 4588, 29, 23, 24])),
        11 => vector8(&[0]),
        13 => vector16(&numbers(&ALGORITHMS)),
        16 => vector16(&[vector8(b"h2"), vector8(b"http/1.1")].concat()),
        43 => vector8(&numbers(&[GREASE, 0x0304, 0x0303])),
        _ => Vec::new(),
    };
    extension(kind, &content)
}

/// JA3 and JA4.
fn of(version: u16, ciphers: &[u16], extensions: &[Vec<u8>]) -> (String, String) {
    let hello = handshake(1, &client_hello(version, ciphers, extensions));
    let facts = facts(&vec![(Side::Request, hello)]);
    let fingerprints = facts.client.unwrap().fingerprints.unwrap();
    (fingerprints.ja3, fingerprints.ja4)
}

fn chrome(kinds: &[u16]) -> (String, String) {
    let ciphers = [&[GREASE][..], &CHROME].concat();
    let kinds = [&[GREASE][..], kinds, &[GREASE]].concat();
    let extensions: Vec<_> = kinds.into_iter().map(filled).collect();
    of(0x0303, &ciphers, &extensions)
}

/// A public test page shows this of a Chrome 143, JA3 with its text.
#[test]
fn a_browser_of_today() {
    let kinds = [
        45, 51, 16, 65037, 23, 17613, 0, 11, 10, 43, 65281, 35, 18, 5, 13, 27,
    ];
    let (ja3, ja4) = chrome(&kinds);
    assert_eq!(ja3, "98487aa16281980e7d1120d399efb6a4");
    assert_eq!(ja4, "t13d1516h2_8daaf6152771_d8a2da3f94cd");
}

/// The example in the definition of JA4, whose lists it gives.
#[test]
fn the_example_of_the_definition() {
    let kinds = [
        0x001b, 0x0000, 0x0033, 0x0010, 0x4469, 0x0017, 0x002d, 0x000d, 0x0005, 0x0023, 0x0012,
        0x002b, 0xff01, 0x000b, 0x000a, 0x0015,
    ];
    assert_eq!(chrome(&kinds).1, "t13d1516h2_8daaf6152771_e5627efa2ab1");
}

/// The two examples in the definition of JA3.
#[test]
fn the_examples_of_ja3() {
    let ciphers = [47, 53, 5, 10, 49161, 49162, 49171, 49172, 50, 56, 19, 4];
    let groups = extension(10, &vector16(&numbers(&[23, 24, 25])));
    let (ja3, ja4) = of(769, &ciphers, &[filled(0), groups, filled(11)]);
    assert_eq!(ja3, "ada70206e40642a3e4461f35503241d5");
    assert!(ja4.starts_with("t10d120300_"), "{ja4}");

    let (ja3, ja4) = of(769, &[4, 5, 10, 9, 100, 98, 3, 6, 19, 18, 99], &[]);
    assert_eq!(ja3, "de350869b8c85de67a350c8d186f11e6");
    assert!(ja4.starts_with("t10i110000_"), "{ja4}");
    assert!(ja4.ends_with("_000000000000"), "{ja4}");
}

/// The definition's table of names that are no plain text.
#[test]
fn a_protocol_of_any_bytes_has_two_characters() {
    let cases: [(&[u8], &str); 9] = [
        (b"h2", "h2"),
        (b"http/1.1", "h1"),
        (b"h", "hh"),
        (b"", "00"),
        (&[0xab], "ab"),
        (&[0xab, 0xcd], "ad"),
        (&[0x30, 0xab], "3b"),
        (&[0x30, 0x31, 0xab, 0xcd], "3d"),
        (&[0x30, 0xab, 0xcd, 0x31], "01"),
    ];
    for (name, expected) in cases {
        let protocols = extension(16, &vector16(&vector8(name)));
        let (_, ja4) = of(0x0303, &[0x1301], &[protocols]);
        assert_eq!(&ja4[8..10], expected, "{name:?}");
    }
}

/// 769,47,65281-0-11-35-5-16 is an example of its definition.
#[test]
fn a_server_is_known_by_its_choice() {
    let kinds = [65281, 0, 11, 35, 5, 16];
    let extensions = kinds.map(|kind| extension(kind, &[]));
    let hello = handshake(2, &server_hello(769, 47, &extensions));
    let facts = facts(&vec![(Side::Response, hello)]);
    let ja3s = facts.server.unwrap().ja3s;
    assert_eq!(ja3s, "836ce314215654b5b1f85f97c73e506f");
}
