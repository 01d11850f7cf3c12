//! The kernel follows HTTP/2 from frame to frame: what it counts and what it copies.

use serde_json::json;

use crate::support::auditor::{Auditor, Stopped};
use crate::support::client::h2load_streams;
use crate::support::dialogue::{Dialogue, Stage};
use crate::support::nghttpd::{MIB, MIB_SIZE, Nghttpd};
use crate::support::nginx::KB;
use crate::support::record::Side;

const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";

/// Types of frames.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const PRIORITY: u8 = 2;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PING: u8 = 6;
const GOAWAY: u8 = 7;
const WINDOW_UPDATE: u8 = 8;
const CONTINUATION: u8 = 9;
/// Nobody knows it.
const EXTENSION: u8 = 0xfa;

/// Flags.
const END_STREAM: u8 = 1;
const END_HEADERS: u8 = 4;
const PADDED: u8 = 8;

/// Header blocks of `GET /` and `POST /`, of indexed fields only.
const GET: &[u8] = &[0x82, 0x86, 0x84];
const POST: &[u8] = &[0x83, 0x86, 0x84];

fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).expect("a frame is short");
    let mut bytes = length.to_be_bytes()[1..].to_vec();
    bytes.extend([kind, flags]);
    bytes.extend(stream.to_be_bytes());
    bytes.extend(payload);
    bytes
}

fn request(stream: u32) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | END_STREAM, stream, GET)
}

/// What a client may send, with every kind of frame, and how many requests are in it.
fn conversation() -> (Vec<u8>, u64) {
    let frames = [
        PREFACE.to_vec(),
        frame(SETTINGS, 0, 0, &[0, 3, 0, 0, 0, 100]),
        frame(WINDOW_UPDATE, 0, 0, &[0, 0, 0xff, 0]),
        request(1),
        frame(PING, 0, 0, b"HEADERS\x01"),
        frame(HEADERS, 0, 3, GET),
        frame(CONTINUATION, END_HEADERS, 3, b"\x0f\x0d\x02\x31\x30"),
        // What looks like a request in a body is none.
        frame(
            DATA,
            PADDED,
            3,
            &[&[5][..], &request(999), &[0; 5]].concat(),
        ),
        frame(DATA, 0, 3, &request(1001).repeat(40)),
        frame(DATA, END_STREAM, 3, b""),
        frame(EXTENSION, 0xff, 77, &request(1003)),
        frame(PRIORITY, 0, 5, &[0, 0, 0, 1, 16]),
        frame(HEADERS, END_HEADERS, 5, GET),
        frame(DATA, 0, 5, b"x"),
        // Trailers.
        frame(HEADERS, END_HEADERS | END_STREAM, 5, b"\x00\x01a\x01b"),
        request(7),
        frame(RST_STREAM, 0, 7, &[0, 0, 0, 8]),
        frame(GOAWAY, 0, 0, &[0, 0, 0, 0, 0, 0, 0, 0]),
    ];
    (frames.concat(), 4)
}

/// Begins a connection of HTTP/2 from both sides.
fn begin(dialogue: &mut Dialogue) {
    dialogue.ask(PREFACE);
    dialogue.ask(frame(SETTINGS, 0, 0, &[]));
    dialogue.answer(frame(SETTINGS, 0, 0, &[]));
}

/// At both ends the kernel saw so many requests, and kept up.
#[track_caller]
fn assert_requests(stopped: &Stopped, requests: u64) {
    for name in ["inbound_requests", "outbound_requests"] {
        assert_eq!(stopped.kernel.get(name), requests, "{:?}", stopped.kernel);
    }
    for name in ["events_lost", "rejected"] {
        assert_eq!(stopped.kernel.get(name), 0, "{:?}", stopped.kernel);
    }
}

/// Every request in any number of streams.
fn assert_load(requests: u32, connections: u32, streams: u32) {
    let server = Nghttpd::start();
    let auditor = Auditor::start(&[]);
    h2load_streams(&server.url(KB), requests, connections, streams);
    let stopped = auditor.stop();
    assert_requests(&stopped, u64::from(requests));
}

