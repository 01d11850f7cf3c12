use std::fmt::Write as _;

use super::{Streams, error_name, frame::PREFACE};
use crate::protocol::{Ending, Exchange, Head, Reason, Side, Span, Verdict, Want};

mod conversation;
mod hostile;
mod joined;
mod wire;

use wire::{
    ACK, CONTINUATION, DATA, END_HEADERS, END_STREAM, GOAWAY, HEADERS, PADDED, PING, PRIORITY,
    PUSH_PROMISE, RST_STREAM, SETTINGS, WINDOW_UPDATE, ask, block, frame, get, ok,
};

/// A connection on which a clock ticks with every step.
struct Talk {
    streams: Streams,
    at: u64,
    done: Vec<Exchange>,
}

impl Talk {
    /// Both sides have said their settings.
    fn new() -> Self {
        let mut talk = Self::with(Streams::new());
        talk.ask(PREFACE);
        talk.ask(&frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]));
        talk.answer(&frame(SETTINGS, 0, 0, b""));
        talk.answer(&frame(SETTINGS, ACK, 0, b""));
        talk
    }

    fn with(streams: Streams) -> Self {
        Self {
            streams,
            at: 0,
            done: Vec::new(),
        }
    }

    fn feed(&mut self, side: Side, span: Span<'_>) {
        self.at += 1;
        self.streams.feed(side, span, self.at, &mut self.done);
    }

    fn ask(&mut self, bytes: &[u8]) {
        self.feed(Side::Request, Span::Bytes(bytes));
    }

    fn answer(&mut self, bytes: &[u8]) {
        self.feed(Side::Response, Span::Bytes(bytes));
    }

    fn hole(&mut self, side: Side, n: u64) {
        self.at += 1;
        self.streams.hole(side, n, self.at, &mut self.done);
    }

    fn end(&mut self, cause: Reason) {
        self.at += 1;
        let ending = Ending {
            at: self.at,
            request_ended: None,
            response_ended: None,
            cause,
        };
        self.streams.close(&ending, &mut self.done);
    }

    fn lines(&self) -> Vec<String> {
        self.done.iter().map(line).collect()
    }
}

/// An exchange in a line: `1 GET /a -> 200, 0/5 bytes` and what is special about it.
fn line(exchange: &Exchange) -> String {
    let stream = exchange.stream.expect("a stream each");
    let (request, response) = (exchange.request.as_ref(), exchange.response.as_ref());
    let head = request.and_then(|r| r.head.as_ref());
    let text = |bytes: Option<&[u8]>| bytes.map_or("-".into(), crate::text::printable);
    let status = response.and_then(|r| r.head.as_ref()?.status());
    let mut line = format!(
        "{} {} {} -> {}, {}/{} bytes",
        stream.id,
        text(head.and_then(Head::method)),
        text(
            head.and_then(Head::target)
                .or(head.and_then(Head::authority))
        ),
        status.map_or("-".into(), |s| s.to_string()),
        request.map_or(0, |r| r.body),
        response.map_or(0, |r| r.body),
    );
    if exchange.tunnel {
        line.push_str(", tunnel");
    }
    if stream.pushed {
        line.push_str(", pushed");
    }
    if let Some(reset) = stream.reset {
        let code = reset.code.map_or("?", error_name);
        let _ = write!(line, ", {:?} {code}", reset.by);
    }
    for reason in exchange.incomplete.iter() {
        line.push_str(", ");
        line.push_str(reason.as_str());
    }
    line
}

#[test]
fn streams_interleave() {
    let mut talk = Talk::new();
    talk.ask(&[get(1, "/a"), get(3, "/b"), get(5, "/c")].concat());
    talk.answer(&ok(5, 0));
    talk.answer(&frame(DATA, 0, 5, b"ccc"));
    talk.answer(&ok(1, END_STREAM));
    talk.answer(&[ok(3, 0), frame(DATA, END_STREAM, 3, b"bb")].concat());
    talk.answer(&frame(DATA, END_STREAM, 5, b"cc"));
    assert_eq!(
        talk.lines(),
        [
            "1 GET /a -> 200, 0/0 bytes",
            "3 GET /b -> 200, 0/2 bytes",
            "5 GET /c -> 200, 0/5 bytes",
        ]
    );
    let last = &talk.done[2];
    let request = last.request.as_ref().unwrap();
    let response = last.response.as_ref().unwrap();
    assert_eq!((request.began, request.ended), (5, Some(5)));
    assert_eq!(
        (response.began, response.ended, last.ended),
        (6, Some(10), 10)
    );
    assert_eq!(request.wire, get(5, "/c").len() as u64);
    assert_eq!(response.wire, (ok(5, 0).len() + 9 + 3 + 9 + 2) as u64);
    assert_eq!(talk.streams.verdict(), Verdict::Http);
}

