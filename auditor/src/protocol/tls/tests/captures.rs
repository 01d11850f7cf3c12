//! Handshakes of real programs, as a relay between them saw them.

use super::{Certificate, Side, Turns, facts, hear, line};

const CAPTURES: [(&str, &str, &str); 7] = [
    (
        "TLS 1.3",
        include_str!("../../../../testdata/tls/openssl_tls13.txt"),
        "1.3 TLS_AES_256_GCM_SHA384 x25519 to shop.example h2? http/1.1? established",
    ),
    (
        "TLS 1.3 resumed",
        include_str!("../../../../testdata/tls/openssl_tls13_resumed.txt"),
        "1.3 TLS_AES_256_GCM_SHA384 x25519 to shop.example resumed established",
    ),
    (
        "TLS 1.3 with a second hello",
        include_str!("../../../../testdata/tls/openssl_retry.txt"),
        "1.3 TLS_AES_256_GCM_SHA384 secp384r1 retried established",
    ),
    (
        "TLS 1.2",
        include_str!("../../../../testdata/tls/openssl_tls12.txt"),
        "1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519 to shop.example h2? h2 \
         server CN=shop.example,O=Test\\, Inc established",
    ),
    (
        "TLS 1.2 resumed",
        include_str!("../../../../testdata/tls/openssl_tls12_resumed.txt"),
        "1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 to shop.example h2? h2 resumed established",
    ),
    (
        "TLS 1.2 with two certificates",
        include_str!("../../../../testdata/tls/openssl_mtls.txt"),
        "1.2 TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384 x25519 \
         server CN=shop.example,O=Test\\, Inc client CN=shop.example,O=Test\\, Inc established",
    ),
    (
        "no cipher in common",
        include_str!("../../../../testdata/tls/openssl_no_cipher.txt"),
        "failed: handshake_failure",
    ),
];

/// All that were captured.
pub(super) fn all() -> impl Iterator<Item = Turns> {
    CAPTURES.iter().map(|(_, capture, _)| turns(capture))
}

/// `>` is said by the client, `<` by the server.
fn turns(capture: &str) -> Turns {
    let turn = |line: &str| {
        let (side, hexadecimal) = line.split_at(2);
        let side = match side {
            "> " => Side::Request,
            _ => Side::Response,
        };
        let bytes = hexadecimal.as_bytes().chunks(2).map(|pair| {
            let pair = std::str::from_utf8(pair).unwrap();
            u8::from_str_radix(pair, 16).unwrap()
        });
        (side, bytes.collect())
    };
    capture.lines().map(turn).collect()
}

#[test]
fn they_are_read_for_what_they_were() {
    for (name, capture, expected) in CAPTURES {
        assert_eq!(line(&facts(&turns(capture))), expected, "{name}");
    }
}

#[test]
fn a_byte_at_a_time_says_the_same() {
    for turns in all() {
        let bytes = hear(&turns, 1);
        assert_eq!(**bytes.facts().unwrap(), facts(&turns));
    }
}

/// What `openssl x509` prints of the certificate.
#[test]
fn a_certificate_is_what_openssl_says() {
    let both = facts(&turns(CAPTURES[5].1));
    assert_eq!(both.client_certificate, both.server_certificate);
    let Some(Certificate {
        sha256,
        contents: Some(contents),
    }) = both.client_certificate
    else {
        panic!("it can be read");
    };
    assert_eq!(sha256[..4], [0xfe, 0xb9, 0x5f, 0x42]);
    assert_eq!(contents.issuer, contents.subject);
    assert_eq!(contents.uris, ["spiffe://td/ns/a/sa/b"]);
    // Nov 24 17:15:21 2026 GMT, and thirty days later.
    assert_eq!(contents.not_before, 1_795_540_521);
    assert_eq!(contents.not_after - contents.not_before, 30 * 24 * 60 * 60);
}