#[test]
fn one_stream_at_a_time() {
    assert_load(20_000, 16, 1);
}

#[test]
fn two_streams_at_a_time() {
    assert_load(40_000, 16, 2);
}

#[test]
fn many_streams_at_a_time() {
    assert_load(100_000, 16, 32);
    assert_load(100_000, 1, 100);
    assert_load(200_000, 64, 100);
}

#[test]
fn bodies_of_many_frames_are_not_copied() {
    const REQUESTS: u32 = 500;
    for streams in [1, 32] {
        let server = Nghttpd::start();
        let auditor = Auditor::start(&[]);
        h2load_streams(&server.url(MIB), REQUESTS, 4, streams);
        let stopped = auditor.stop();
        assert_requests(&stopped, u64::from(REQUESTS));
        let copied = stopped.kernel.get("bytes_copied");
        let sent = 2 * MIB_SIZE * u64::from(REQUESTS);
        // Not less, because packets overtake each other now and then, even on this machine: then
        // everything is copied until the daemon has found a frame again.
        assert!(copied < sent / 20, "{sent} sent, {:?}", stopped.kernel);
    }
}

#[test]
fn a_byte_a_packet() {
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let (bytes, requests) = conversation();
    let mut dialogue = stage.dialogue();
    dialogue.ask_in_pieces(&bytes, 1);
    let stopped = auditor.stop();
    assert_requests(&stopped, requests);
}

#[test]
fn every_way_to_cut_a_conversation_in_two() {
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let (bytes, requests) = conversation();
    for cut in 1..bytes.len() {
        let mut dialogue = stage.dialogue();
        dialogue.ask(&bytes[..cut]);
        dialogue.ask(&bytes[cut..]);
    }
    let stopped = auditor.stop();
    assert_requests(&stopped, requests * (bytes.len() as u64 - 1));
}

/// Some servers do not wait for the client to begin.
#[test]
fn a_server_that_speaks_first() {
    const BODY: usize = 1 << 20;
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let mut dialogue = stage.dialogue();
    dialogue.answer(frame(SETTINGS, 0, 0, &[0, 4, 0, 0x10, 0, 0]));
    dialogue.ask(PREFACE);
    dialogue.ask(request(1));
    dialogue.answer(frame(HEADERS, END_HEADERS, 1, &[0x88]));
    dialogue.answer(frame(DATA, END_STREAM, 1, &vec![b'x'; BODY]));
    let stopped = auditor.stop();
    assert_requests(&stopped, 1);
    let copied = stopped.kernel.get("bytes_copied");
    assert!(copied < BODY as u64 / 100, "{:?}", stopped.kernel);
}

/// What a server sends first proves nothing about the client: settings before an answer in HTTP/1
/// hide no request, nor what is behind the answer's head.
#[test]
fn a_server_that_speaks_first_and_answers_in_http_1() {
    const REQUESTS: usize = 3;
    const SIZE: usize = 1 << 20;
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let mut dialogue = stage.dialogue();
    dialogue.answer(frame(SETTINGS, 0, 0, &[]));
    for _ in 0..REQUESTS {
        dialogue.ask("GET /secret HTTP/1.1\r\nHost: a\r\n\r\n");
        dialogue.answer(format!("HTTP/1.1 200 OK\r\nContent-Length: {SIZE}\r\n\r\n"));
        dialogue.answer(vec![b'x'; SIZE]);
    }
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let records = stopped.http(side, stage.port);
        assert_eq!(records.len(), REQUESTS, "{}", side.as_str());
        for record in records {
            let size = ("http.response.body.size", json!(SIZE));
            record.assert(side.as_str(), &[("url.path", json!("/secret")), size]);
            assert_eq!(record.incomplete(), [] as [&str; 0], "{record:#?}");
        }
    }
    assert_requests(&stopped, REQUESTS as u64);
}

