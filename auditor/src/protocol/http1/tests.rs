use super::Streams;
use crate::protocol::{Ending, Exchange, MAX_HEAD, Reason, Side, Span, Verdict, Want};

mod conversation;
mod hostile;

/// What happens to a connection, one after the other.
#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    Ask(&'a [u8]),
    Answer(&'a [u8]),
    AskSkipped(u64),
    AnswerSkipped(u64),
    AskHole(u64),
    AnswerHole(u64),
    /// Request number so and so begins.
    AskResumes(u32),
    AnswerResumes(u32),
    Close,
    Reset,
    Interrupt,
}

use Step::{
    Answer, AnswerHole, AnswerResumes, AnswerSkipped, Ask, AskHole, AskResumes, AskSkipped, Close,
    Interrupt, Reset,
};

/// A connection on which a clock ticks with every step.
struct Talk {
    streams: Streams,
    at: u64,
    done: Vec<Exchange>,
}

impl Talk {
    fn new() -> Self {
        Self {
            streams: Streams::new(),
            at: 0,
            done: Vec::new(),
        }
    }

    fn of(steps: &[Step<'_>]) -> Self {
        let mut talk = Self::new();
        for step in steps {
            talk.step(*step);
        }
        talk
    }

    fn step(&mut self, step: Step<'_>) {
        self.at += 1;
        match step {
            Ask(bytes) => self.feed(Side::Request, Span::Bytes(bytes)),
            Answer(bytes) => self.feed(Side::Response, Span::Bytes(bytes)),
            AskSkipped(n) => self.feed(Side::Request, Span::Skipped(n)),
            AnswerSkipped(n) => self.feed(Side::Response, Span::Skipped(n)),
            AskHole(n) => self.hole(Side::Request, n),
            AnswerHole(n) => self.hole(Side::Response, n),
            AskResumes(number) => self.streams.resume(Side::Request, number),
            AnswerResumes(number) => self.streams.resume(Side::Response, number),
            Close => self.end(Reason::ConnectionClosed),
            Reset => self.end(Reason::ConnectionReset),
            Interrupt => self.end(Reason::Interrupted),
        }
    }

    fn feed(&mut self, side: Side, span: Span<'_>) {
        self.streams.feed(side, span, self.at, &mut self.done);
    }

    fn hole(&mut self, side: Side, n: u64) {
        self.streams.hole(side, n, self.at, &mut self.done);
    }

    fn end(&mut self, cause: Reason) {
        let ending = Ending {
            at: self.at,
            request_ended: None,
            response_ended: (cause == Reason::ConnectionClosed).then_some(self.at),
            cause,
        };
        self.streams.close(&ending, &mut self.done);
    }

    fn lines(&self) -> Vec<String> {
        self.done.iter().map(line).collect()
    }
}

/// An exchange in a line: `GET /a -> 200, 0/5 bytes` and what is special about it.
fn line(exchange: &Exchange) -> String {
    let request = exchange.request.as_ref();
    let response = exchange.response.as_ref();
    let head = request.and_then(|r| r.head.as_ref());
    let text = |bytes: Option<&[u8]>| bytes.map_or("-".into(), crate::text::printable);
    let status = response.and_then(|r| r.head.as_ref()?.status());
    let mut line = format!(
        "{} {} -> {}, {}/{} bytes",
        text(head.and_then(|h| h.method())),
        text(head.and_then(|h| h.target())),
        status.map_or("-".into(), |s| s.to_string()),
        request.map_or(0, |r| r.body),
        response.map_or(0, |r| r.body),
    );
    if exchange.tunnel {
        line.push_str(", tunnel");
    }
    for reason in Reason::ALL {
        if exchange.incomplete.has(reason) {
            line.push_str(", ");
            line.push_str(reason.as_str());
        }
    }
    line
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const EMPTY: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const FIVE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

struct Case {
    name: &'static str,
    steps: &'static [Step<'static>],
    lines: &'static [&'static str],
}

fn check(cases: &[Case]) {
    for case in cases {
        assert_eq!(Talk::of(case.steps).lines(), case.lines, "{}", case.name);
    }
}

