//! One request by curl, value for value, at both of its ends.

use std::fs;
use std::process::Command;

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::support::auditor::{Auditor, BINARY};
use crate::support::client::curl;
use crate::support::nginx::{AccessLog, KB, KB_SIZE, NOTHING, Nginx, OK, OK_SIZE};
use crate::support::ports;
use crate::support::process::{finish, succeed};
use crate::support::record::{CONNECTION, Record, Side};
use crate::support::temp::TempDir;

const AGENT: &str = "e2e/1.0 (a test)";
const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";
const SPAN: &str = "00f067aa0ba902b7";

/// What both ends say of it alike.
fn alike() -> [(&'static str, Value); 11] {
    [
        ("url.scheme", json!("http")),
        ("network.transport", json!("tcp")),
        ("network.protocol.name", json!("http")),
        ("network.protocol.version", json!("1.1")),
        ("user_agent.original", json!(AGENT)),
        ("auditor.record.phase", json!("end")),
        ("auditor.capture.method", json!("cgroup_skb")),
        ("auditor.plaintext.status", json!("not_encrypted")),
        ("process.user.id", json!(0)),
        ("auditor.capture.incomplete", Value::Null),
        ("error.type", Value::Null),
    ]
}

/// Addresses and ports as this end has them.
fn addresses(side: Side, address: &str, server: u16, client: u16) -> [(&'static str, Value); 5] {
    let (local, peer) = match side {
        Side::Inbound => (server, client),
        Side::Outbound => (client, server),
    };
    [
        ("auditor.direction", json!(side.as_str())),
        ("network.local.address", json!(address)),
        ("network.local.port", json!(local)),
        ("network.peer.address", json!(address)),
        ("network.peer.port", json!(peer)),
    ]
}

fn processes(side: Side, server: u32, client: u32) -> [(&'static str, Value); 2] {
    let (pid, name) = match side {
        Side::Inbound => (server, "nginx"),
        Side::Outbound => (client, "curl"),
    };
    [
        ("process.pid", json!(pid)),
        ("process.executable.name", json!(name)),
    ]
}

/// A workload has a name, or the record says why it has none: curl is gone before its cgroup can be
/// read where only cgroup v1 has it.
#[track_caller]
fn assert_named(record: &Record) {
    let named = record.resource.contains_key("service.name");
    let excused = record.text("auditor.identity.reason").is_some();
    assert!(named != excused, "{record:#?}");
}

#[track_caller]
fn assert_times(record: &Record, before: Timestamp, after: Timestamp) {
    let duration = record.int("auditor.duration_ns");
    let first = record.int("auditor.time_to_first_byte_ns");
    assert!(Some(0) < first && first <= duration, "{record:#?}");
    assert!(
        before <= record.time() && record.time() <= after,
        "{record:#?}"
    );
    assert!(record.time() <= record.observed(), "{record:#?}");
}

#[test]
fn a_request_is_recorded_as_it_was_at_both_ends() {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(&[]);
    let port = nginx.port;
    let before = Timestamp::now();
    let resolve = format!("shop.example:{port}:127.0.0.1");
    let finished = curl(&[
        "--resolve",
        &resolve,
        "--user-agent",
        AGENT,
        "--header",
        "Cookie: session=c00kie",
        "--header",
        "Authorization: Bearer s3cret",
        "--header",
        "X-Request-Id: request-7",
        "--header",
        &format!("traceparent: 00-{TRACE}-{SPAN}-01"),
        "--output",
        "/dev/null",
        "--write-out",
        "%{local_port}",
        &format!("http://shop.example:{port}{KB}?user=al1ce&token=t0ken&flag"),
    ]);
    let client_port: u16 = finished.text().parse().unwrap();
    let stopped = auditor.stop();
    let after = Timestamp::now();

    for side in Side::BOTH {
        let record = stopped.only(side, port, client_port);
        record.assert(side.as_str(), &alike());
        record.assert(
            side.as_str(),
            &addresses(side, "127.0.0.1", port, client_port),
        );
        record.assert(side.as_str(), &processes(side, nginx.pid(), finished.pid));
        record.assert(
            side.as_str(),
            &[
                ("http.request.method", json!("GET")),
                ("url.path", json!(KB)),
                ("url.query", json!("user=REDACTED&token=REDACTED&flag")),
                ("server.address", json!("shop.example")),
                ("server.port", json!(port)),
                ("network.type", json!("ipv4")),
                ("http.response.status_code", json!(200)),
                ("http.request.body.size", json!(0)),
                ("http.response.body.size", json!(KB_SIZE)),
                ("http.request.header.x-request-id", json!(["request-7"])),
            ],
        );
        assert_eq!(record.severity_text, "INFO");
        assert_eq!(record.severity_number, 9);
        assert_eq!(record.trace_id.as_deref(), Some(TRACE));
        assert_eq!(record.span_id.as_deref(), Some(SPAN));
        assert!(
            record.body.starts_with("GET shop.example"),
            "{}",
            record.body
        );
        assert_named(&record);
        assert_times(&record, before, after);
    }
    let server = stopped.only(Side::Inbound, port, client_port);
    assert_eq!(server.resource["service.name"], "nginx");
    let client = stopped.only(Side::Outbound, port, client_port);
    assert_eq!(client.text("auditor.peer.service.name"), Some("nginx"));
    let written = fs::read_to_string(stopped.stdout()).unwrap() + &stopped.log();
    for secret in ["c00kie", "s3cret", "al1ce", "t0ken"] {
        assert!(!written.contains(secret), "{secret} was written");
    }
    stopped.assert_nothing_lost();
}

#[test]
fn a_posted_body_over_ipv6_is_counted_and_not_kept() {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(&[]);
    let body = "pr1vate ".repeat(2500);
    let finished = curl(&[
        "--user-agent",
        AGENT,
        "--header",
        "Expect:",
        "--data-binary",
        &body,
        "--output",
        "/dev/null",
        "--write-out",
        "%{local_port}",
        &nginx.url6(OK),
    ]);
    let client_port: u16 = finished.text().parse().unwrap();
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let record = stopped.only(side, nginx.port, client_port);
        record.assert(side.as_str(), &alike());
        record.assert(
            side.as_str(),
            &addresses(side, "::1", nginx.port, client_port),
        );
        record.assert(
            side.as_str(),
            &[
                ("http.request.method", json!("POST")),
                ("url.path", json!(OK)),
                ("server.address", json!("::1")),
                ("server.port", json!(nginx.port)),
                ("network.type", json!("ipv6")),
                ("http.request.body.size", json!(body.len())),
                ("http.response.body.size", json!(OK_SIZE)),
            ],
        );
    }
    assert!(
        !fs::read_to_string(stopped.stdout())
            .unwrap()
            .contains("pr1vate")
    );
    stopped.assert_nothing_lost();
}

#[test]
fn every_line_of_the_access_log_of_nginx_has_its_record() {
    let nginx = Nginx::start(AccessLog::On);
    let auditor = Auditor::start(&[]);
    let url = nginx.url("");
    // nginx does not count a body that it discards, so none is sent.
    let every: [&[&str]; 8] = [
        &[KB],
        &["/absent"],
        &[NOTHING],
        &["/a%20path/%C3%A9?q=1"],
        &["--head", KB],
        &["--http1.0", KB],
        &["--request", "DELETE", OK],
        &["--range", "0-99", KB],
    ];
    for arguments in every {
        let (path, options) = arguments.split_last().unwrap();
        let target = format!("{url}{path}");
        let common = ["--path-as-is", "--output", "/dev/null", &target];
        curl(&[options, &common[..]].concat());
    }
    let logged = nginx.log(every.len());
    let stopped = auditor.stop();
    assert_eq!(logged.len(), every.len());
    for line in logged {
        let case = format!("{line:?}");
        for side in Side::BOTH {
            let record = stopped.only(side, nginx.port, line.client_port);
            let (path, query) = line.uri.split_once('?').unwrap_or((&line.uri, ""));
            let (received, sent) = match side {
                Side::Inbound => (line.received, line.sent),
                Side::Outbound => (line.sent, line.received),
            };
            record.assert(
                &case,
                &[
                    ("http.request.method", json!(line.method)),
                    ("url.path", json!(path)),
                    ("http.response.status_code", json!(line.status)),
                    ("http.response.body.size", json!(line.body_sent)),
                    ("auditor.bytes.received", json!(received)),
                    ("auditor.bytes.sent", json!(sent)),
                ],
            );
            let version = record.text("network.protocol.version").unwrap();
            assert_eq!(line.protocol, format!("HTTP/{version}"), "{case}");
            assert_eq!(
                record.text("url.query").is_some(),
                !query.is_empty(),
                "{case}"
            );
        }
    }
    stopped.assert_nothing_lost();
}

#[test]
fn every_attribute_is_in_the_schema() {
    let nginx = Nginx::start(AccessLog::Off);
    let closed = ports::free();
    let auditor = Auditor::start(&[]);
    let forwarded = "X-Forwarded-For: 192.0.2.1, 10.0.0.1";
    curl(&["--header", forwarded, "--data", "body", &nginx.url(OK)]);
    finish(Command::new("curl").arg(format!("http://127.0.0.1:{closed}/")));
    let stopped = auditor.stop();
    let schema = succeed(Command::new(BINARY).arg("schema"));
    for record in stopped.records() {
        for name in record.attributes.keys() {
            let is_header = name.starts_with("http.request.header.")
                || name.starts_with("http.response.header.");
            let known = is_header || schema.text().contains(&format!("`{name}`"));
            assert!(known, "{name} is not in the schema: {record:#?}");
        }
    }
    for record in stopped.http(Side::Inbound, nginx.port) {
        record.assert("forwarded", &[("client.address", json!("192.0.2.1"))]);
    }
}

#[test]
fn a_refused_connection_is_recorded() {
    let closed = ports::free();
    let auditor = Auditor::start(&[]);
    let finished = finish(Command::new("curl").arg(format!("http://127.0.0.1:{closed}/")));
    assert!(!finished.status.success());
    let stopped = auditor.stop();
    let refused: Vec<Record> = stopped
        .records()
        .filter(|record| record.server_port(Side::Outbound) == Some(closed))
        .collect();
    assert_eq!(refused.len(), 1, "{refused:#?}");
    assert!(refused[0].is(CONNECTION, Side::Outbound), "{refused:#?}");
    refused[0].assert(
        "refused",
        &[
            ("error.type", json!("connect_failed")),
            ("process.executable.name", json!("curl")),
            ("auditor.bytes.sent", json!(0)),
            ("auditor.bytes.received", json!(0)),
        ],
    );
}

#[test]
fn openings_are_recorded_where_the_file_asks_for_them() {
    let nginx = Nginx::start(AccessLog::Off);
    let folder = TempDir::new();
    let file = folder.write("auditor.yaml", b"connection_records:\n  open: true\n");
    let auditor = Auditor::start(&["--config", &file.display().to_string()]);
    curl(&["--silent", "--fail", &nginx.url(OK)]);
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let of_nginx = |record: &Record| {
            record.is(CONNECTION, side) && record.server_port(side) == Some(nginx.port)
        };
        let phases: Vec<_> = stopped
            .records()
            .filter(of_nginx)
            .map(|record| record.text("auditor.record.phase").map(str::to_owned))
            .collect();
        assert_eq!(phases, [Some("start".to_owned()), Some("end".to_owned())]);
    }
}
