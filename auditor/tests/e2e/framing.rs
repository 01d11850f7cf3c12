//! Where a message ends, in every way that HTTP/1 has to say it.

mod ended;
mod framed;
mod tunnels;

use serde_json::{Value, json};

use crate::support::auditor::Auditor;
use crate::support::dialogue::{Dialogue, Stage};
use crate::support::record::Side;

type Facts = Vec<(&'static str, Value)>;

/// Whether the connection can carry another exchange afterwards.
#[derive(Clone, Copy, PartialEq, Eq)]
enum After {
    Open,
    Closed,
}

/// What happens on one connection, and what both ends must have recorded of it.
struct Case {
    name: &'static str,
    play: fn(&mut Dialogue),
    after: After,
    expected: Facts,
}

fn case(name: &'static str, after: After, play: fn(&mut Dialogue), expected: Facts) -> Case {
    Case {
        name,
        play,
        after,
        expected,
    }
}

/// Status, and body sizes of request and response.
fn sizes(status: u16, request: u64, response: u64) -> Facts {
    vec![
        ("http.response.status_code", json!(status)),
        ("http.request.body.size", json!(request)),
        ("http.response.body.size", json!(response)),
        ("auditor.capture.incomplete", Value::Null),
    ]
}

/// Plays each case on a connection of its own. Where it stays open another exchange follows, whose
/// record shows that the end of the first was found.
fn assert_all(cases: &[Case]) {
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let ports: Vec<u16> = cases
        .iter()
        .map(|case| {
            let mut dialogue = stage.dialogue();
            (case.play)(&mut dialogue);
            if case.after == After::Open {
                dialogue.ask("DELETE /next HTTP/1.1\r\nHost: next.example\r\n\r\n");
                dialogue.answer("HTTP/1.1 202 Accepted\r\nContent-Length: 4\r\n\r\nnext");
            }
            dialogue.client_port
        })
        .collect();
    auditor.await_closed(stage.port, cases.len());
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let all = stopped.http(side, stage.port);
        for (case, port) in cases.iter().zip(&ports) {
            let name = format!("{}: {}", side.as_str(), case.name);
            let mut records = all.iter().filter(|r| r.client_port(side) == Some(*port));
            let first = records
                .next()
                .unwrap_or_else(|| panic!("{name}: no record"));
            first.assert(&name, &case.expected);
            if case.after == After::Open {
                let next = records
                    .next()
                    .unwrap_or_else(|| panic!("{name}: no next record"));
                let path = ("url.path", json!("/next"));
                next.assert(
                    &format!("{name}, next"),
                    &[&[path], &sizes(202, 0, 4)[..]].concat(),
                );
            }
            let extra: Vec<_> = records.collect();
            assert!(extra.is_empty(), "{name}: more records: {extra:#?}");
        }
    }
    stopped.assert_nothing_lost();
}
