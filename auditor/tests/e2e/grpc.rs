//! gRPC by its own library: a record for each call at both ends, with what came of it.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::support::auditor::Auditor;
use crate::support::grpc::{self, MESSAGES, Shop};
use crate::support::record::{HTTP, Record, Side};
use crate::support::temp::TempDir;

const SERVICE: &str = "shop.v1.Cart";

fn method(name: &str) -> String {
    format!("{SERVICE}/{name}")
}

/// What the record of a call says of how it went: messages of both sides, and status.
fn outcome(record: &Record) -> [Value; 3] {
    let names = [
        "auditor.rpc.request.messages",
        "auditor.rpc.response.messages",
        "rpc.status_code",
    ];
    names.map(|name| record.attributes.get(name).cloned().unwrap_or_default())
}

#[test]
fn every_call_is_recorded_as_it_ended() {
    const CALLS: u64 = 300;
    let shop = Shop::start();
    let auditor = Auditor::start(&[]);
    let seen = grpc::call(shop.port, CALLS as u32);
    let stopped = auditor.stop();
    stopped.assert_nothing_lost();
    let outcomes = [
        ("Get", "OK", 1, 1),
        ("List", "OK", 1, MESSAGES),
        ("Put", "OK", MESSAGES, 1),
        ("Chat", "OK", MESSAGES, MESSAGES),
        ("Fail", "NOT_FOUND", 1, 0),
        ("FailLate", "DATA_LOSS", 1, 1),
        ("Missing", "UNIMPLEMENTED", 1, 0),
    ];
    for side in Side::BOTH {
        let name = side.as_str();
        let mut calls: BTreeMap<String, Vec<Record>> = BTreeMap::new();
        for record in stopped.http(side, shop.port) {
            record.assert(
                name,
                &[
                    ("rpc.system.name", json!("grpc")),
                    ("http.request.method", json!("POST")),
                    ("http.response.status_code", json!(200)),
                    ("network.protocol.version", json!("2")),
                ],
            );
            let method = record.text("rpc.method").expect("a method").to_owned();
            calls.entry(method).or_default().push(record);
        }
        for (kind, status, asked, answered) in outcomes {
            assert_eq!(seen[&format!("{kind} {status}")], CALLS, "{seen:?}");
            let calls = calls.remove(&method(kind)).unwrap_or_default();
            assert_eq!(calls.len() as u64, CALLS, "{name}: {kind}");
            for call in calls {
                let expected = [json!(asked), json!(answered), json!(status)];
                assert_eq!(outcome(&call), expected, "{name}: {kind}: {call:#?}");
                assert_eq!(call.incomplete(), [] as [&str; 0], "{name}: {call:#?}");
            }
        }
        let (in_time, late): (Vec<_>, Vec<_>) = calls
            .remove(&method("Wait"))
            .unwrap_or_default()
            .into_iter()
            .partition(|call| {
                call.attributes
                    .get("http.request.header.grpc-timeout")
                    .is_none()
            });
        assert_eq!(seen["Cancelled CANCELLED"], CALLS, "{seen:?}");
        assert_eq!(in_time.len() as u64, CALLS, "{name}: cancelled");
        for call in in_time {
            assert_gone(&call, side);
        }
        assert_eq!(seen["Late DEADLINE_EXCEEDED"], CALLS, "{seen:?}");
        assert_eq!(late.len() as u64, CALLS, "{name}: late");
        for call in late {
            // Server and client watch the clock, and one of them is first.
            match call.text("rpc.status_code") {
                Some(status) => assert_eq!(status, "DEADLINE_EXCEEDED"),
                None => assert_gone(&call, side),
            }
        }
        assert!(calls.is_empty(), "{name}: {calls:#?}");
    }
}

/// The client gave the call up.
#[track_caller]
fn assert_gone(call: &Record, side: Side) {
    let by = match side {
        Side::Inbound => "received",
        Side::Outbound => "sent",
    };
    call.assert(
        side.as_str(),
        &[
            ("auditor.stream.reset", json!(by)),
            ("error.type", json!("CANCEL")),
            ("rpc.status_code", json!(null)),
        ],
    );
    assert_eq!(call.incomplete(), ["stream_reset"]);
}

#[test]
fn a_call_is_told_while_it_lasts() {
    let folder = TempDir::new();
    let file = folder.write("auditor.yaml", b"periodic_interval: 1s\n");
    let shop = Shop::start();
    let auditor = Auditor::start(&["--config", &file.display().to_string()]);
    let mut channel = shop.channel();
    channel.wait();
    channel.wait();
    channel.get(10);
    for phase in ["start", "periodic"] {
        auditor.await_records(4, |record| {
            record.event_name == HTTP && record.text("auditor.record.phase") == Some(phase)
        });
    }
    drop(channel);
    auditor.await_closed(shop.port, 1);
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let mut phases: BTreeMap<u64, Vec<String>> = BTreeMap::new();
        for record in stopped.http(side, shop.port) {
            if record.text("rpc.method") == Some(&method("Wait")) {
                let stream = record.int("auditor.stream.id").expect("a stream");
                let phase = record.text("auditor.record.phase").expect("a phase");
                phases.entry(stream).or_default().push(phase.to_owned());
            }
        }
        assert_eq!(phases.len(), 2, "{phases:?}");
        for phases in phases.values() {
            assert_eq!(phases[0], "start");
            assert_eq!(phases[1], "periodic");
            assert_eq!(phases.iter().filter(|phase| *phase == "end").count(), 1);
        }
    }
}

/// The header tables are older than the auditor: what they hold is not known, and nothing is
/// guessed.
#[test]
fn a_channel_that_is_older_is_counted_and_never_misread() {
    const CALLS: usize = 200;
    let shop = Shop::start();
    let mut channel = shop.channel();
    channel.get(CALLS);
    for run in 0..3 {
        let auditor = Auditor::start(&[]);
        channel.get(CALLS);
        let stopped = auditor.stop();
        for side in Side::BOTH {
            let name = format!("run {run}, {}", side.as_str());
            let records = stopped.http(side, shop.port);
            assert_eq!(records.len(), CALLS, "{name}");
            for record in records {
                let reasons = record.incomplete();
                if let Some(named) = record.text("rpc.method") {
                    assert_eq!(named, method("Get"), "{name}");
                } else {
                    assert!(reasons.contains(&"hpack_desynced"), "{name}: {record:#?}");
                }
                for (field, value) in [
                    ("url.path", json!("/shop.v1.Cart/Get")),
                    ("http.request.method", json!("POST")),
                    ("http.response.status_code", json!(200)),
                    ("rpc.status_code", json!("OK")),
                ] {
                    let said = record.attributes.get(field);
                    assert!(
                        said.is_none_or(|said| *said == value),
                        "{name}: {record:#?}"
                    );
                }
            }
        }
        stopped.assert_nothing_lost();
    }
}
