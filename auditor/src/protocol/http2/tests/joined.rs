//! Holes, and connections that are older than the auditor.

use super::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, Reason, Side, Span, Streams, Talk, ask,
    block, frame, get, ok,
    wire::{inserted, request},
};

fn joined() -> Talk {
    let mut talk = Talk::with(Streams::joined_midway());
    talk.streams.resume(Side::Request);
    talk.streams.resume(Side::Response);
    talk
}

#[test]
fn a_hole_within_a_body_is_of_known_length() {
    let mut talk = Talk::new();
    talk.ask(&get(1, "/"));
    talk.answer(&ok(1, 0));
    let data = frame(DATA, END_STREAM, 1, &[b'x'; 100]);
    talk.answer(&data[..20]);
    talk.hole(Side::Response, 80);
    talk.answer(&data[100..]);
    assert_eq!(talk.lines(), ["1 GET / -> 200, 0/100 bytes"]);
}

#[test]
fn a_hole_within_a_head_leaves_what_was_read_and_the_framing() {
    let mut talk = Talk::new();
    let head = frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        1,
        &inserted(&[
            (":method", "GET"),
            (":scheme", "http"),
            (":path", "/secret"),
        ]),
    );
    talk.ask(&head[..30]);
    talk.hole(Side::Request, (head.len() - 30) as u64);
    // The table has entries that are not known.
    talk.ask(&frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        3,
        &[0x82, 0x86, 0xbe],
    ));
    talk.answer(&[ok(1, END_STREAM), ok(3, END_STREAM)].concat());
    assert_eq!(
        talk.lines(),
        [
            "1 GET - -> 200, 0/0 bytes, hpack_desynced",
            "3 GET - -> 200, 0/0 bytes, hpack_desynced",
        ]
    );
}

#[test]
fn after_a_hole_the_giver_says_where_frames_begin() {
    let mut talk = Talk::new();
    talk.ask(&[get(1, "/a"), ask(3, 0, "POST", "/b")].concat());
    talk.answer(&ok(1, 0));
    // Requests for streams 5 and 7 are in the hole, and the end of 3.
    talk.hole(Side::Request, 1000);
    assert!(talk.streams.is_lost(Side::Request));
    talk.ask(b"what is this");
    talk.streams.resume(Side::Request);
    talk.ask(&get(9, "/e"));
    talk.answer(
        &[
            frame(DATA, END_STREAM, 1, b"x"),
            ok(3, END_STREAM),
            ok(5, END_STREAM),
            ok(9, END_STREAM),
        ]
        .concat(),
    );
    assert_eq!(
        talk.lines(),
        [
            "1 GET /a -> 200, 0/1 bytes",
            "3 POST /b -> 200, 0/0 bytes, hole",
            "5 - - -> 200, 0/0 bytes, request_missing",
            "9 GET /e -> 200, 0/0 bytes",
        ]
    );
    assert!(talk.done[1].request.as_ref().unwrap().uncounted);
}

#[test]
fn responses_in_a_hole_are_not_made_up() {
    let mut talk = Talk::new();
    talk.ask(&[get(1, "/a"), get(3, "/b"), get(5, "/c")].concat());
    talk.answer(&[ok(1, 0), frame(DATA, 0, 1, b"123")].concat());
    let hole_at = talk.at + 1;
    talk.hole(Side::Response, 1000);
    talk.streams.resume(Side::Response);
    talk.answer(&frame(DATA, END_STREAM, 1, b"9"));
    talk.answer(&frame(DATA, END_STREAM, 3, b"9"));
    talk.end(Reason::ConnectionClosed);
    assert_eq!(
        talk.lines(),
        [
            "1 GET /a -> 200, 0/4 bytes, hole",
            "3 GET /b -> -, 0/1 bytes, hole",
            "5 GET /c -> -, 0/0 bytes, hole, response_missing, connection_closed",
        ]
    );
    for response in talk.done[..2].iter().map(|e| e.response.as_ref().unwrap()) {
        assert!(response.uncounted);
    }
    // When it ended is not known: not later than the last that was seen of it.
    assert!(talk.done[2].ended <= hole_at);
}

#[test]
fn an_old_connection_tells_what_it_shows() {
    let mut talk = joined();
    // Old entries for the path; the response of a request before.
    talk.ask(&frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        7,
        &[0x83, 0x86, 0xc0, 0xbf],
    ));
    talk.answer(&[ok(5, 0), frame(DATA, END_STREAM, 5, b"5")].concat());
    talk.answer(&frame(HEADERS, END_HEADERS | END_STREAM, 7, &[0xc3]));
    let known = inserted(&[(":path", "/known")]);
    for id in [9, 11] {
        let fields = if id == 9 { known.as_slice() } else { &[0xbe] };
        let fields = [&[0x82, 0x86], fields].concat();
        talk.ask(&frame(HEADERS, END_HEADERS | END_STREAM, id, &fields));
        talk.answer(&ok(id, END_STREAM));
    }
    assert_eq!(
        talk.lines(),
        [
            "5 - - -> 200, 0/1 bytes, joined_midway, request_missing",
            "7 POST - -> -, 0/0 bytes, joined_midway, hpack_desynced",
            "9 GET /known -> 200, 0/0 bytes",
            "11 GET /known -> 200, 0/0 bytes",
        ]
    );
}

