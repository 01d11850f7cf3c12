//! Connections that are reset, their file descriptors taken by the next ones at once.

use std::collections::HashSet;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::support::auditor::Auditor;
use crate::support::dialogue::Stage;
use crate::support::record::{CONNECTION, HTTP, Record, Side};

const CONNECTIONS: usize = 300;

/// How far a connection has come when the client resets it.
#[derive(Clone, Copy)]
enum Until {
    Request,
    HalfTheAnswer,
    Answer,
}

/// One connection as it was.
struct Was {
    number: usize,
    until: Until,
    client_port: u16,
    asked: u64,
    answered: u64,
    /// From before its first packet until after its last.
    took: Duration,
}

impl Until {
    fn answer(self, number: usize) -> String {
        let head = format!(
            "HTTP/1.1 {} OK\r\nContent-Length: 20\r\n\r\n",
            220 + number % 60
        );
        match self {
            Self::Request => String::new(),
            Self::HalfTheAnswer => head + "0123456789",
            Self::Answer => head + "01234567890123456789",
        }
    }
}

impl Was {
    fn facts(&self) -> Vec<(&'static str, Value)> {
        let status = json!(220 + self.number % 60);
        let (status, size, error) = match self.until {
            Until::Request => (Value::Null, None, json!("connection_reset")),
            Until::HalfTheAnswer => (status, Some(10), json!("connection_reset")),
            Until::Answer => (status, Some(20), Value::Null),
        };
        let mut facts = vec![
            ("url.path", json!(format!("/reset/{}", self.number))),
            ("http.request.body.size", json!(self.number)),
            ("http.response.status_code", status),
            ("error.type", error),
        ];
        if let Some(size) = size {
            facts.push(("http.response.body.size", json!(size)));
        }
        facts
    }

    #[track_caller]
    fn assert_recorded(&self, side: Side, records: &[Record]) {
        let case = format!("{}: connection {}", side.as_str(), self.number);
        let of = |event| {
            let mut found = records.iter().filter(|record| {
                record.is(event, side) && record.client_port(side) == Some(self.client_port)
            });
            let first = found.next().unwrap_or_else(|| panic!("{case}: no {event}"));
            assert_eq!(found.count(), 0, "{case}: more of {event}");
            let duration = first.int("auditor.duration_ns").map(Duration::from_nanos);
            assert!(duration <= Some(self.took), "{case}: {first:#?}");
            first
        };
        let (http, connection) = (of(HTTP), of(CONNECTION));
        http.assert(&case, &self.facts());
        let (received, sent) = match side {
            Side::Inbound => (self.asked, self.answered),
            Side::Outbound => (self.answered, self.asked),
        };
        connection.assert(
            &case,
            &[
                ("auditor.bytes.received", json!(received)),
                ("auditor.bytes.sent", json!(sent)),
                (
                    "auditor.connection.id",
                    http.attributes["auditor.connection.id"].clone(),
                ),
            ],
        );
    }
}

#[test]
fn the_next_connection_with_the_same_descriptor_has_its_own_values() {
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let mut descriptors = HashSet::new();
    let mut all = Vec::new();
    for number in 0..CONNECTIONS {
        let until = [Until::HalfTheAnswer, Until::Request, Until::Answer][number % 3];
        let body = "b".repeat(number);
        let request = format!(
            "PUT /reset/{number} HTTP/1.1\r\nHost: a\r\nContent-Length: {number}\r\n\r\n{body}"
        );
        let answer = until.answer(number);
        let start = Instant::now();
        let mut dialogue = stage.dialogue();
        descriptors.insert(dialogue.descriptors());
        let client_port = dialogue.client_port;
        dialogue.ask(&request);
        dialogue.answer(&answer);
        dialogue.client_resets();
        all.push(Was {
            number,
            until,
            client_port,
            asked: request.len() as u64,
            answered: answer.len() as u64,
            took: start.elapsed(),
        });
    }
    assert_eq!(descriptors.len(), 1, "each took those of the one before");
    auditor.await_closed(stage.port, CONNECTIONS);
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let records: Vec<_> = stopped
            .records()
            .filter(|record| record.server_port(side) == Some(stage.port))
            .filter(|record| record.is(HTTP, side) || record.is(CONNECTION, side))
            .collect();
        assert_eq!(records.len(), 2 * CONNECTIONS, "{}", side.as_str());
        for was in &all {
            was.assert_recorded(side, &records);
        }
    }
    stopped.assert_nothing_lost();
}
