//! HTTP/2 without TLS: as many records as streams, however many there are at a time.

use std::collections::HashSet;

use serde_json::json;

use crate::support::auditor::Auditor;
use crate::support::client::h2load_http2;
use crate::support::nghttpd::{FILE, FILE_SIZE, Nghttpd};
use crate::support::record::{Record, Side};

const REQUESTS: u32 = 2000;

/// Fails unless each end has a record for each stream, with nothing wrong in it, and those that lack
/// nothing are as many as `whole`.
#[track_caller]
fn check(streams: u32, whole: usize) {
    let server = Nghttpd::start();
    let auditor = Auditor::start(&[]);
    h2load_http2(&server.url(FILE), REQUESTS, streams);
    let stopped = auditor.stop();
    stopped.assert_nothing_lost();
    for side in Side::BOTH {
        let name = side.as_str();
        let records = stopped.http(side, server.port);
        assert_eq!(records.len(), REQUESTS as usize, "{name}");
        let ids: HashSet<_> = records
            .iter()
            .map(|r| r.text("auditor.record.id"))
            .collect();
        assert_eq!(ids.len(), records.len(), "{name}");
        let complete = |record: &&Record| record.incomplete().is_empty();
        for record in &records {
            record.assert(
                name,
                &[
                    ("http.request.method", json!("GET")),
                    ("url.path", json!(FILE)),
                    ("url.scheme", json!("http")),
                    ("network.protocol.version", json!("2")),
                    ("http.response.status_code", json!(200)),
                ],
            );
            let size = record.int("http.response.body.size");
            assert!(size.is_none_or(|size| size == FILE_SIZE), "{record:#?}");
        }
        for record in records.iter().filter(complete) {
            record.assert(
                name,
                &[
                    ("server.port", json!(server.port)),
                    ("http.response.body.size", json!(FILE_SIZE)),
                ],
            );
        }
        let complete = records.iter().filter(complete).count();
        assert!(complete >= whole, "{name}: {complete} lack nothing");
    }
}

#[test]
fn one_stream_at_a_time() {
    check(1, REQUESTS as usize);
}

#[test]
fn two_streams_at_a_time() {
    check(2, 1);
}

#[test]
fn thirty_two_streams_at_a_time() {
    check(32, 1);
}

#[test]
fn a_hundred_streams_at_a_time() {
    check(100, 1);
}
