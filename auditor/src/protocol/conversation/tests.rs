use super::Conversation;
use crate::protocol::{Ending, Exchange, Head, Reason, Side, Span, Verdict, Want, http2::PREFACE};

const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
/// `:method GET`, `:scheme http`, `:path /`; and `:status 200`.
const GET_3: &[u8] = &[0, 0, 3, 1, 5, 0, 0, 0, 3, 0x82, 0x86, 0x84];
const OK_3: &[u8] = &[0, 0, 1, 1, 5, 0, 0, 0, 3, 0x88];
const OK_1: &[u8] = &[0, 0, 1, 1, 5, 0, 0, 0, 1, 0x88];

/// Who says what, in turn, in pieces of `size`.
fn talk(turns: &[(Side, &[u8])], size: usize) -> (Conversation, Vec<Exchange>) {
    let (mut conversation, mut done) = (Conversation::new(), Vec::new());
    for (at, (side, bytes)) in turns.iter().enumerate() {
        // A frame header in two pieces is not known for settings before the client has spoken.
        let size = if at == 0 && *side == Side::Response {
            bytes.len()
        } else {
            size
        };
        for piece in bytes.chunks(size) {
            conversation.feed(*side, Span::Bytes(piece), at as u64, &mut done);
        }
    }
    let ending = Ending {
        at: 99,
        request_ended: None,
        response_ended: Some(99),
        cause: Reason::ConnectionClosed,
    };
    conversation.close(&ending, &mut done);
    (conversation, done)
}

/// Version of the request, status, and what is missing.
fn lines(done: &[Exchange]) -> Vec<String> {
    let line = |exchange: &Exchange| {
        let head = exchange.request.as_ref().and_then(|r| r.head.as_ref());
        let response = exchange.response.as_ref().and_then(|r| r.head.as_ref());
        let reasons: Vec<_> = exchange.incomplete.iter().map(Reason::as_str).collect();
        format!(
            "{} {} {}",
            head.and_then(|head| head.version().as_str()).unwrap_or("-"),
            response.and_then(Head::status).unwrap_or_default(),
            reasons.join(" ")
        )
    };
    done.iter().map(line).collect()
}

#[test]
fn the_preface_decides() {
    let asked = [PREFACE, SETTINGS, GET_3].concat();
    let answered = [SETTINGS, OK_3].concat();
    for size in [1, 7, 24, 1000] {
        let turns: [(Side, &[u8]); 2] = [(Side::Request, &asked), (Side::Response, &answered)];
        let (conversation, done) = talk(&turns, size);
        assert_eq!(lines(&done), ["2 200 "], "{size}");
        let wanted = Want::FramesAfter { skip: 0, stream: 3 };
        assert_eq!(conversation.want(Side::Request), wanted);
    }
}

#[test]
fn a_server_may_speak_first() {
    let asked = [PREFACE, SETTINGS, GET_3].concat();
    for size in [1, 1000] {
        let turns: [(Side, &[u8]); 3] = [
            (Side::Response, SETTINGS),
            (Side::Request, &asked),
            (Side::Response, OK_3),
        ];
        assert_eq!(lines(&talk(&turns, size).1), ["2 200 "], "{size}");
    }
    for size in [1, 1000] {
        let turns: [(Side, &[u8]); 3] = [
            (Side::Response, SETTINGS),
            (Side::Request, b"PRI / HTTP/1.1\r\n\r\n"),
            (Side::Response, b"HTTP/1.1 204 None\r\n\r\n"),
        ];
        assert_eq!(lines(&talk(&turns, size).1), ["1.1 204 "], "{size}");
    }
    let greeting: [(Side, &[u8]); 3] = [
        (Side::Response, SETTINGS),
        (Side::Request, b"something else that is long enough"),
        (Side::Response, b"and something else"),
    ];
    let (conversation, done) = talk(&greeting, 1000);
    assert_eq!((conversation.verdict(), done.len()), (Verdict::Foreign, 0));
}

#[test]
fn what_only_begins_like_it_is_http_1() {
    let answer = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    for (asked, line) in [
        ("POST / HTTP/1.1\r\nContent-Length: 0\r\n\r\n", "1.1 200 "),
        ("PRI * HTTP/1.1\r\n\r\n", "1.1 200 "),
        ("PRI * HTTP/2.0\r\n\r\nnothing", "- 200 request_unparsable"),
    ] {
        for size in [1, 5, 1000] {
            let asked: (Side, &[u8]) = (Side::Request, asked.as_bytes());
            let (_, done) = talk(&[asked, (Side::Response, answer)], size);
            assert_eq!(lines(&done), [line], "{asked:?} in pieces of {size}");
        }
    }
}

#[test]
fn a_server_that_does_not_know_it_answers_in_http_1() {
    let asked = [PREFACE, SETTINGS, GET_3].concat();
    let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    let (_, done) = talk(&[(Side::Request, &asked), (Side::Response, answer)], 1000);
    assert_eq!(lines(&done), ["- 400 request_unparsable"]);
}

#[test]
fn a_server_that_does_not_know_tls_refuses_a_hello_in_http_1() {
    let hellos: [&[u8]; 2] = [b"\x16\x03\x01\x00\x05hello\r\n\r\n", &[0x16; 4000]];
    let answer = b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n";
    for hello in hellos {
        for size in [10, 1000] {
            let turns: [(Side, &[u8]); 2] = [(Side::Request, hello), (Side::Response, answer)];
            let (conversation, done) = talk(&turns, size);
            assert_eq!(lines(&done), ["- 400 request_unparsable"], "{size}");
            assert!(conversation.tls().is_none());
        }
    }
}

#[test]
fn an_upgraded_request_is_answered_on_the_first_stream() {
    let asked = b"GET / HTTP/1.1\r\nUpgrade: h2c\r\nHTTP2-Settings:\r\n\r\n";
    let switched = b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n";
    let answered = [switched, SETTINGS, OK_1].concat();
    let more = [PREFACE, SETTINGS, GET_3].concat();
    for size in [1, 1000] {
        let turns: [(Side, &[u8]); 4] = [
            (Side::Request, asked),
            (Side::Response, &answered),
            (Side::Request, &more),
            (Side::Response, OK_3),
        ];
        let (_, done) = talk(&turns, size);
        assert_eq!(lines(&done), ["1.1 200 ", "2 200 "], "{size}");
        assert_eq!(done[0].stream.map(|stream| stream.id), Some(1));
    }
}

#[test]
fn an_old_connection_shows_by_a_head_what_it_speaks() {
    let mut conversation = Conversation::joined_midway();
    let mut done = Vec::new();
    for (side, bytes) in [(Side::Request, GET_3), (Side::Response, OK_3)] {
        assert!(conversation.is_lost(side));
        conversation.try_resume(side, bytes);
        conversation.feed(side, Span::Bytes(bytes), 1, &mut done);
    }
    assert_eq!(lines(&done), ["2 200 joined_midway"]);
}
