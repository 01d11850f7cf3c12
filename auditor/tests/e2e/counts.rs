//! As many records as requests, at full speed, at both ends.

use std::collections::HashSet;
use std::ops::RangeInclusive;

use crate::support::auditor::{Auditor, Stopped};
use crate::support::client::{ab, h2load, python, wrk};
use crate::support::nginx::{AccessLog, KB, KB_SIZE, KB100, KB100_SIZE, Nginx};
use crate::support::record::{Record, Side};

/// Sent by a load generator that finishes what it began.
fn exactly(requests: u32) -> RangeInclusive<u64> {
    u64::from(requests)..=u64::from(requests)
}

fn is_whole(record: &Record, path: &str, body: u64) -> bool {
    record.text("http.request.method") == Some("GET")
        && record.text("url.path") == Some(path)
        && record.int("http.response.status_code") == Some(200)
        && record.int("http.response.body.size") == Some(body)
        && record.incomplete().is_empty()
}

/// Fails unless each end has a record for each of `requests`, and all but those in flight at the
/// end are whole and right.
#[track_caller]
fn assert_counts(
    stopped: &Stopped,
    port: u16,
    (path, body): (&str, u64),
    requests: &RangeInclusive<u64>,
) {
    stopped.assert_nothing_lost();
    let mut ids = HashSet::new();
    let (mut records, mut whole) = ([0; 2], [0; 2]);
    for record in stopped.records() {
        let id = record
            .text("auditor.record.id")
            .expect("every record has one");
        assert!(
            ids.insert(id.to_owned()),
            "two records with one id: {record:#?}"
        );
        for (n, side) in Side::BOTH.into_iter().enumerate() {
            if record.is_http(side, port) {
                records[n] += 1;
                whole[n] += u64::from(is_whole(&record, path, body));
            }
        }
    }
    for (n, side) in Side::BOTH.into_iter().enumerate() {
        let side = side.as_str();
        assert!(
            requests.contains(&records[n]),
            "{side}: {} records, {requests:?} requests",
            records[n]
        );
        assert!(
            whole[n] >= *requests.start(),
            "{side}: {} whole of {requests:?}",
            whole[n]
        );
    }
}

#[test]
fn wrk_on_connections_that_stay() {
    const CONNECTIONS: u32 = 32;
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(&[]);
    let counted = wrk(&nginx.url(KB), CONNECTIONS);
    let stopped = auditor.stop();
    let requests = counted..=counted + u64::from(CONNECTIONS);
    assert_counts(&stopped, nginx.port, (KB, KB_SIZE), &requests);
}

#[test]
fn ab_on_a_connection_per_request() {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(&[]);
    ab(&nginx.url(KB), 5000);
    let stopped = auditor.stop();
    assert_counts(&stopped, nginx.port, (KB, KB_SIZE), &exactly(5000));
}

#[test]
fn h2load_on_connections_that_stay() {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(&[]);
    h2load(&nginx.url(KB), 20_000, 1);
    let stopped = auditor.stop();
    assert_counts(&stopped, nginx.port, (KB, KB_SIZE), &exactly(20_000));
}

#[test]
fn h2load_with_four_requests_ahead() {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(&[]);
    h2load(&nginx.url(KB), 20_000, 4);
    let stopped = auditor.stop();
    assert_counts(&stopped, nginx.port, (KB, KB_SIZE), &exactly(20_000));
}

#[test]
fn h2load_with_bodies_of_many_segments() {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(&[]);
    h2load(&nginx.url(KB100), 10_000, 1);
    let stopped = auditor.stop();
    assert_counts(&stopped, nginx.port, (KB100, KB100_SIZE), &exactly(10_000));
}

#[test]
fn ab_over_ipv6() {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(&[]);
    ab(&nginx.url6(KB), 5000);
    let stopped = auditor.stop();
    assert_counts(&stopped, nginx.port, (KB, KB_SIZE), &exactly(5000));
}

#[test]
fn python_on_one_connection() {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(&[]);
    python(nginx.port, KB, 1000);
    let stopped = auditor.stop();
    assert_counts(&stopped, nginx.port, (KB, KB_SIZE), &exactly(1000));
}