#[test]
fn heads_have_their_parts() {
    let mut talk = Talk::new();
    talk.ask(&get(1, "/a?b"));
    talk.answer(&ok(1, END_STREAM));
    let head = talk.done[0]
        .request
        .as_ref()
        .unwrap()
        .head
        .as_ref()
        .unwrap();
    assert_eq!(head.scheme(), Some(b"http".as_slice()));
    assert_eq!(head.authority(), Some(b"h".as_slice()));
    assert_eq!(head.target(), Some(b"/a?b".as_slice()));
    assert_eq!(head.values("x-id").collect::<Vec<_>>(), [b"1"]);
    assert_eq!(head.version().as_str(), Some("2"));
}

#[test]
fn requests_have_bodies_and_both_have_trailers() {
    let mut talk = Talk::new();
    talk.ask(&ask(1, 0, "POST", "/"));
    talk.ask(&frame(DATA, 0, 1, b"abc"));
    talk.ask(&frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        1,
        &block(&[("x", "y")]),
    ));
    talk.answer(&frame(
        HEADERS,
        END_HEADERS,
        1,
        &block(&[(":status", "100")]),
    ));
    talk.answer(&frame(
        HEADERS,
        END_HEADERS,
        1,
        &block(&[(":status", "103")]),
    ));
    talk.answer(&[ok(1, 0), frame(DATA, 0, 1, b"de")].concat());
    talk.answer(&frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        1,
        &block(&[("grpc-status", "0")]),
    ));
    assert_eq!(talk.lines(), ["1 POST / -> 200, 3/2 bytes"]);
    let response = talk.done[0].response.as_ref().unwrap();
    assert_eq!(response.began, 10, "of the final head");
    let trailers = response.trailers.as_ref().unwrap();
    assert_eq!(trailers.values("grpc-status").next(), Some(b"0".as_slice()));
}

#[test]
fn padding_and_priority_are_no_content() {
    let mut talk = Talk::new();
    let fields = wire::request("GET", "/p");
    let payload = [&[4, 0, 0, 0, 0, 16], fields.as_slice(), &[0; 4]].concat();
    let flags = END_HEADERS | END_STREAM | PADDED | PRIORITY;
    talk.ask(&frame(HEADERS, flags, 1, &payload));
    talk.answer(&ok(1, 0));
    talk.answer(&frame(DATA, PADDED, 1, b"\x03ab\0\0\0"));
    talk.answer(&frame(DATA, PADDED | END_STREAM, 1, b"\x02\0\0"));
    assert_eq!(talk.lines(), ["1 GET /p -> 200, 0/2 bytes"]);
    // Padding whose length is not seen may be content.
    talk.ask(&get(3, "/q"));
    talk.answer(&ok(3, 0));
    let data = frame(DATA, PADDED | END_STREAM, 3, b"\x03ab\0\0\0");
    talk.answer(&data[..9]);
    talk.feed(Side::Response, Span::Skipped(6));
    assert_eq!(talk.lines()[1], "3 GET /q -> 200, 0/6 bytes");
    assert!(talk.done[1].response.as_ref().unwrap().uncounted);
}

#[test]
fn header_blocks_go_on_in_frames_of_their_own() {
    let mut talk = Talk::new();
    let fields = wire::request("GET", "/long");
    talk.ask(&frame(HEADERS, END_STREAM, 1, &fields[..5]));
    talk.ask(&frame(CONTINUATION, 0, 1, &fields[5..9]));
    talk.ask(&frame(CONTINUATION, END_HEADERS, 1, &fields[9..]));
    talk.answer(&ok(1, END_STREAM));
    assert_eq!(talk.lines(), ["1 GET /long -> 200, 0/0 bytes"]);
}

