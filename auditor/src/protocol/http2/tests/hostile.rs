//! What a peer may send to be misread, or to cost memory.

use super::{
    CONTINUATION, DATA, END_HEADERS, END_STREAM, HEADERS, PRIORITY, RST_STREAM, SETTINGS, Side,
    Talk, block, frame, get, ok,
};

#[test]
fn a_flood_of_continuations_is_one_head_of_bounded_size() {
    let mut talk = Talk::new();
    talk.ask(&frame(
        HEADERS,
        END_STREAM,
        1,
        &super::wire::request("GET", "/"),
    ));
    let fields = block(&[("x", "0123456789")]).repeat(1000);
    for _ in 0..200 {
        talk.ask(&frame(CONTINUATION, 0, 1, &fields));
    }
    talk.ask(&frame(CONTINUATION, END_HEADERS, 1, b""));
    talk.answer(&ok(1, END_STREAM));
    assert_eq!(talk.lines(), ["1 GET / -> 200, 0/0 bytes, head_truncated"]);
    let head = talk.done[0]
        .request
        .as_ref()
        .unwrap()
        .head
        .as_ref()
        .unwrap();
    assert!(head.footprint() < 100_000, "{}", head.footprint());
}

#[test]
fn fields_without_a_letter_have_an_end_too() {
    let mut talk = Talk::new();
    let empty = [0x00, 0x00, 0x00].repeat(5000);
    talk.ask(&frame(HEADERS, END_HEADERS, 1, &empty));
    let head = talk
        .streams
        .ongoing(0)
        .next()
        .unwrap()
        .request
        .unwrap()
        .head;
    assert!(head.unwrap().footprint() < 100_000);
}

#[test]
fn the_table_is_right_behind_a_head_that_was_too_long() {
    let mut talk = Talk::new();
    let long = block(&[("x", "0123456789")]).repeat(1500);
    let known = super::wire::inserted(&[(":path", "/known")]);
    talk.ask(&frame(HEADERS, END_HEADERS, 1, &[long, known].concat()));
    talk.ask(&frame(
        HEADERS,
        END_HEADERS | END_STREAM,
        3,
        &[0x82, 0x86, 0xbe],
    ));
    talk.answer(&ok(3, END_STREAM));
    assert_eq!(talk.lines(), ["3 GET /known -> 200, 0/0 bytes"]);
}

#[test]
fn rapid_resets_are_exchanges_and_leave_nothing() {
    let mut talk = Talk::new();
    for n in 0..5000 {
        let id = 2 * n + 1;
        talk.ask(&[get(id, "/"), frame(RST_STREAM, 0, id, &[0, 0, 0, 8])].concat());
    }
    assert_eq!(talk.done.len(), 5000);
    assert_eq!(talk.streams.held(), (0, 0));
}

#[test]
fn streams_that_are_never_answered_give_way() {
    let mut talk = Talk::new();
    let long = [
        super::wire::request("GET", "/"),
        block(&[("x", "0123456789")]).repeat(1000),
    ]
    .concat();
    for n in 0..5000 {
        talk.ask(&get(2 * n + 1, "/"));
    }
    assert_eq!(
        (talk.streams.held().0, talk.done.len()),
        (2048, 5000 - 2048)
    );
    for n in 5000..5500 {
        talk.ask(&frame(HEADERS, END_HEADERS, 2 * n + 1, &long));
        assert!(talk.streams.held().1 <= 1024 * 1024);
    }
    // One that gave way is not counted again.
    let told = talk.done.len();
    talk.answer(&ok(1, END_STREAM));
    assert_eq!(talk.done.len(), told);
    assert!(talk.lines()[0].ends_with("response_missing, interrupted"));
}

#[test]
fn streams_are_not_opened_twice() {
    let mut talk = Talk::new();
    talk.ask(&[get(5, "/a"), get(3, "/b"), get(2, "/c"), get(5, "/d")].concat());
    talk.answer(&[ok(5, END_STREAM), ok(3, END_STREAM), ok(5, END_STREAM)].concat());
    assert_eq!(talk.lines(), ["5 GET /a -> 200, 0/0 bytes"]);
}

#[test]
fn what_breaks_the_connection_loses_the_direction() {
    for bytes in [
        frame(SETTINGS, 0, 0, &[0; 5]),
        frame(SETTINGS, 0, 1, b""),
        frame(DATA, 0, 0, b"x"),
        frame(RST_STREAM, 0, 1, &[0; 5]),
        frame(HEADERS, END_HEADERS | PRIORITY, 1, &[0; 4]),
        frame(HEADERS, END_HEADERS | super::PADDED, 1, &[9, 0]),
        frame(CONTINUATION, END_HEADERS, 1, b""),
        [frame(HEADERS, 0, 1, b""), frame(DATA, 0, 1, b"")].concat(),
        [frame(HEADERS, 0, 1, b""), frame(CONTINUATION, 0, 3, b"")].concat(),
    ] {
        let mut talk = Talk::new();
        talk.ask(&bytes);
        assert!(talk.streams.is_lost(Side::Request), "{bytes:?}");
    }
}

#[test]
fn frames_of_extensions_are_passed_over() {
    let mut talk = Talk::new();
    talk.ask(&frame(0x20, 0xff, 9, &[0; 300]));
    talk.ask(&frame(2, 0, 1, &[0; 5]));
    talk.ask(&get(1, "/"));
    talk.answer(&[frame(0x0c, 0, 0, b"origin"), ok(1, END_STREAM)].concat());
    assert_eq!(talk.lines(), ["1 GET / -> 200, 0/0 bytes"]);
}