/// The client's preface and first request come before the accepted socket exists; what follows at
/// once is copied whole until the daemon has said where a frame begins.
#[test]
fn a_preface_that_ends_the_handshake() {
    const DATA_SIZE: usize = 15 * 1024;
    const FRAMES: usize = 4;
    const CONNECTIONS: usize = 20;
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let head = frame(HEADERS, END_HEADERS, 1, POST);
    let early = [PREFACE, &frame(SETTINGS, 0, 0, &[]), &head].concat();
    let mut body = frame(DATA, 0, 1, &[b'x'; DATA_SIZE]).repeat(FRAMES);
    body.extend(frame(DATA, END_STREAM, 1, &[]));
    for _ in 0..CONNECTIONS {
        let mut dialogue = stage.dialogue_with_early(&early);
        dialogue.ask_in_pieces(&body, body.len());
        dialogue.ask(request(3));
        dialogue.answer(frame(SETTINGS, 0, 0, &[]));
        for stream in [1, 3] {
            dialogue.answer(frame(HEADERS, END_HEADERS | END_STREAM, stream, &[0x88]));
        }
    }
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let records = stopped.http(side, stage.port);
        assert_eq!(records.len(), 2 * CONNECTIONS, "{}", side.as_str());
        for pair in records.chunks(2) {
            let size = ("http.request.body.size", json!(FRAMES * DATA_SIZE));
            pair[0].assert(side.as_str(), &[size]);
            for record in pair {
                assert_eq!(record.incomplete(), [] as [&str; 0], "{record:#?}");
            }
        }
    }
    stopped.assert_nothing_lost();
}

/// One packet may hold thousands of the smallest frames; the next one shows that none was missed.
#[test]
fn thousands_of_frames_in_one_packet() {
    const FRAMES: usize = 1000;
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let mut dialogue = stage.dialogue();
    begin(&mut dialogue);
    let smallest = [frame(EXTENSION, 0, 0, &[]), frame(SETTINGS, 1, 0, &[])];
    for kind in smallest {
        dialogue.ask(kind.repeat(FRAMES));
    }
    let streams = (0..FRAMES as u32).map(|n| 2 * n + 1);
    dialogue.ask(streams.flat_map(request).collect::<Vec<_>>());
    dialogue.ask(request(9999));
    let stopped = auditor.stop();
    assert_requests(&stopped, FRAMES as u64 + 1);
}

/// A header block has no end as long as a client likes; what is copied of it has.
#[test]
fn a_header_block_without_end() {
    const FLOOD: usize = 4 << 20;
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let mut dialogue = stage.dialogue();
    begin(&mut dialogue);
    dialogue.ask(frame(HEADERS, 0, 1, GET));
    let field = frame(CONTINUATION, 0, 1, &[b'x'; 16 * 1024 - 9]);
    dialogue.ask(field.repeat(FLOOD / field.len()));
    dialogue.ask(frame(CONTINUATION, END_HEADERS, 1, &[]));
    dialogue.ask(request(3));
    let stopped = auditor.stop();
    assert_requests(&stopped, 2);
    let copied = stopped.kernel.get("bytes_copied");
    assert!(copied < 2 * 70 * 1024, "{:?}", stopped.kernel);
}

/// The line with which HTTP/2 begins, and nothing after it that is HTTP/2, harms nobody.
#[test]
fn a_preface_and_noise() {
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let noise: Vec<u8> = (0..100_000_u32)
        .map(|n| (n.wrapping_mul(0x9e37_79b9) >> 24) as u8)
        .collect();
    for beginning in [PREFACE, &PREFACE[..16], &PREFACE[..20]] {
        let mut dialogue = stage.dialogue();
        dialogue.ask(beginning);
        dialogue.ask(&noise);
        dialogue.answer(&noise);
    }
    let stopped = auditor.stop();
    stopped.assert_nothing_lost();
}
