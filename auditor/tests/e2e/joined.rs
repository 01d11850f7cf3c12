//! Connections that are older than the auditor.

use serde_json::json;

use crate::support::auditor::Auditor;
use crate::support::dialogue::Stage;
use crate::support::record::{CONNECTION, HTTP, Record, Side};

fn request(number: u32) -> String {
    format!("GET /number/{number} HTTP/1.1\r\nHost: old.example\r\n\r\n")
}

const ANSWER: &str = "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nyes";

#[test]
fn later_requests_of_an_old_connection_are_recorded() {
    let stage = Stage::new();
    let mut dialogue = stage.dialogue();
    dialogue.ask(request(0));
    dialogue.answer(ANSWER);
    let auditor = Auditor::start(&[]);
    for number in 1..4 {
        dialogue.ask(request(number));
        dialogue.answer(ANSWER);
    }
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let records = stopped.http(side, stage.port);
        assert_eq!(records.len(), 3, "{records:#?}");
        for (record, number) in records.iter().zip(1..) {
            record.assert(
                &format!("{}: request {number}", side.as_str()),
                &[
                    ("http.request.method", json!("GET")),
                    ("url.path", json!(format!("/number/{number}"))),
                    ("server.address", json!("old.example")),
                    ("http.response.status_code", json!(200)),
                    ("http.response.body.size", json!(3)),
                    ("auditor.connection.pre_existing", json!(true)),
                ],
            );
        }
        assert_eq!(records[0].incomplete(), ["joined_midway"]);
        assert!(records[1].incomplete().is_empty(), "{records:#?}");
    }
    stopped.assert_nothing_lost();
}

#[test]
fn the_bytes_of_an_old_connection_are_those_since_the_start() {
    let stage = Stage::new();
    let seen: u32 = 3;
    // Sequence numbers begin anywhere: one of these begins where a mistake shows.
    let mut dialogues: Vec<_> = (0..16).map(|_| stage.dialogue()).collect();
    for dialogue in &mut dialogues {
        dialogue.ask(request(0));
        dialogue.answer(ANSWER);
    }
    let auditor = Auditor::start(&[]);
    for dialogue in &mut dialogues {
        for number in 0..seen {
            dialogue.ask(request(number));
            dialogue.answer(ANSWER);
        }
    }
    let connections = dialogues.len();
    drop(dialogues);
    auditor.await_closed(stage.port, connections);
    let stopped = auditor.stop();
    let requests = u64::from(seen) * request(0).len() as u64;
    let answers = u64::from(seen) * ANSWER.len() as u64;
    for side in Side::BOTH {
        assert_eq!(
            stopped.http(side, stage.port).len(),
            connections * seen as usize
        );
        let (received, sent) = match side {
            Side::Inbound => (requests, answers),
            Side::Outbound => (answers, requests),
        };
        let closed = stopped.records().filter(|record| {
            record.is(CONNECTION, side) && record.server_port(side) == Some(stage.port)
        });
        for record in closed {
            record.assert(
                side.as_str(),
                &[
                    ("auditor.bytes.received", json!(received)),
                    ("auditor.bytes.sent", json!(sent)),
                ],
            );
        }
    }
    stopped.assert_nothing_lost();
}

#[test]
fn a_body_that_was_under_way_is_not_taken_for_a_request() {
    let stage = Stage::new();
    let mut dialogue = stage.dialogue();
    let body = "neither a request nor a response\r\n".repeat(1000);
    let (before, after) = body.split_at(body.len() / 2 + 5);
    let length = body.len();
    dialogue.ask(format!(
        "PUT /old HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
    ));
    dialogue.ask(before);
    let auditor = Auditor::start(&[]);
    dialogue.ask(after);
    dialogue.answer(ANSWER);
    for number in 1..4 {
        dialogue.ask(request(number));
        dialogue.answer(ANSWER);
    }
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let mut records = stopped.http(side, stage.port);
        // The first exchange was under way: whether it has a record, it claims nothing unseen.
        records.retain(|record| {
            let whole = record.text("http.request.method").is_some();
            assert!(
                whole || record.incomplete().contains(&"joined_midway"),
                "{record:#?}"
            );
            whole
        });
        let paths: Vec<_> = records
            .iter()
            .map(|record| record.text("url.path"))
            .collect();
        assert_eq!(
            paths,
            [Some("/number/1"), Some("/number/2"), Some("/number/3")]
        );
        for record in &records {
            record.assert(side.as_str(), &[("http.response.status_code", json!(200))]);
        }
    }
    stopped.assert_nothing_lost();
}

#[test]
fn an_old_connection_that_says_nothing_has_no_http_record() {
    let stage = Stage::new();
    let dialogue = stage.dialogue();
    let port = dialogue.client_port;
    let auditor = Auditor::start(&[]);
    drop(dialogue);
    let stopped = auditor.stop();
    let http = stopped.records().filter(|record| {
        record.event_name == HTTP
            && Side::BOTH
                .iter()
                .any(|s| record.client_port(*s) == Some(port))
    });
    assert_eq!(http.count(), 0);
    stopped.assert_nothing_lost();
}

#[test]
fn an_old_connection_that_says_nothing_is_told_at_the_start_and_at_its_end() {
    let stage = Stage::new();
    let dialogue = stage.dialogue();
    let auditor = Auditor::start(&[]);
    drop(dialogue);
    auditor.await_records(2, |record| {
        let ports = ["network.local.port", "network.peer.port"];
        record.event_name == CONNECTION
            && record.text("auditor.record.phase") == Some("end")
            && ports.iter().any(|p| record.port(p) == Some(stage.port))
    });
    let stopped = auditor.stop();
    // Of a connection that says nothing it is not known which end asks.
    for local in ["network.local.port", "network.peer.port"] {
        let of_end = |record: &Record| {
            record.event_name == CONNECTION && record.port(local) == Some(stage.port)
        };
        let records: Vec<Record> = stopped.records().filter(of_end).collect();
        let told: Vec<_> = records
            .iter()
            .map(|r| (r.text("auditor.record.phase"), r.text("auditor.direction")))
            .collect();
        assert_eq!(
            told,
            [(Some("start"), None), (Some("end"), None)],
            "{records:#?}"
        );
        records[1].assert(
            local,
            &[
                ("auditor.connection.pre_existing", json!(true)),
                ("auditor.connection.termination", json!("released")),
                ("auditor.bytes.received", json!(0)),
                ("auditor.bytes.sent", json!(0)),
            ],
        );
    }
}