#[test]
fn a_stream_is_given_up_by_either_side() {
    let mut talk = Talk::new();
    talk.ask(&[get(1, "/a"), get(3, "/b"), ask(5, 0, "PUT", "/c")].concat());
    talk.ask(&frame(RST_STREAM, 0, 1, &[0, 0, 0, 8]));
    talk.answer(&[ok(3, 0), frame(DATA, 0, 3, b"b")].concat());
    talk.answer(&frame(RST_STREAM, 0, 3, &[0, 0, 0, 2]));
    // The answer came early, the rest of the request is of no use.
    talk.answer(&[ok(5, END_STREAM), frame(RST_STREAM, 0, 5, &[0; 4])].concat());
    // What was on its way does not matter.
    talk.answer(&[ok(1, 0), frame(DATA, END_STREAM, 1, b"late")].concat());
    talk.ask(&frame(DATA, END_STREAM, 5, b"late"));
    assert_eq!(
        talk.lines(),
        [
            "1 GET /a -> -, 0/0 bytes, Request CANCEL, response_missing, stream_reset",
            "3 GET /b -> 200, 0/1 bytes, Response INTERNAL_ERROR, stream_reset",
            "5 PUT /c -> 200, 0/0 bytes, Response NO_ERROR, stream_reset",
        ]
    );
}

#[test]
fn a_server_that_goes_away_leaves_streams_alone() {
    let mut talk = Talk::new();
    talk.ask(&[get(1, "/a"), get(3, "/b"), get(5, "/c")].concat());
    talk.answer(&frame(GOAWAY, 0, 0, &[0x7f, 0xff, 0xff, 0xff, 0, 0, 0, 0]));
    assert_eq!(talk.done.len(), 0);
    talk.answer(&frame(GOAWAY, 0, 0, &[0, 0, 0, 3, 0, 0, 0, 0]));
    talk.ask(&get(7, "/d"));
    talk.answer(&[ok(1, END_STREAM), ok(3, END_STREAM)].concat());
    assert_eq!(
        talk.lines(),
        [
            "5 GET /c -> -, 0/0 bytes, response_missing, goaway",
            "7 GET /d -> -, 0/0 bytes, response_missing, goaway",
            "1 GET /a -> 200, 0/0 bytes",
            "3 GET /b -> 200, 0/0 bytes",
        ]
    );
}

#[test]
fn a_server_may_ask_itself() {
    let mut talk = Talk::new();
    talk.ask(&get(1, "/page"));
    let promise = [&[0, 0, 0, 2], wire::request("GET", "/style").as_slice()].concat();
    talk.answer(&frame(PUSH_PROMISE, END_HEADERS, 1, &promise));
    talk.answer(&[ok(1, END_STREAM), ok(2, 0)].concat());
    talk.answer(&frame(DATA, END_STREAM, 2, b"css"));
    assert_eq!(
        talk.lines(),
        [
            "1 GET /page -> 200, 0/0 bytes",
            "2 GET /style -> 200, 0/3 bytes, pushed"
        ]
    );
    assert_eq!(talk.done[1].request.as_ref().unwrap().wire, 0);
}

#[test]
fn tunnels_count_what_goes_through_them() {
    let mut talk = Talk::new();
    let plain = block(&[(":method", "CONNECT"), (":authority", "db:5432")]);
    let extended = [
        wire::request("CONNECT", "/chat"),
        block(&[("sec-websocket-version", "13")]),
    ];
    let protocol = block(&[(":protocol", "websocket")]);
    talk.ask(&frame(HEADERS, END_HEADERS, 1, &plain));
    talk.ask(&frame(
        HEADERS,
        END_HEADERS,
        3,
        &[protocol, extended[0].clone()].concat(),
    ));
    talk.answer(&[ok(1, 0), ok(3, 0)].concat());
    talk.ask(&[frame(DATA, 0, 1, b"up"), frame(DATA, END_STREAM, 3, b"ws")].concat());
    talk.answer(&[frame(DATA, 0, 1, b"down"), frame(DATA, END_STREAM, 3, b"")].concat());
    talk.end(Reason::ConnectionClosed);
    assert_eq!(
        talk.lines(),
        [
            "3 CONNECT /chat -> 200, 2/0 bytes, tunnel",
            "1 CONNECT db:5432 -> 200, 2/4 bytes, tunnel, connection_closed",
        ]
    );
}