#[test]
fn a_long_stream_of_an_old_connection_is_counted() {
    let mut talk = joined();
    talk.answer(&frame(DATA, 0, 3, b"tick"));
    talk.answer(&frame(DATA, 0, 3, b"tick"));
    talk.answer(&frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        3,
        &block(&[("grpc-status", "0")]),
    ));
    talk.answer(&frame(DATA, 0, 3, b"closed"));
    assert_eq!(
        talk.lines(),
        ["3 - - -> -, 0/8 bytes, joined_midway, hole, request_missing"]
    );
}

#[test]
fn a_block_whose_beginning_was_not_seen_is_passed_over() {
    let mut talk = joined();
    talk.ask(&frame(CONTINUATION, END_HEADERS, 1, b"\x82"));
    talk.ask(&get(3, "/"));
    talk.answer(&ok(3, END_STREAM));
    assert_eq!(talk.lines(), ["3 GET / -> 200, 0/0 bytes, joined_midway"]);
}

#[test]
fn a_segment_shows_by_itself_that_it_begins_with_a_head() {
    let head = frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        7,
        &[0x83, 0x86, 0xc0, 0xbf],
    );
    let with_more = [head.as_slice(), &frame(DATA, 0, 7, b"x")[..9]].concat();
    let good: [(&[u8], Side); 4] = [
        (&head, Side::Request),
        (&with_more, Side::Request),
        (&get(1, "/"), Side::Request),
        (&ok(1, 0), Side::Response),
    ];
    for (bytes, side) in good {
        assert_eq!(super::super::begins_block(bytes), Some(side));
    }
    let bad: [&[u8]; 8] = [
        &head[..head.len() - 1],
        &frame(DATA, 0, 7, b"x"),
        &[head.as_slice(), b"no frame at all"].concat(),
        // No pseudo-header field in the open; one of each; none at all; a block that is broken.
        &frame(HEADERS, END_HEADERS, 7, &[0xc0, 0xbf]),
        &frame(HEADERS, END_HEADERS, 7, &[0x83, 0x88]),
        &frame(HEADERS, END_HEADERS, 7, b""),
        &frame(HEADERS, END_HEADERS, 7, &[0x83, 0x80]),
        &frame(HEADERS, 0, 7, &[0x83, 0x86]),
    ];
    for bytes in bad {
        assert_eq!(super::super::begins_block(bytes), None, "{bytes:?}");
    }
    let mut talk = Talk::with(Streams::joined_midway());
    talk.ask(b"the middle of something");
    talk.streams.try_resume(Side::Request, &head);
    talk.ask(&head);
    talk.streams.try_resume(Side::Response, &ok(7, END_STREAM));
    talk.answer(&ok(7, END_STREAM));
    assert_eq!(
        talk.lines(),
        ["7 POST - -> 200, 0/0 bytes, joined_midway, hpack_desynced"]
    );
}

#[test]
fn frame_headers_that_are_not_copied_lose_the_direction() {
    for n in 0..9 {
        let mut talk = Talk::new();
        talk.ask(&get(1, "/")[..n]);
        talk.hole(Side::Request, 20);
        assert!(talk.streams.is_lost(Side::Request), "{n}");
    }
    for n in 1..9 {
        let mut talk = Talk::new();
        talk.ask(&get(1, "/")[..n]);
        talk.feed(Side::Request, Span::Skipped(20));
        assert!(talk.streams.is_lost(Side::Request), "{n}");
    }
    let mut talk = Talk::new();
    talk.ask(&frame(HEADERS, END_HEADERS, 1, &request("GET", "/"))[..24]);
    talk.hole(Side::Request, 200);
    talk.end(Reason::ConnectionClosed);
    assert_eq!(
        talk.lines(),
        ["1 GET - -> -, 0/0 bytes, hole, response_missing, connection_closed, hpack_desynced"]
    );
}

#[test]
fn what_is_passed_over_behind_a_frame_is_whole_frames() {
    let mut talk = Talk::new();
    talk.ask(&ask(1, 0, "POST", "/"));
    talk.ask(&frame(DATA, END_STREAM, 1, &[b'x'; 100])[..14]);
    talk.feed(Side::Request, Span::Skipped(95 + 9 + 8));
    talk.ask(&get(3, "/b"));
    talk.answer(&[ok(1, END_STREAM), ok(3, END_STREAM)].concat());
    assert_eq!(
        talk.lines(),
        ["1 POST / -> 200, 100/0 bytes", "3 GET /b -> 200, 0/0 bytes"]
    );
}
