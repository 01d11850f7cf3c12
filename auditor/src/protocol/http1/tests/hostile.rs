//! What a peer may send to be overlooked, misread, or to cost memory.

use super::{
    Answer, AnswerHole, AnswerResumes, AnswerSkipped, Ask, AskHole, Case, Close, EMPTY, FIVE, GET,
    Reset, Talk, check,
};
use crate::protocol::{MAX_HEAD, Side, Want, http1::Streams};

#[test]
fn what_recipients_read_in_two_ways_is_marked() {
    check(&[
        Case {
            name: "chunked and a length: chunked, as the standard says",
            steps: &[
                Ask(b"POST / HTTP/1.1\r\nContent-Length: 99\r\nTransfer-Encoding: chunked\r\n\r\n"),
                Ask(b"3\r\nabc\r\n0\r\n\r\n"),
                Answer(EMPTY),
                Ask(GET),
                Answer(FIVE),
            ],
            lines: &[
                "POST / -> 200, 3/0 bytes, framing_ambiguous",
                "GET / -> 200, 0/5 bytes",
            ],
        },
        Case {
            name: "chunked in HTTP/1.0",
            steps: &[
                Ask(b"GET / HTTP/1.0\r\n\r\n"),
                Answer(b"HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n"),
            ],
            lines: &["GET / -> 200, 0/1 bytes, framing_ambiguous"],
        },
        Case {
            name: "a blank before the colon",
            steps: &[
                Ask(b"POST / HTTP/1.1\r\nContent-Length : 5\r\n\r\nhello"),
                Answer(EMPTY),
            ],
            lines: &["POST / -> 200, 0/0 bytes, framing_ambiguous"],
        },
        Case {
            name: "a folded line that continues nothing",
            steps: &[
                Ask(b"POST / HTTP/1.1\r\n Content-Length: 5\r\nHost: h\r\n\r\nhello"),
                Answer(EMPTY),
            ],
            lines: &["POST / -> 200, 0/0 bytes, framing_ambiguous"],
        },
        Case {
            name: "a folded coding is a coding",
            steps: &[
                Ask(
                    b"POST / HTTP/1.1\r\nTransfer-Encoding:\r\n chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n",
                ),
                Answer(EMPTY),
            ],
            lines: &["POST / -> 200, 1/0 bytes"],
        },
        Case {
            name: "a length that is no number, and one that is too large",
            steps: &[
                Ask(b"POST / HTTP/1.1\r\nContent-Length: +5\r\n\r\n"),
                Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 18446744073709551616\r\n\r\n"),
            ],
            lines: &["POST / -> 200, 0/0 bytes, framing_ambiguous"],
        },
        Case {
            name: "something else than a line end behind a chunk",
            steps: &[
                Ask(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\n"),
                Ask(b"0\r\n\r\n"),
                Answer(EMPTY),
            ],
            lines: &["POST / -> 200, 1/0 bytes, framing_ambiguous"],
        },
    ]);
}

#[test]
fn a_length_far_down_the_head_counts() {
    let mut head = b"POST / HTTP/1.1\r\n".to_vec();
    for _ in 0..4000 {
        head.extend_from_slice(b"a:\n");
    }
    head.extend_from_slice(b"Content-Length: 2\r\n\r\nab");
    let mut talk = Talk::of(&[Ask(&head), Answer(EMPTY)]);
    talk.step(Ask(GET));
    talk.step(Answer(FIVE));
    assert_eq!(
        talk.lines(),
        ["POST / -> 200, 2/0 bytes", "GET / -> 200, 0/5 bytes"]
    );
}

#[test]
fn a_request_line_is_not_hidden_by_blanks() {
    check(&[
        Case {
            name: "behind the version",
            steps: &[Ask(b"GET /a HTTP/1.1 \r\nHost: h\r\n\r\n"), Answer(EMPTY)],
            lines: &["GET /a -> 200, 0/0 bytes"],
        },
        Case {
            name: "any method is one",
            steps: &[
                Ask(b"M-SEARCH * HTTP/1.1\r\n\r\n"),
                Answer(EMPTY),
                Ask(b"~!x / HTTP/1.1\r\n\r\n"),
                Answer(EMPTY),
            ],
            lines: &["M-SEARCH * -> 200, 0/0 bytes", "~!x / -> 200, 0/0 bytes"],
        },
        Case {
            name: "of a version that nobody defined",
            steps: &[Ask(b"GET /a HTTP/7.7\r\nHost: h\r\n\r\n"), Answer(EMPTY)],
            lines: &["GET /a -> 200, 0/0 bytes"],
        },
        Case {
            name: "the preface of HTTP/2 is no request",
            steps: &[Ask(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"), Close],
            lines: &[],
        },
        Case {
            name: "HTTP/0.9 is a request, and its answer is a body",
            steps: &[Ask(b"GET /\r\n"), Answer(b"<html>"), Close],
            lines: &["GET / -> -, 0/6 bytes"],
        },
        Case {
            name: "HTTP/0.9 that is refused in HTTP/1",
            steps: &[Ask(b"GET /\r\n"), Answer(EMPTY)],
            lines: &["GET / -> 200, 0/0 bytes"],
        },
        Case {
            name: "a word of another protocol is no path",
            steps: &[Ask(b"GET key\r\n"), Answer(b"$3\r\nabc\r\n"), Close],
            lines: &[],
        },
    ]);
}

#[test]
fn a_request_of_one_line_is_answered_by_a_body_alone() {
    let line = b"\r\nGET /old\r\nforged: 1\r\nX: HTTP/1.1\r\nHost: h\r\n\r\n";
    for size in [line.len(), 9, 1] {
        let mut talk = Talk::new();
        for piece in line.chunks(size) {
            talk.step(Ask(piece));
        }
        for piece in b"Hello, old one\r\n".chunks(size) {
            talk.step(Answer(piece));
        }
        talk.step(Close);
        assert_eq!(talk.lines(), ["GET /old -> -, 0/16 bytes"], "{size}");
        let exchange = &talk.done[0];
        assert_eq!(exchange.request.as_ref().unwrap().wire, 10);
        assert!(exchange.response.as_ref().unwrap().head.is_none());
    }
}

#[test]
fn a_first_line_that_is_too_long_is_a_request_all_the_same() {
    let line = format!("GET /{} HTTP/1.1\r\n\r\n", "x".repeat(20_000)).into_bytes();
    for size in [line.len(), 1460, 1] {
        let mut talk = Talk::new();
        for piece in line.chunks(size) {
            talk.step(Ask(piece));
        }
        talk.step(Answer(
            b"HTTP/1.1 414 URI Too Long\r\nContent-Length: 0\r\n\r\n",
        ));
        assert_eq!(
            talk.lines(),
            ["- - -> 414, 0/0 bytes, head_truncated, request_unparsable"],
            "in pieces of {size}"
        );
    }
}

#[test]
fn the_bound_of_a_head_does_not_depend_on_how_it_is_cut() {
    for (length, truncated) in [(MAX_HEAD, false), (MAX_HEAD + 1, true)] {
        let mut head = b"GET / HTTP/1.1\r\nX: ".to_vec();
        head.resize(length - 4, b'x');
        head.extend_from_slice(b"\r\n\r\n");
        for size in [head.len(), 1460, 1] {
            let mut talk = Talk::new();
            for piece in head.chunks(size) {
                talk.step(Ask(piece));
            }
            talk.step(Answer(EMPTY));
            let request = talk.done[0].request.as_ref().unwrap();
            assert_eq!(request.head.as_ref().unwrap().is_truncated(), truncated);
            assert_eq!(request.ended.is_none(), truncated);
            assert_eq!(
                request.wire, MAX_HEAD as u64,
                "{length} in pieces of {size}"
            );
        }
    }
}

#[test]
fn large_heads_that_wait_for_answers_are_bounded() {
    let mut head = b"GET / HTTP/1.1\r\n".to_vec();
    head.resize(15_000, b'\n');
    head[16..14_990].copy_from_slice(&b"a:\n".repeat(5000)[..14_974]);
    let mut talk = Talk::new();
    for _ in 0..100 {
        talk.step(Ask(&head));
    }
    let waiting = 100 - talk.done.len();
    // One of them takes some 90 KB.
    assert!((1..10).contains(&waiting), "{waiting} wait");
}

#[test]
fn empty_lines_cost_nothing() {
    let mut talk = Talk::new();
    let lines = b"\r\n".repeat(8 * 1024);
    for _ in 0..1000 {
        talk.step(Ask(&lines));
    }
    assert_eq!(talk.streams.want(Side::Request), Want::Bytes);
    talk.step(Ask(GET));
    talk.step(Answer(EMPTY));
    assert_eq!(talk.done[0].began(), 1001);
    assert_eq!(
        talk.done[0].request.as_ref().unwrap().wire,
        GET.len() as u64
    );
}

#[test]
fn what_is_sent_ahead_through_a_tunnel_is_no_request() {
    let tls = b"\x16\x03\x01\x02\x00\x01";
    let ahead = [b"CONNECT db:1 HTTP/1.1\r\n\r\n".as_slice(), tls].concat();
    let http = [b"CONNECT db:1 HTTP/1.1\r\n\r\n".as_slice(), GET].concat();
    for (sent, body) in [(&ahead, 6), (&http, GET.len())] {
        let mut talk = Talk::of(&[
            Ask(sent),
            Answer(b"HTTP/1.1 200 OK\r\n\r\n"),
            Ask(b"more"),
            Answer(FIVE),
        ]);
        talk.step(Close);
        let line = format!(
            "CONNECT db:1 -> 200, {}/{} bytes, tunnel",
            body + 4,
            FIVE.len()
        );
        assert_eq!(talk.lines(), [line]);
    }
}

#[test]
fn half_a_head_at_the_end_is_recorded() {
    check(&[
        Case {
            name: "of a response",
            steps: &[Ask(GET), Answer(b"HTTP/1.1 200 OK\r\nContent-Le"), Reset],
            lines: &["GET / -> 200, 0/0 bytes, head_truncated, connection_reset"],
        },
        Case {
            name: "of an interim response",
            steps: &[Ask(GET), Answer(b"HTTP/1.1 100 Continue\r\nX"), Close],
            lines: &["GET / -> -, 0/0 bytes, response_missing, connection_closed"],
        },
        Case {
            name: "half a request line, and a timeout",
            steps: &[
                Ask(b"GE"),
                Answer(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"),
                Ask(b"T / HTTP/1.1\r\n\r\n"),
                Close,
            ],
            lines: &["- - -> 408, 0/0 bytes, request_missing"],
        },
    ]);
}

#[test]
fn holes_hide_only_what_was_in_them() {
    check(&[
        Case {
            name: "the end of a body, and the connection",
            steps: &[
                Ask(GET),
                Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nh"),
                AnswerHole(4),
                Close,
            ],
            lines: &["GET / -> 200, 0/5 bytes"],
        },
        Case {
            name: "the end of a chunk",
            steps: &[
                Ask(GET),
                Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhe"),
                AnswerHole(4),
                Answer(b"\n0\r\n\r\n"),
            ],
            lines: &["GET / -> 200, 0/5 bytes"],
        },
        Case {
            name: "a chunk size",
            steps: &[
                Ask(GET),
                Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n"),
                AnswerHole(1),
                Answer(b"\r\n"),
            ],
            lines: &["GET / -> 200, 0/5 bytes, hole"],
        },
        Case {
            name: "the rest of an interim response's head",
            steps: &[
                Ask(GET),
                Answer(b"HTTP/1.1 100 Continue\r\n"),
                AnswerHole(2),
                AnswerResumes(0),
                Answer(EMPTY),
            ],
            lines: &["GET / -> 200, 0/0 bytes"],
        },
        Case {
            name: "a response while no request is known",
            steps: &[
                AskHole(10),
                Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 50\r\n\r\n"),
                AnswerSkipped(10),
                AnswerResumes(1),
                Answer(EMPTY),
            ],
            lines: &[
                "- - -> 200, 0/0 bytes, hole, request_missing",
                "- - -> 200, 0/0 bytes, request_missing",
            ],
        },
    ]);
}

#[test]
fn who_follows_the_framing_knows_that_an_unseen_request_was_no_head() {
    let mut talk = Talk::new();
    talk.streams.set_followed(true);
    talk.step(AskHole(10));
    talk.step(Answer(FIVE));
    assert_eq!(talk.lines(), ["- - -> 200, 0/5 bytes, request_missing"]);
}

#[test]
fn a_response_found_again_belongs_to_the_last_request() {
    let mut talk = Talk::of(&[
        Ask(b"GET /0 HTTP/1.1\r\n\r\n"),
        AnswerHole(100),
        Ask(b"GET /1 HTTP/1.1\r\n\r\n"),
    ]);
    talk.streams.try_resume(Side::Response, FIVE);
    talk.step(Answer(FIVE));
    assert_eq!(
        talk.lines(),
        [
            "GET /0 -> -, 0/0 bytes, hole, response_missing",
            "GET /1 -> 200, 0/5 bytes, joined_midway"
        ]
    );

    // A client that does not wait has several to come: which of them it is can't be told.
    let mut talk = Talk::of(&[
        Ask(b"GET /0 HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\n"),
        AnswerHole(100),
    ]);
    talk.streams.try_resume(Side::Response, FIVE);
    talk.step(Answer(FIVE));
    assert!(talk.streams.is_lost(Side::Response));
    talk.step(Close);
    assert_eq!(
        talk.lines(),
        [
            "GET /0 -> -, 0/0 bytes, response_missing, connection_closed",
            "GET /1 -> -, 0/0 bytes, response_missing, connection_closed"
        ]
    );
}

#[test]
fn a_body_until_the_end_is_whole_only_if_its_sender_ended() {
    let mut streams = Streams::new();
    let mut done = Vec::new();
    streams.feed(
        Side::Request,
        crate::protocol::Span::Bytes(GET),
        1,
        &mut done,
    );
    let head = b"HTTP/1.1 200 OK\r\n\r\nhalf";
    streams.feed(
        Side::Response,
        crate::protocol::Span::Bytes(head),
        2,
        &mut done,
    );
    let ending = super::Ending {
        at: 3,
        request_ended: Some(3),
        response_ended: None,
        cause: super::Reason::ConnectionClosed,
    };
    streams.close(&ending, &mut done);
    assert!(done[0].incomplete.has(super::Reason::ConnectionClosed));
    assert_eq!(done[0].response.as_ref().unwrap().body, 4);
}
