//! Bytes that were chosen to do harm: they end no daemon, forge no line, and leave a record.

mod payloads;

use std::fs;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::auditor::{Auditor, BINARY, Stopped};
use crate::support::dialogue::{Stage, exchange_with};
use crate::support::nginx::{AccessLog, Nginx};
use crate::support::record::{CONNECTION, Record, Side};
use payloads::{REQUESTS, RESPONSES, noise};

/// Sends each to nginx and says from which port it came.
fn send_to(nginx: &Nginx) -> Vec<(String, u16)> {
    let mut sent = Vec::new();
    for (name, bytes) in REQUESTS.into_iter().map(|(n, make)| (n, make())) {
        let client = nginx.connect();
        let port = client.local_addr().expect("it is connected").port();
        exchange_with(client, &bytes);
        sent.push((name.to_owned(), port));
    }
    sent
}

/// Fails if a terminal or another reader could take anything in this text for more than text.
fn assert_harmless(text: &str) {
    let harmful = |c: char| c.is_control() && c != '\n' || matches!(c, '\u{2028}' | '\u{2029}');
    let found = text.lines().find(|line| line.contains(harmful));
    assert_eq!(found, None, "control characters in the output");
}

/// Fails if a value, once decoded, could break a line or is longer than any may be.
fn assert_values_are_clean(record: &Record) {
    fn check(value: &Value) -> bool {
        match value {
            Value::String(text) => text.len() <= 9 * 1024 && !text.contains(char::is_control),
            Value::Array(values) => values.iter().all(check),
            Value::Object(map) => map.values().all(check),
            _ => true,
        }
    }
    assert!(
        check(&Value::Object(record.attributes.clone())),
        "{record:#?}"
    );
    assert!(check(&json!(record.body)), "{record:#?}");
    assert!(
        record
            .attributes
            .keys()
            .all(|name| !name.contains("forged")),
        "{record:#?}"
    );
    assert!(!record.event_name.contains("forged"), "{record:#?}");
}

/// Every connection has its record at each end, and what else is there about it is clean.
fn assert_recorded(stopped: &Stopped, server_port: u16, sent: &[(String, u16)]) {
    let written = fs::read_to_string(stopped.stdout()).expect("records are text");
    assert_harmless(&written);
    assert_harmless(&stopped.log());
    let records: Vec<Record> = stopped.records().collect();
    records.iter().for_each(assert_values_are_clean);
    for (name, port) in sent {
        for side in Side::BOTH {
            let of_connection = |record: &&Record| {
                record.is(CONNECTION, side)
                    && record.server_port(side) == Some(server_port)
                    && record.client_port(side) == Some(*port)
            };
            let found = records.iter().filter(of_connection).count();
            assert_eq!(found, 1, "{name}: {}: connection records", side.as_str());
        }
    }
    stopped.assert_nothing_lost();
}

/// What nginx answered without a record that has the same status.
fn unrecorded(nginx: &Nginx, all: &[Record], side: Side, sent: &[(String, u16)]) -> Vec<String> {
    // nginx notes a status also where the client was gone before it could answer.
    let answered = nginx.log(1).into_iter().filter(|line| line.sent > 0);
    let without = answered.filter_map(|line| {
        let records = all
            .iter()
            .filter(|r| r.client_port(side) == Some(line.client_port));
        let statuses: Vec<_> = records
            .map(|r| r.int("http.response.status_code"))
            .collect();
        let sent = sent.iter().find(|(_, port)| *port == line.client_port);
        let (name, _) = sent.expect("nobody else asks");
        let status = line.status;
        let message = format!(
            "{}: {name}: answered {status}, recorded {statuses:?}",
            side.as_str()
        );
        // An answer of HTTP/0.9 has no status on the wire: the record says who asked for what.
        let headless = all.iter().any(|r| {
            r.client_port(side) == Some(line.client_port)
                && r.text("network.protocol.version") == Some("0.9")
                && r.text("url.path").is_some()
        });
        (!headless && !statuses.contains(&Some(status))).then_some(message)
    });
    without.collect()
}