#[test]
fn bodies_are_framed_as_the_heads_say() {
    check(&[
        Case {
            name: "content-length",
            steps: &[
                Ask(b"POST /a HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc"),
                Answer(FIVE),
            ],
            lines: &["POST /a -> 200, 3/5 bytes"],
        },
        Case {
            name: "a body that was not copied",
            steps: &[
                Ask(b"PUT /a HTTP/1.1\r\nContent-Length: 5000000000\r\n\r\n"),
                AskSkipped(5_000_000_000),
                Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n12"),
                AnswerSkipped(8),
                Ask(GET),
                Answer(EMPTY),
            ],
            lines: &[
                "PUT /a -> 200, 5000000000/10 bytes",
                "GET / -> 200, 0/0 bytes",
            ],
        },
        Case {
            name: "chunked with extension and trailers, both ways",
            steps: &[
                Ask(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n"),
                Answer(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, Chunked\r\n\r\n"),
                Answer(
                    b"5;name=value\r\nhello\r\nA \r\n0123456789\r\n0\r\nExpires: 0\r\nX: y\r\n\r\n",
                ),
                Ask(GET),
                Answer(EMPTY),
            ],
            lines: &["POST / -> 200, 3/15 bytes", "GET / -> 200, 0/0 bytes"],
        },
        Case {
            name: "HEAD has no body whatever its length",
            steps: &[
                Ask(b"HEAD / HTTP/1.1\r\n\r\n"),
                Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n"),
                Ask(GET),
                Answer(FIVE),
            ],
            lines: &["HEAD / -> 200, 0/0 bytes", "GET / -> 200, 0/5 bytes"],
        },
        Case {
            name: "204 and 304 have no body",
            steps: &[
                Ask(GET),
                Answer(b"HTTP/1.1 204 No Content\r\n\r\n"),
                Ask(GET),
                Answer(b"HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\n"),
                Ask(GET),
                Answer(FIVE),
            ],
            lines: &[
                "GET / -> 204, 0/0 bytes",
                "GET / -> 304, 0/0 bytes",
                "GET / -> 200, 0/5 bytes",
            ],
        },
        Case {
            name: "HTTP/1.0 until the connection closes",
            steps: &[
                Ask(b"GET / HTTP/1.0\r\n\r\n"),
                Answer(b"HTTP/1.0 200 OK\r\n\r\nhel"),
                AnswerSkipped(4),
                Close,
            ],
            lines: &["GET / -> 200, 0/7 bytes"],
        },
        Case {
            name: "until the connection is reset",
            steps: &[Ask(GET), Answer(b"HTTP/1.1 200 OK\r\n\r\nhel"), Reset],
            lines: &["GET / -> 200, 0/3 bytes, connection_reset"],
        },
    ]);
}

#[test]
fn heads_that_contradict_themselves_are_marked() {
    check(&[
        Case {
            name: "equal lengths are one",
            steps: &[
                Ask(GET),
                Answer(
                    b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\ncontent-length: 5, 5\r\n\r\nhello",
                ),
            ],
            lines: &["GET / -> 200, 0/5 bytes"],
        },
        Case {
            name: "different lengths in a response",
            steps: &[
                Ask(GET),
                Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello"),
            ],
            lines: &["GET / -> 200, 0/0 bytes, framing_ambiguous"],
        },
        Case {
            name: "different lengths in a request",
            steps: &[
                Ask(b"POST / HTTP/1.1\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!"),
                Answer(EMPTY),
            ],
            lines: &["POST / -> 200, 0/0 bytes, framing_ambiguous"],
        },
        Case {
            name: "chunked is not the last coding of a request",
            steps: &[
                Ask(b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked, gzip\r\n\r\n"),
                Answer(EMPTY),
            ],
            lines: &["POST / -> 200, 0/0 bytes, framing_ambiguous"],
        },
        Case {
            name: "a chunk size that is none",
            steps: &[
                Ask(GET),
                Answer(
                    b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\nxyz\r\n",
                ),
            ],
            lines: &["GET / -> 200, 0/5 bytes, framing_ambiguous"],
        },
    ]);
}

#[test]
fn messages_are_paired() {
    check(&[
        Case {
            name: "interim responses belong to the final one",
            steps: &[
                Ask(b"POST / HTTP/1.1\r\nExpect: 100-continue\r\nContent-Length: 3\r\n\r\n"),
                Answer(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n"),
                Ask(b"abc"),
                Answer(EMPTY),
                Ask(GET),
                Answer(FIVE),
            ],
            lines: &["POST / -> 200, 3/0 bytes", "GET / -> 200, 0/5 bytes"],
        },
        Case {
            name: "pipelining",
            steps: &[
                Ask(b"GET /1 HTTP/1.1\r\n\r\nHEAD /2 HTTP/1.1\r\n\r\nGET /3 HTTP/1.1\r\n\r\n"),
                Answer(FIVE),
                Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nHTTP/1.1 404 Not Found\r\nContent-Length: 1\r\n\r\n!"),
            ],
            lines: &[
                "GET /1 -> 200, 0/5 bytes",
                "HEAD /2 -> 200, 0/0 bytes",
                "GET /3 -> 404, 0/1 bytes",
            ],
        },
        Case {
            name: "an answer before the request is whole",
            steps: &[
                Ask(b"POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc"),
                Answer(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"),
                Ask(b"def"),
                Ask(GET),
                Answer(FIVE),
            ],
            lines: &["POST / -> 413, 6/0 bytes", "GET / -> 200, 0/5 bytes"],
        },
        Case {
            name: "an answer that ends the connection before the request is whole",
            steps: &[
                Ask(b"POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\nabc"),
                Answer(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n"),
                Reset,
            ],
            lines: &["POST / -> 413, 3/0 bytes, connection_reset"],
        },
        Case {
            name: "408 while the head is incomplete",
            steps: &[
                Ask(b"GET /slow HTTP/1.1\r\nHost: h\r\nX-Par"),
                Answer(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"),
                Close,
            ],
            lines: &["GET /slow -> 408, 0/0 bytes, head_truncated"],
        },
        Case {
            name: "408 on an idle connection",
            steps: &[
                Answer(b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\n\r\n"),
                Close,
            ],
            lines: &["- - -> 408, 0/0 bytes, request_missing"],
        },
        Case {
            name: "a response that is cut short",
            steps: &[
                Ask(GET),
                Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhello"),
                Reset,
            ],
            lines: &["GET / -> 200, 0/5 bytes, connection_reset"],
        },
        Case {
            name: "no response",
            steps: &[Ask(GET), Close],
            lines: &["GET / -> -, 0/0 bytes, response_missing, connection_closed"],
        },
        Case {
            name: "observation ends first",
            steps: &[Ask(GET), Interrupt],
            lines: &["GET / -> -, 0/0 bytes, response_missing, interrupted"],
        },
        Case {
            name: "the connection ends within a request head",
            steps: &[Ask(b"GET /half HTTP/1.1\r\nHost: h\r\nX-Par"), Reset],
            lines: &["GET /half -> -, 0/0 bytes, head_truncated, response_missing, connection_reset"],
        },
    ]);
}

#[test]
fn what_follows_a_switch_of_protocols_is_a_tunnel() {
    check(&[
        Case {
            name: "upgrade",
            steps: &[
                Ask(b"GET /ws HTTP/1.1\r\nUpgrade: websocket\r\nConnection: upgrade\r\n\r\n"),
                Answer(b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\n\r\n\x81\x02hi"),
                Ask(b"\x81\x83\0\0\0\0abc"),
                AnswerSkipped(100),
                Close,
            ],
            lines: &["GET /ws -> 101, 9/104 bytes, tunnel"],
        },
        Case {
            name: "connect",
            steps: &[
                Ask(b"CONNECT db:5432 HTTP/1.1\r\nHost: db:5432\r\n\r\n"),
                Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"),
                Ask(b"\x16\x03\x01\x02\x00"),
                Answer(b"\x16\x03\x03"),
                Close,
            ],
            lines: &["CONNECT db:5432 -> 200, 5/3 bytes, tunnel"],
        },
        Case {
            name: "connect that is refused",
            steps: &[
                Ask(b"CONNECT db:5432 HTTP/1.1\r\n\r\n"),
                Answer(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno"),
                Ask(GET),
                Answer(FIVE),
            ],
            lines: &[
                "CONNECT db:5432 -> 403, 0/2 bytes",
                "GET / -> 200, 0/5 bytes",
            ],
        },
    ]);
}

#[test]
fn heads_are_read_as_servers_read_them() {
    check(&[
        Case {
            name: "bare line feeds, and empty lines before a request",
            steps: &[
                Ask(b"\r\n\nPOST /lf HTTP/1.1\nContent-Length: 2\n\nab"),
                Answer(b"HTTP/1.1 200 OK\nContent-Length: 1\n\nx"),
            ],
            lines: &["POST /lf -> 200, 2/1 bytes"],
        },
        Case {
            name: "absolute form",
            steps: &[
                Ask(b"GET http://h:80/a?b=c HTTP/1.1\r\n\r\n"),
                Answer(EMPTY),
            ],
            lines: &["GET http://h:80/a?b=c -> 200, 0/0 bytes"],
        },
        Case {
            name: "a target that is not ASCII, and one with spaces",
            steps: &[
                Ask(b"GET /caf\xc3\xa9/\xff HTTP/1.1\r\n\r\n"),
                Answer(EMPTY),
                Ask(b"GET /a b HTTP/1.1\r\n\r\n"),
                Answer(EMPTY),
            ],
            lines: &[
                "GET /café/%FF -> 200, 0/0 bytes",
                "GET /a b -> 200, 0/0 bytes",
            ],
        },
        Case {
            name: "a status without a reason, and one past 599",
            steps: &[
                Ask(GET),
                Answer(b"HTTP/1.1 200\r\nContent-Length: 0\r\n\r\n"),
                Ask(GET),
                Answer(b"HTTP/1.1 999 Odd\r\nContent-Length: 0\r\n\r\n"),
            ],
            lines: &["GET / -> 200, 0/0 bytes", "GET / -> 999, 0/0 bytes"],
        },
    ]);
}

#[test]
fn folded_lines_continue_a_value() {
    let talk = Talk::of(&[
        Ask(b"GET / HTTP/1.1\r\nX-Long: one\r\n two \r\nHost: h\r\n\r\n"),
        Answer(EMPTY),
    ]);
    let head = talk.done[0]
        .request
        .as_ref()
        .unwrap()
        .head
        .as_ref()
        .unwrap();
    let long: Vec<_> = head.values("x-long").collect();
    assert_eq!(long, [b"one\r\n two".as_slice()]);
    assert_eq!(head.values("HOST").collect::<Vec<_>>(), [b"h".as_slice()]);
    assert_eq!(head.fields().count(), 2);
}

#[test]
fn times_are_those_of_first_and_last_bytes() {
    let talk = Talk::of(&[
        Ask(b"POST / HT"),
        Ask(b"TP/1.1\r\nContent-Length: 2\r\n\r\na"),
        Ask(b"b"),
        Answer(b"HTTP/1.1 100 Continue\r\n\r\n"),
        Answer(b"HTTP/1.1 200 OK\r\n"),
        Answer(b"Content-Length: 2\r\n\r\nx"),
        Answer(b"y"),
    ]);
    let exchange = &talk.done[0];
    let request = exchange.request.as_ref().unwrap();
    let response = exchange.response.as_ref().unwrap();
    assert_eq!((exchange.began(), exchange.ended), (1, 7));
    assert_eq!((request.began, request.ended), (1, Some(3)));
    assert_eq!((response.began, response.ended), (5, Some(7)));
    assert_eq!(exchange.time_to_first_byte(), Some(4));
    assert_eq!((request.wire, response.wire), (40, 40));
}

#[test]
fn heads_are_bounded_however_they_come() {
    let mut head = b"GET /big HTTP/1.1\r\nHost: h\r\nX-Big: ".to_vec();
    head.resize(1 << 20, b'x');
    head.extend_from_slice(b"\r\nX-After: y\r\n\r\n");
    for size in [head.len(), 1460, 16 * 1024, 1] {
        let mut talk = Talk::new();
        for piece in head.chunks(size) {
            talk.step(Ask(piece));
        }
        talk.step(Answer(EMPTY));
        assert_eq!(
            talk.lines(),
            ["GET /big -> 200, 0/0 bytes, head_truncated"],
            "in pieces of {size}"
        );
        let head = talk.done[0]
            .request
            .as_ref()
            .unwrap()
            .head
            .as_ref()
            .unwrap();
        assert!(head.is_truncated());
        let kept: usize = head
            .fields()
            .map(|(name, value)| name.len() + value.len())
            .sum();
        assert!(kept < MAX_HEAD, "{kept} bytes in pieces of {size}");
        assert_eq!(head.values("host").count(), 1);
    }
}

#[test]
fn an_oversized_head_that_was_not_copied_is_marked() {
    check(&[Case {
        name: "the kernel copies the beginning",
        steps: &[
            Ask(b"GET /big HTTP/1.1\r\nHost: h\r\nX-Big: xxxx"),
            AskSkipped(100_000),
            AskResumes(1),
            Ask(b"GET /next HTTP/1.1\r\n\r\n"),
            Answer(EMPTY),
            Answer(FIVE),
        ],
        lines: &[
            "GET /big -> 200, 0/0 bytes, head_truncated",
            "GET /next -> 200, 0/5 bytes",
        ],
    }]);
}

#[test]
fn other_protocols_are_foreign() {
    let cases: [(&str, &[u8], &[u8]); 5] = [
        (
            "tls",
            b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
            b"\x16\x03\x03\x00\x7a",
        ),
        ("noise", b"\x00\xff\n\n\x01\r\n\r\n", b"\xfe\x00"),
        (
            "http/2",
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            b"\x00\x00\x06\x04\x00",
        ),
        ("redis", b"*1\r\n$4\r\nPING\r\n", b"+PONG\r\n"),
        ("smtp", b"EHLO there\r\n", b"220 mail ESMTP\r\n"),
    ];
    for (name, request, response) in cases {
        for answer_first in [false, true] {
            let mut talk = Talk::new();
            let mut steps = [Ask(request), Answer(response)];
            if answer_first {
                steps.reverse();
            }
            for step in steps {
                talk.step(step);
            }
            assert_eq!(talk.streams.verdict(), Verdict::Foreign, "{name}");
            assert_eq!(talk.streams.want(Side::Request), Want::Nothing, "{name}");
            assert_eq!(talk.streams.want(Side::Response), Want::Nothing, "{name}");
            talk.step(Close);
            assert!(talk.done.is_empty(), "{name}: {:?}", talk.lines());
        }
    }
}

#[test]
fn garbage_that_gets_an_answer_is_an_exchange() {
    check(&[
        Case {
            name: "a bad request is answered",
            steps: &[
                Ask(b"\x16\x03\x01\x02\x00\x01"),
                Answer(b"HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n"),
                Close,
            ],
            lines: &["- - -> 400, 0/0 bytes, request_unparsable"],
        },
        Case {
            name: "the answer is garbage",
            steps: &[Ask(GET), Answer(b"\x15\x03\x01\x00\x02"), Close],
            lines: &[
                "GET / -> -, 0/0 bytes, response_missing, connection_closed, response_unparsable",
            ],
        },
    ]);
}

#[test]
fn a_request_to_a_server_that_greets_in_another_protocol_is_an_exchange() {
    const MARKED: &str =
        "GET / -> -, 0/0 bytes, response_missing, connection_reset, response_unparsable";
    let greeting = Answer(b"SSH-2.0-OpenSSH_9.2\r\n\0\xff");
    for cut in 0..GET.len() {
        let (before, after) = GET.split_at(cut);
        for steps in [
            [Ask(before), greeting, Ask(after), Reset],
            [greeting, Ask(before), Ask(after), Reset],
        ] {
            let talk = Talk::of(&steps);
            assert_eq!(talk.lines(), [MARKED], "{cut}: {steps:?}");
            assert_eq!(talk.streams.unfinished(), 0);
        }
    }
    // The kernel programs count a request by its first line.
    let cut = &GET[..GET.len() - 5];
    let talk = Talk::of(&[greeting, Ask(cut), Close]);
    let line = "GET / -> -, 0/0 bytes, head_truncated, response_missing, connection_closed, \
                response_unparsable";
    assert_eq!(talk.lines(), [line]);
    // Words of another protocol, also those that HTTP/0.9 would take.
    for words in [&b"EHLO there\r\n"[..], b"GET /file\r\n", b"\x16\x03\x01"] {
        let talk = Talk::of(&[greeting, Ask(words), Ask(GET), Close]);
        assert_eq!(talk.lines(), [""; 0], "{words:?}");
        assert_eq!(talk.streams.verdict(), Verdict::Foreign);
    }
}

#[test]
fn message_numbers_pair_what_holes_tore_apart() {
    check(&[
        Case {
            name: "a request is lost",
            steps: &[
                Ask(b"GET /0 HTTP/1.1\r\n\r\n"),
                Answer(EMPTY),
                AskHole(20),
                AskResumes(2),
                Ask(b"GET /2 HTTP/1.1\r\n\r\n"),
                Answer(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
                Answer(b"HTTP/1.1 202 Accepted\r\nContent-Length: 0\r\n\r\n"),
            ],
            lines: &[
                "GET /0 -> 200, 0/0 bytes",
                "- - -> 201, 0/0 bytes, request_missing",
                "GET /2 -> 202, 0/0 bytes",
            ],
        },
        Case {
            name: "a response is lost",
            steps: &[
                Ask(b"GET /0 HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\n"),
                AnswerHole(38),
                AnswerResumes(1),
                Answer(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n"),
            ],
            lines: &[
                "GET /0 -> -, 0/0 bytes, hole, response_missing",
                "GET /1 -> 201, 0/0 bytes",
            ],
        },
        Case {
            name: "a hole within a head",
            steps: &[
                Ask(b"GET /0 HTTP/1.1\r\nHost: h\r\nX-"),
                AskHole(20),
                AskResumes(1),
                Ask(b"GET /1 HTTP/1.1\r\n\r\n"),
                Answer(EMPTY),
                Answer(FIVE),
            ],
            lines: &[
                "GET /0 -> 200, 0/0 bytes, head_truncated, hole",
                "GET /1 -> 200, 0/5 bytes",
            ],
        },
        Case {
            name: "a hole within a body of known length",
            steps: &[
                Ask(GET),
                Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nh"),
                AnswerHole(3),
                Answer(b"o"),
                Ask(GET),
                Answer(EMPTY),
            ],
            lines: &["GET / -> 200, 0/5 bytes", "GET / -> 200, 0/0 bytes"],
        },
        Case {
            name: "a hole over the end of a body",
            steps: &[
                Ask(b"GET /0 HTTP/1.1\r\n\r\nGET /1 HTTP/1.1\r\n\r\nGET /2 HTTP/1.1\r\n\r\n"),
                Answer(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nh"),
                AnswerHole(42),
                AnswerResumes(2),
                Answer(FIVE),
            ],
            lines: &[
                "GET /0 -> 200, 0/5 bytes",
                "GET /1 -> -, 0/0 bytes, hole, response_missing",
                "GET /2 -> 200, 0/5 bytes",
            ],
        },
    ]);
}

#[test]
fn a_connection_joined_midway_is_read_from_a_first_line_on() {
    let mut talk = Talk::new();
    talk.streams = Streams::joined_midway();
    talk.step(Answer(b"rest of a body"));
    talk.streams.try_resume(Side::Request, b"no first line\r\n");
    assert!(talk.streams.is_lost(Side::Request));
    talk.streams.try_resume(Side::Request, GET);
    talk.step(Ask(GET));
    talk.streams.try_resume(Side::Response, FIVE);
    talk.step(Answer(FIVE));
    talk.step(Ask(GET));
    talk.step(Answer(EMPTY));
    assert_eq!(
        talk.lines(),
        [
            "GET / -> 200, 0/5 bytes, joined_midway",
            "GET / -> 200, 0/0 bytes"
        ]
    );
}

#[test]
fn what_is_wanted_follows_the_framing() {
    let mut talk = Talk::new();
    assert_eq!(talk.streams.want(Side::Request), Want::Bytes);
    talk.step(Ask(b"POST / HTTP/1.1\r\nContent-Length: 10\r\n\r\nab"));
    let after = |skip, messages| Want::MessageAfter { skip, messages };
    assert_eq!(talk.streams.want(Side::Request), after(8, 1));
    assert_eq!(talk.streams.want(Side::Response), after(0, 0));
    talk.step(Answer(b"HTTP/1.1 200 OK\r\n"));
    assert_eq!(talk.streams.want(Side::Response), Want::Bytes);
    talk.step(Answer(b"\r\n"));
    assert_eq!(talk.streams.want(Side::Response), Want::Nothing);
}

#[test]
fn requests_without_answers_are_bounded() {
    let mut talk = Talk::new();
    for _ in 0..1000 {
        talk.step(Ask(GET));
    }
    assert_eq!(talk.done.len(), 1000 - 256);
    talk.step(Close);
    assert_eq!(talk.done.len(), 1000);
}
