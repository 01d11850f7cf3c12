//! Whatever the bytes are, however they are cut, and however many there are.

use proptest::{prelude::*, sample::Index};

use super::wire::{client_hello, extension, handshake, message, record, server_hello};
use super::{Side, Span, Streams, Turns, Verdict, Version, Want, captures, facts, hear, line};

/// A hello of so many bytes, and the rest of a handshake of TLS 1.2 with no certificate.
fn handshake_of(padding: usize) -> Turns {
    let hello = client_hello(0x0303, &[0x1301], &[extension(21, &vec![0; padding])]);
    let changed = record(20, &[1]);
    let hello = handshake_in_pieces(&message(1, &hello), 1000);
    let choice = handshake(2, &server_hello(0x0303, 0xc02f, &[]));
    vec![
        (Side::Request, hello),
        (Side::Response, [choice, handshake(14, &[])].concat()),
        (Side::Request, changed.clone()),
        (Side::Response, changed),
    ]
}

fn handshake_in_pieces(messages: &[u8], size: usize) -> Vec<u8> {
    let pieces = messages.chunks(size);
    pieces.flat_map(|piece| record(22, piece)).collect()
}

#[test]
fn a_hello_over_many_records_is_one() {
    let whole = facts(&handshake_of(0));
    let long = facts(&handshake_of(40_000));
    assert_eq!(line(&long), line(&whole));
    assert_eq!(
        line(&long),
        "1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 established"
    );
}

#[test]
fn a_message_that_is_too_long_is_passed_over_without_being_kept() {
    let mut streams = Streams::new(0);
    let claim = record(22, &[1, 0xff, 0xff, 0xff]);
    streams.feed(Side::Request, Span::Bytes(&claim));
    let part = record(22, &[0; 16_000]);
    for _ in 0..2000 {
        streams.feed(Side::Request, Span::Bytes(&part));
        assert_eq!(streams.held(), 0);
    }
    assert_eq!(streams.verdict(), Verdict::Undetermined);
}

#[test]
fn what_was_said_in_tls_is_no_more_than_it_was_with_a_hole_in_it() {
    let turns = handshake_of(0);
    let mut streams = Streams::new(0);
    streams.feed(Side::Request, Span::Bytes(&turns[0].1));
    streams.hole(Side::Response);
    streams.feed(Side::Response, Span::Bytes(&turns[1].1));
    assert_eq!(streams.want(Side::Response), Want::Nothing);
    assert_eq!(line(streams.facts().unwrap()), "hole unclear");
}

#[test]
fn a_server_that_does_not_speak_tls_is_told() {
    let mut turns = handshake_of(0);
    turns.truncate(1);
    turns.push((Side::Response, b"HTTP/1.1 400 Bad Request\r\n\r\n".to_vec()));
    assert_eq!(line(&facts(&turns)), "not_tls failed: not_tls");
}

#[test]
fn a_handshake_that_just_ends_has_failed() {
    let mut turns = handshake_of(0);
    turns.truncate(2);
    assert_eq!(
        line(&facts(&turns)),
        "1.2 TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256 failed: tls_handshake_unfinished"
    );
}

#[test]
fn in_tls_1_3_a_record_as_short_as_an_alert_is_one() {
    let chosen = extension(43, &[3, 4]);
    let turns = |length: usize| {
        vec![
            (
                Side::Request,
                handshake(1, &client_hello(0x0303, &[0x1301], &[])),
            ),
            (
                Side::Response,
                handshake(
                    2,
                    &server_hello(0x0303, 0x1301, std::slice::from_ref(&chosen)),
                ),
            ),
            (Side::Request, record(23, &vec![0; length])),
        ]
    };
    let agreed = "1.3 TLS_AES_128_GCM_SHA256";
    assert_eq!(
        line(&facts(&turns(19))),
        format!("{agreed} failed: tls_alert_encrypted")
    );
    assert_eq!(line(&facts(&turns(53))), format!("{agreed} established"));
}

#[test]
fn data_sent_early_proves_nothing() {
    let early = extension(42, &[]);
    let chosen = extension(43, &[3, 4]);
    let turns = vec![
        (
            Side::Request,
            handshake(1, &client_hello(0x0303, &[0x1301], &[early])),
        ),
        (Side::Request, record(23, &[0; 19])),
        (
            Side::Response,
            handshake(2, &server_hello(0x0303, 0x1301, &[chosen])),
        ),
    ];
    assert_eq!(line(&facts(&turns)), "1.3 TLS_AES_128_GCM_SHA256 unclear");
}

#[test]
fn a_hello_in_the_form_of_ssl_2_is_one() {
    let hello = [
        &[0x80, 28, 1, 3, 1, 0, 3, 0, 0, 0, 16, 0, 0, 0x2f][..],
        &[9; 16],
    ]
    .concat();
    for size in [1, 3, hello.len()] {
        let streams = hear(&vec![(Side::Request, hello.clone())], size);
        let facts = streams.facts().unwrap();
        let client = facts.client.as_ref().unwrap();
        assert_eq!(client.versions, [Version(0x0301)]);
        assert_eq!(client.fingerprints, None);
    }
    let mut turns = vec![(Side::Request, vec![0x80; 40])];
    // Until the server has spoken it may refuse in HTTP.
    assert_eq!(hear(&turns, 1).verdict(), Verdict::Undetermined);
    turns.push((Side::Response, vec![0x80; 40]));
    let other = hear(&turns, 1);
    assert_eq!(other.verdict(), Verdict::Foreign);
    assert_eq!(other.want(Side::Response), Want::Nothing);
}

/// A capture, which of its turns is changed where, into what; then how it is cut.
fn changed() -> impl Strategy<Value = (Turns, Vec<usize>)> {
    let captures: Vec<Turns> = captures::all().collect();
    let change = (any::<Index>(), any::<Index>(), any::<u8>());
    let changes = prop::collection::vec(change, 0..6);
    let cuts = prop::collection::vec(1usize..200, 1..20);
    (prop::sample::select(captures), changes, cuts).prop_map(|(mut turns, changes, cuts)| {
        for (turn, at, byte) in changes {
            let turn = turn.index(turns.len());
            let bytes = &mut turns[turn].1;
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        (turns, cuts)
    })
}

proptest! {
    #[test]
    fn cuts_change_nothing((turns, cuts) in changed()) {
        let whole = hear(&turns, usize::MAX);
        let mut streams = Streams::new(0);
        let mut cuts = cuts.iter().cycle();
        for (side, bytes) in &turns {
            let mut rest = &bytes[..];
            while !rest.is_empty() {
                let n = rest.len().min(*cuts.next().unwrap());
                streams.feed(*side, Span::Bytes(&rest[..n]));
                rest = &rest[n..];
            }
        }
        prop_assert_eq!(streams.facts(), whole.facts());
        prop_assert_eq!(streams.verdict(), whole.verdict());
    }

    #[test]
    fn no_bytes_do_harm(
        mut bytes in prop::collection::vec(any::<u8>(), 0..2000),
        kind in 20u8..24,
        side in prop::sample::select(vec![Side::Request, Side::Response]),
    ) {
        bytes.splice(..0, [kind, 3, 3]);
        let streams = hear(&vec![(side, bytes)], 7);
        if let Some(facts) = streams.facts() {
            line(facts);
        }
        prop_assert!(streams.held() <= 2000);
    }

    #[test]
    fn no_certificate_does_harm(bytes in prop::collection::vec(any::<u8>(), 0..500)) {
        super::Certificate::of(&bytes);
    }
}