/// Whatever nginx answered stands in a record, with the status that it gave.
#[test]
fn hostile_requests_to_nginx_are_recorded_and_forge_nothing() {
    let nginx = Nginx::start(AccessLog::On);
    let auditor = Auditor::start(&[]);
    let sent = send_to(&nginx);
    auditor.await_closed(nginx.port, sent.len());
    let stopped = auditor.stop();
    assert_recorded(&stopped, nginx.port, &sent);
    for side in Side::BOTH {
        let records = stopped.http(side, nginx.port);
        assert_eq!(unrecorded(&nginx, &records, side, &sent), [""; 0]);
        let record = |name: &str| {
            let (_, port) = sent.iter().find(|(n, _)| n == name).expect("it was sent");
            stopped.only(side, nginx.port, *port)
        };
        record("noise").assert(
            side.as_str(),
            &[
                ("http.request.method", Value::Null),
                ("error.type", json!("invalid_request")),
                ("http.response.status_code", json!(400)),
            ],
        );
        record("bare LF").assert(side.as_str(), &[("url.path", json!("/lf"))]);
        let long = record("a line of a megabyte");
        long.assert(side.as_str(), &[("url.path", json!("/line"))]);
        assert!(long.incomplete().contains(&"head_truncated"), "{long:#?}");
    }
}

#[test]
fn what_cannot_be_shown_is_escaped() {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(&[]);
    let client = nginx.connect();
    let port = client.local_addr().unwrap().port();
    exchange_with(
        client,
        b"GET /\xff\xfe\x80/x HTTP/1.1\r\nHost: a\r\nUser-Agent: \x1b[31mred\x1b[0m\xc2\x9b\r\n\
          Connection: close\r\n\r\n",
    );
    let stopped = auditor.stop();
    for side in Side::BOTH {
        stopped.only(side, nginx.port, port).assert(
            side.as_str(),
            &[
                ("url.path", json!("/%FF%FE%80/x")),
                ("user_agent.original", json!("%1B[31mred%1B[0m%C2%9B")),
            ],
        );
    }
}

#[test]
fn hostile_requests_forge_no_line_for_people_either() {
    let nginx = Nginx::start(AccessLog::Off);
    let mut command = Command::new(BINARY);
    command
        .args(["run", "--output", "pretty", "--no-journal"])
        .env_clear();
    let auditor = Auditor::launch(command);
    send_to(&nginx);
    let stopped = auditor.stop();
    let text = fs::read_to_string(stopped.stdout()).unwrap();
    assert!(!text.is_empty());
    assert_harmless(&text);
    assert!(
        !text.lines().any(|line| line.starts_with("forged")),
        "{text}"
    );
}

#[test]
fn hostile_responses_are_recorded_and_forge_nothing() {
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let mut sent = Vec::new();
    for (name, bytes) in RESPONSES.into_iter().map(|(n, make)| (n, make())) {
        let mut dialogue = stage.dialogue();
        dialogue.ask(format!(
            "GET /{} HTTP/1.1\r\nHost: a\r\n\r\n",
            name.replace(' ', "-")
        ));
        dialogue.answer(bytes);
        dialogue.server_is_done();
        sent.push((name.to_owned(), dialogue.client_port));
    }
    auditor.await_closed(stage.port, sent.len());
    let stopped = auditor.stop();
    assert_recorded(&stopped, stage.port, &sent);
    for side in Side::BOTH {
        for (name, port) in &sent {
            let records = stopped.http(side, stage.port);
            let mut paths = records
                .iter()
                .filter(|record| record.client_port(side) == Some(*port))
                .filter_map(|record| record.text("url.path"));
            let path = format!("/{}", name.replace(' ', "-"));
            assert!(
                paths.any(|found| found == path),
                "{name}: {}",
                side.as_str()
            );
        }
    }
}

#[test]
fn noise_both_ways_has_connection_records() {
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let mut sent = Vec::new();
    for seed in 1..40 {
        let mut dialogue = stage.dialogue();
        let bytes = noise(seed, 1 << (seed % 18));
        dialogue.ask(&bytes);
        dialogue.answer(&bytes);
        sent.push((format!("noise {seed}"), dialogue.client_port));
    }
    auditor.await_closed(stage.port, sent.len());
    let stopped = auditor.stop();
    assert_recorded(&stopped, stage.port, &sent);
    for record in stopped.records() {
        assert_eq!(record.text("http.request.method"), None, "{record:#?}");
    }
}
