//! HTTP/2 without TLS: a record for each stream, with nothing wrong in it, however many there are at
//! a time.

use std::collections::HashSet;

use serde_json::json;

use crate::support::auditor::Auditor;
use crate::support::client::{curl, h2load_streams};
use crate::support::nghttpd::{Nghttpd, WINDOW, WINDOW_SIZE};
use crate::support::nghttpx::Nghttpx;
use crate::support::nginx::{KB, KB_SIZE};
use crate::support::record::Side;

const CONNECTIONS: u32 = 4;

/// Both ends have a record for each stream, and each record is whole.
#[track_caller]
fn check(requests: u32, streams: u32) {
    let server = Nghttpd::start();
    let auditor = Auditor::start(&[]);
    h2load_streams(&server.url(KB), requests, CONNECTIONS, streams);
    let stopped = auditor.stop();
    stopped.assert_nothing_lost();
    for side in Side::BOTH {
        let name = side.as_str();
        let records = stopped.http(side, server.port);
        assert_eq!(records.len(), requests as usize, "{name}");
        let ids: HashSet<_> = records
            .iter()
            .map(|r| r.text("auditor.record.id"))
            .collect();
        assert_eq!(ids.len(), records.len(), "{name}");
        for record in &records {
            assert_eq!(record.incomplete(), [] as [&str; 0], "{name}: {record:#?}");
            record.assert(
                name,
                &[
                    ("http.request.method", json!("GET")),
                    ("url.path", json!(KB)),
                    ("url.scheme", json!("http")),
                    ("server.port", json!(server.port)),
                    ("network.protocol.version", json!("2")),
                    ("http.response.status_code", json!(200)),
                    ("http.response.body.size", json!(KB_SIZE)),
                ],
            );
        }
    }
}

#[test]
fn one_stream_at_a_time() {
    check(2_000, 1);
}

#[test]
fn two_streams_at_a_time() {
    check(4_000, 2);
}

#[test]
fn thirty_two_streams_at_a_time() {
    check(20_000, 32);
}

#[test]
fn a_hundred_streams_at_a_time() {
    check(20_000, 100);
}

/// A client that asks for HTTP/2 in HTTP/1.1 and is answered in it.
#[test]
fn an_upgrade_from_http_1() {
    let behind = Nghttpd::start();
    let server = Nghttpx::start(behind.port);
    let auditor = Auditor::start(&[]);
    let url = server.url(KB);
    let mut arguments = vec!["--http2", "--fail"];
    arguments.extend(["--output", "/dev/null", &url].repeat(2));
    curl(&arguments);
    let stopped = auditor.stop();
    stopped.assert_nothing_lost();
    for side in Side::BOTH {
        let name = side.as_str();
        let records = stopped.http(side, server.port);
        let paths: Vec<_> = records.iter().filter_map(|r| r.text("url.path")).collect();
        assert_eq!(paths, [KB, KB], "{name}");
        for (record, stream) in records.iter().zip([1, 3]) {
            record.assert(
                name,
                &[
                    ("auditor.stream.id", json!(stream)),
                    ("http.response.status_code", json!(200)),
                    ("http.response.body.size", json!(KB_SIZE)),
                ],
            );
            assert_eq!(record.incomplete(), [] as [&str; 0], "{name}: {record:#?}");
        }
    }
}

/// The answer comes at once, before the daemon could say how the direction goes on.
#[test]
fn a_large_answer_to_an_upgrade() {
    let behind = Nghttpd::start();
    let server = Nghttpx::start(behind.port);
    let auditor = Auditor::start(&[]);
    let url = server.url(WINDOW);
    curl(&["--http2", "--fail", "--output", "/dev/null", &url]);
    let stopped = auditor.stop();
    stopped.assert_nothing_lost();
    for side in Side::BOTH {
        let name = side.as_str();
        let records = stopped.http(side, server.port);
        assert_eq!(records.len(), 1, "{name}: {records:#?}");
        records[0].assert(name, &[("http.response.body.size", json!(WINDOW_SIZE))]);
        assert_eq!(records[0].incomplete(), [] as [&str; 0], "{name}");
    }
}
