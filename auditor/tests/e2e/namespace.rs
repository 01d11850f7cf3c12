//! A server in a network namespace of its own.

use serde_json::json;

use crate::support::auditor::Auditor;
use crate::support::client::{curl, h2load};
use crate::support::namespace::Namespace;
use crate::support::nginx::{KB, KB_SIZE, KB100, Nginx};
use crate::support::record::Side;

#[test]
fn requests_into_a_namespace_are_recorded_at_both_ends() {
    const REQUESTS: u32 = 5000;
    let namespace = Namespace::new();
    let nginx = Nginx::start_in(&namespace);
    let auditor = Auditor::start(&[]);
    let url = format!("http://{}:{}", namespace.inner_address(), nginx.port);
    h2load(&format!("{url}{KB100}"), REQUESTS, 1);
    let output = ["--output", "/dev/null", "--write-out", "%{local_port}"];
    let finished = curl(&[&output[..], &[&format!("{url}{KB}")]].concat());
    let client_port: u16 = finished.text().parse().unwrap();
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let records = stopped.http(side, nginx.port).len();
        assert_eq!(records, REQUESTS as usize + 1, "{}", side.as_str());
        let record = stopped.only(side, nginx.port, client_port);
        let (local, peer) = match side {
            Side::Inbound => (namespace.inner_address(), namespace.outer_address()),
            Side::Outbound => (namespace.outer_address(), namespace.inner_address()),
        };
        record.assert(
            side.as_str(),
            &[
                ("network.local.address", json!(local)),
                ("network.peer.address", json!(peer)),
                ("http.response.status_code", json!(200)),
                ("http.response.body.size", json!(KB_SIZE)),
            ],
        );
    }
    stopped.assert_nothing_lost();
}
