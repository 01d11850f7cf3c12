//! What the daemon tells of itself to a collector: its metrics, and its log.

use std::fs;

use crate::support::auditor::Auditor;
use crate::support::client::h2load;
use crate::support::fickle::{Fickle, Mood};
use crate::support::kept::Kept;
use crate::support::nginx::{AccessLog, KB, Nginx};
use crate::support::receiver::Collector;
use crate::support::record::Side;
use crate::support::temp::TempDir;
use crate::support::until::until;

const REQUESTS: u32 = 1000;

/// Starts the daemon so that its own metrics and log go to this collector.
fn start(folder: &TempDir, endpoint: &str, protocol: &str, more: &[&str]) -> Auditor {
    let file = folder.path().join("auditor.yaml");
    let text = format!("otlp: {{ telemetry: '{endpoint}' }}\n");
    fs::write(&file, text).expect("a temporary file can be written");
    let file = file.to_str().expect("the folder's name is text");
    let variables = [("AUDITOR_TELEMETRY_OTLP_PROTOCOL", protocol)];
    Auditor::start_with(&[&["--config", file], more].concat(), &variables)
}

/// It was away at first; at the end it has the last counts, and the log from the first line on.
fn assert_told(protocol: &str) {
    let (folder, kept, fickle) = (TempDir::new(), Kept::new(), Fickle::start(Mood::Broken));
    let nginx = Nginx::start(AccessLog::Off);
    let journal = ["--journal-dir", &kept.argument()];
    let auditor = start(&folder, &fickle.endpoint(), protocol, &journal);
    until("the collector's trouble is told", || {
        let log = auditor.log();
        log.contains("does not take the daemon's own").then_some(())
    });
    h2load(&nginx.url(KB), REQUESTS, 1);
    fickle.turn(Mood::Takes);
    let stopped = auditor.stop();
    stopped.assert_nothing_lost();

    let records = stopped.summary.get("records") as i64;
    let exchanges = fickle.metric("auditor_exchanges");
    assert!(exchanges >= Some(2 * i64::from(REQUESTS)), "{exchanges:?}");
    assert_eq!(fickle.metric("auditor_journal_durable"), Some(records));
    assert_eq!(fickle.metric("auditor_log_lines_left_out"), Some(0));
    assert_eq!(fickle.metric("auditor_build"), Some(1));
    // The auditor does not audit what it sends of itself.
    for record in stopped.records() {
        let port = record.server_port(Side::Outbound);
        assert_ne!(port, Some(fickle.port()), "{record:#?}");
    }
    let texts = fickle.lines().into_iter().filter_map(|line| line.body);
    let texts: Vec<_> = texts.map(|body| format!("{body:?}")).collect();
    for word in ["settings:", "ready", "does not take", "stopping"] {
        let found = texts.iter().filter(|text| text.contains(word)).count();
        assert!(found > 0, "no line {word:?}: {texts:#?}");
    }
    // What is written about the sending does not keep it going.
    assert!(texts.len() < 40, "{texts:#?}");
}

#[test]
fn metrics_and_log_go_to_a_collector_over_grpc() {
    assert_told("grpc");
}

#[test]
fn metrics_and_log_go_to_a_collector_over_http() {
    assert_told("http/protobuf");
}

#[test]
fn a_collector_that_others_wrote_takes_them() {
    let (folder, collector) = (TempDir::new(), Collector::start());
    let auditor = start(&folder, &collector.grpc_endpoint(), "grpc", &[]);
    let lines = until("lines of the log at the collector", || {
        let lines = collector.received("auditor.log");
        (!lines.is_empty()).then_some(lines)
    });
    assert!(
        lines.iter().any(|line| line.contains_key("digest")),
        "{lines:?}"
    );
    let log = auditor.log();
    auditor.stop().assert_nothing_lost();
    assert!(!log.contains("does not take"), "{log}");
}
