//! However the bytes are cut into packets, the exchanges are the same.

use serde_json::json;

use crate::support::auditor::{Auditor, Stopped};
use crate::support::dialogue::{Stage, connect_without_acknowledging, exchange_with};
use crate::support::nginx::{AccessLog, KB, KB_SIZE, Nginx};
use crate::support::record::Side;

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 5\r\nServer: slow\r\n\r\nhello";

#[track_caller]
fn assert_record(stopped: &Stopped, port: u16, client_port: u16, path: &str) {
    for side in Side::BOTH {
        let record = stopped.only(side, port, client_port);
        record.assert(
            side.as_str(),
            &[
                ("http.request.method", json!("POST")),
                ("url.path", json!(path)),
                ("server.address", json!("slow.example")),
                ("user_agent.original", json!("after the cookie")),
                ("http.request.body.size", json!(4)),
                ("http.response.status_code", json!(200)),
                ("http.response.body.size", json!(5)),
                ("http.response.header.server", json!(["slow"])),
                ("auditor.capture.incomplete", json!(null)),
            ],
        );
    }
}

fn request(path: &str, cookie: usize) -> String {
    let cookie = "c".repeat(cookie);
    format!(
        "POST {path} HTTP/1.1\r\nHost: slow.example\r\nCookie: a={cookie}\r\n\
         User-Agent: after the cookie\r\nContent-Length: 4\r\n\r\nbody"
    )
}

#[test]
fn one_byte_a_packet() {
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let mut cases = Vec::new();
    for (path, cookie) in [("/bytes", 1), ("/many/bytes", 12 * 1024)] {
        let mut dialogue = stage.dialogue();
        dialogue.ask_in_pieces(request(path, cookie), 1);
        dialogue.answer_in_pieces(ANSWER, 1);
        cases.push((path, dialogue));
    }
    let stopped = auditor.stop();
    for (path, dialogue) in cases {
        assert_record(&stopped, stage.port, dialogue.client_port, path);
    }
    stopped.assert_nothing_lost();
}

#[test]
fn every_way_to_cut_a_request_in_two() {
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let whole = request("/cut", 8);
    let mut ports = Vec::new();
    for cut in 1..whole.len() {
        let mut dialogue = stage.dialogue();
        dialogue.ask(&whole[..cut]);
        dialogue.ask(&whole[cut..]);
        dialogue.answer(ANSWER);
        ports.push(dialogue.client_port);
    }
    let stopped = auditor.stop();
    for port in ports {
        assert_record(&stopped, stage.port, port, "/cut");
    }
    stopped.assert_nothing_lost();
}

#[test]
fn ten_requests_in_one_packet() {
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let mut dialogue = stage.dialogue();
    let request = |n| format!("GET /ahead/{n} HTTP/1.1\r\nHost: a\r\n\r\n");
    let answer = |n| {
        let (status, body) = (400 + n, "x".repeat(n));
        format!("HTTP/1.1 {status} OK\r\nContent-Length: {n}\r\n\r\n{body}")
    };
    let requests = (0..10).map(request).collect::<Vec<_>>().concat();
    let answers = (0..10).map(answer).collect::<Vec<_>>().concat();
    dialogue.ask(requests);
    dialogue.answer(answers);
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let records = stopped.http(side, stage.port);
        assert_eq!(records.len(), 10, "{records:#?}");
        for (n, record) in records.iter().enumerate() {
            record.assert(
                side.as_str(),
                &[
                    ("url.path", json!(format!("/ahead/{n}"))),
                    ("http.response.status_code", json!(400 + n)),
                    ("http.response.body.size", json!(n)),
                    ("auditor.capture.incomplete", json!(null)),
                ],
            );
        }
    }
    stopped.assert_nothing_lost();
}

#[test]
fn a_request_behind_the_body_of_another_in_one_packet() {
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let mut dialogue = stage.dialogue();
    dialogue.ask("PUT /front HTTP/1.1\r\nHost: a\r\nContent-Length: 40000\r\n\r\n");
    dialogue.ask(vec![b'u'; 39_000]);
    let hidden = b"GET /hidden HTTP/1.1\r\nHost: b\r\n\r\n";
    dialogue.ask([&[b'u'; 1000][..], hidden].concat());
    dialogue.answer("HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na");
    dialogue.answer("HTTP/1.1 404 Not Found\r\nContent-Length: 2\r\n\r\nno");
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let records = stopped.http(side, stage.port);
        let seen = records.iter().map(|record| {
            let path = record.text("url.path");
            let body = record.int("http.request.body.size");
            (path, body, record.int("http.response.status_code"))
        });
        let expected = [
            (Some("/front"), Some(40_000), Some(200)),
            (Some("/hidden"), Some(0), Some(404)),
        ];
        assert!(seen.eq(expected), "{records:#?}");
    }
    stopped.assert_nothing_lost();
}

/// The request comes with the third packet of the handshake, before there is a connection.
#[test]
fn a_request_that_ends_the_handshake() {
    const CONNECTIONS: usize = 200;
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(&[]);
    let request = format!("GET {KB} HTTP/1.1\r\nHost: early\r\nConnection: close\r\n\r\n");
    for port in [nginx.port, nginx.deferred_port] {
        for _ in 0..CONNECTIONS {
            let answer = exchange_with(connect_without_acknowledging(port), request.as_bytes());
            assert!(answer.starts_with(b"HTTP/1.1 200 OK\r\n"));
        }
    }
    let stopped = auditor.stop();
    for port in [nginx.port, nginx.deferred_port] {
        for side in Side::BOTH {
            let records = stopped.http(side, port);
            assert_eq!(records.len(), CONNECTIONS, "{}", side.as_str());
            for record in records {
                record.assert(
                    side.as_str(),
                    &[
                        ("url.path", json!(KB)),
                        ("server.address", json!("early")),
                        ("http.response.body.size", json!(KB_SIZE)),
                        ("auditor.capture.incomplete", json!(null)),
                    ],
                );
            }
        }
    }
    stopped.assert_nothing_lost();
}
