//! OTLP, received by programs that others wrote.

use std::collections::HashSet;

use crate::support::auditor::Auditor;
use crate::support::client::h2load;
use crate::support::nginx::{AccessLog, KB, KB_SIZE, Nginx};
use crate::support::receiver::{Collector, Received, Tap};
use crate::support::record::{HTTP, LOSS};
use crate::support::until::until;

const REQUESTS: u32 = 2000;

/// Audits requests while records go to `endpoint`, and fails unless each is received once.
fn assert_delivered(endpoint: &str, protocol: &str, received: impl Fn(&str) -> Vec<Received>) {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start_with(
        &["--otlp-endpoint", endpoint],
        &[("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)],
    );
    h2load(&nginx.url(KB), REQUESTS, 1);
    auditor.stop().assert_nothing_lost();

    let port = nginx.port.to_string();
    let of_nginx = |record: &Received| {
        record["auditor.direction"] == "inbound" && record["network.local.port"] == port
    };
    // The receiver may be later than the auditor, which has its acknowledgement.
    let records = until("every record at the receiver", || {
        let mut records = received(HTTP);
        records.retain(of_nginx);
        (records.len() >= REQUESTS as usize).then_some(records)
    });
    assert_eq!(records.len(), REQUESTS as usize);
    let ids: HashSet<_> = records.iter().map(|r| &r["auditor.record.id"]).collect();
    assert_eq!(ids.len(), REQUESTS as usize);
    for record in &records {
        assert_eq!(record["http.request.method"], "GET");
        assert_eq!(record["url.path"], KB);
        assert_eq!(record["http.response.status_code"], "200");
        assert_eq!(record["http.response.body.size"], KB_SIZE.to_string());
    }
    assert_eq!(received(LOSS), []);
}

#[test]
fn oteltap_receives_every_record_over_http() {
    let tap = Tap::start();
    assert_delivered(&tap.endpoint(), "http/protobuf", |event| {
        tap.received(event)
    });
}

#[test]
fn a_collector_receives_every_record_over_http() {
    let collector = Collector::start();
    let received = |event: &str| collector.received(event);
    assert_delivered(&collector.http_endpoint(), "http/protobuf", received);
}

#[test]
fn a_collector_receives_every_record_over_grpc() {
    let collector = Collector::start();
    let received = |event: &str| collector.received(event);
    assert_delivered(&collector.grpc_endpoint(), "grpc", received);
}