#[test]
fn lengths_that_are_said_and_not_kept_are_marked() {
    let mut talk = Talk::new();
    let long = |id, flags| {
        let fields = block(&[(":status", "200"), ("content-length", "5")]);
        frame(HEADERS, END_HEADERS | flags, id, &fields)
    };
    talk.ask(&[get(1, "/a"), get(3, "/b"), ask(5, END_STREAM, "HEAD", "/c")].concat());
    talk.answer(&[long(1, 0), frame(DATA, END_STREAM, 1, b"12345")].concat());
    talk.answer(&[long(3, 0), frame(DATA, END_STREAM, 3, b"123")].concat());
    talk.answer(&long(5, END_STREAM));
    assert_eq!(
        talk.lines(),
        [
            "1 GET /a -> 200, 0/5 bytes",
            "3 GET /b -> 200, 0/3 bytes, framing_ambiguous",
            "5 HEAD /c -> 200, 0/0 bytes",
        ]
    );
}

#[test]
fn heads_that_recipients_refuse_are_marked() {
    for fields in [
        block(&[(":scheme", "http"), (":path", "/")]),
        block(&[(":method", "GET"), (":path", "/")]),
        [wire::request("GET", "/"), block(&[(":path", "/other")])].concat(),
        [wire::request("GET", "/"), block(&[("Upper", "case")])].concat(),
        [block(&[(":path", "/")]), wire::request("GET", "/")].concat(),
        [wire::request("GET", "/"), block(&[(":status", "200")])].concat(),
    ] {
        let mut talk = Talk::new();
        talk.ask(&frame(HEADERS, END_HEADERS | END_STREAM, 1, &fields));
        talk.answer(&frame(RST_STREAM, 0, 1, &[0, 0, 0, 1]));
        let line = &talk.lines()[0];
        assert!(line.contains("request_unparsable"), "{line}");
    }
    let mut talk = Talk::new();
    talk.ask(&get(1, "/"));
    talk.answer(&frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        1,
        &block(&[("x", "y")]),
    ));
    assert_eq!(
        talk.lines(),
        ["1 GET / -> -, 0/0 bytes, response_unparsable"]
    );
}

#[test]
fn what_is_under_way_is_told() {
    let mut talk = Talk::new();
    talk.ask(&[get(1, "/a"), ask(3, 0, "POST", "/b")].concat());
    talk.answer(&[ok(3, 0), frame(DATA, 0, 3, b"12")].concat());
    let ongoing: Vec<_> = talk.streams.ongoing(50).map(|e| line(&e)).collect();
    assert_eq!(
        ongoing,
        ["1 GET /a -> -, 0/0 bytes", "3 POST /b -> 200, 0/2 bytes"]
    );
    talk.end(Reason::Interrupted);
    assert_eq!(
        talk.lines(),
        [
            "1 GET /a -> -, 0/0 bytes, response_missing, interrupted",
            "3 POST /b -> 200, 0/2 bytes, interrupted",
        ]
    );
}

#[test]
fn data_is_not_wanted_and_everything_else_is() {
    let mut talk = Talk::new();
    let skip = |skip, stream| Want::FramesAfter { skip, stream };
    assert_eq!(talk.streams.want(Side::Request), skip(0, 0));
    let request = ask(1, 0, "POST", "/");
    talk.ask(&request[..12]);
    assert_eq!(talk.streams.want(Side::Request), Want::Bytes);
    talk.ask(&request[12..]);
    let data = frame(DATA, 0, 1, &[b'x'; 100]);
    talk.ask(&data[..20]);
    assert_eq!(talk.streams.want(Side::Request), skip(89, 1));
    talk.ask(&data[20..]);
    talk.ask(&frame(PING, 0, 0, &[0; 8])[..10]);
    assert_eq!(talk.streams.want(Side::Request), Want::Bytes);
    talk.hole(Side::Request, 100);
    assert_eq!(talk.streams.want(Side::Request), Want::Bytes);
}

#[test]
fn a_server_that_does_not_begin_with_settings_speaks_something_else() {
    let mut talk = Talk::with(Streams::new());
    talk.ask(PREFACE);
    talk.ask(&frame(SETTINGS, 0, 0, b""));
    assert_eq!(talk.streams.verdict(), Verdict::Undetermined);
    talk.answer(&frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0, 1]));
    assert_eq!(talk.streams.verdict(), Verdict::Foreign);
    assert_eq!(talk.streams.want(Side::Request), Want::Nothing);
}
