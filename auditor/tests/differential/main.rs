//! A real Envoy sidecar in front of an application, and the auditor beside it: for the same
//! traffic, every line of Envoy's access log has its record, value for value, and there is no
//! record that Envoy has no line for. Where Envoy ends TLS, so has every handshake. Needs root.

#![forbid(unsafe_code)]

#[expect(dead_code, reason = "the end-to-end tests use the rest of it")]
#[path = "../e2e/support"]
mod support {
    pub(crate) mod auditor;
    pub(crate) mod certificates;
    pub(crate) mod grpc;
    pub(crate) mod node;
    pub(crate) mod ports;
    pub(crate) mod process;
    pub(crate) mod record;
    pub(crate) mod temp;
    pub(crate) mod until;
}

mod application;
mod client;
mod compare;
mod envoy;
mod facts;
mod mix;
mod random;
mod shapes;
mod streams;
mod tls;

use application::Application;
use compare::Comparison;
use envoy::Envoy;
use support::auditor::Auditor;
use support::grpc::{self, Shop};
use support::record::Side;

/// The same traffic every time; another one shows other mixes.
const SEED: u64 = 0x5eed_0a0d_17f3_c0de;

const MIN_EXCHANGES: usize = 10_000;
const MIN_SHAPES: usize = 40;
const GRPC_CALLS: u32 = 100;

#[test]
fn every_line_of_envoy_has_its_record() {
    println!("seed {SEED:#x}");
    let application = Application::start();
    let envoy = Envoy::start("HTTP1", application.port, application.port);
    let auditor = Auditor::start(&[]);
    let played = mix::play(envoy.port, SEED);
    await_closed(&auditor, envoy.port, played.connections());
    let lines = compare(envoy, auditor, |client| played.of(client));
    assert!(lines >= MIN_EXCHANGES, "{lines} exchanges");
    assert!(played.shapes() >= MIN_SHAPES, "{} shapes", played.shapes());
}

#[test]
fn every_line_of_envoy_has_its_record_in_http2_and_grpc() {
    println!("seed {SEED:#x}");
    let application = Application::start();
    let shop = Shop::start();
    let envoy = Envoy::start("HTTP2", application.port, shop.port);
    let auditor = Auditor::start(&[]);
    let streams = streams::play(envoy.port, SEED);
    let calls: u64 = grpc::call(envoy.port, GRPC_CALLS).values().sum();
    await_closed(&auditor, envoy.port, streams::CONNECTIONS + 1);
    let lines = compare(envoy, auditor, |_| &[]);
    assert_eq!(lines as u64, streams as u64 + calls);
}

fn await_closed(auditor: &Auditor, port: u16, connections: usize) {
    auditor.await_records(connections, |record| {
        record.is(support::record::CONNECTION, Side::Inbound)
            && record.server_port(Side::Inbound) == Some(port)
    });
}

/// Ends both, and compares what they wrote. `played` gives what a client did; returns how many
/// lines there were.
fn compare<'p>(
    envoy: Envoy,
    auditor: Auditor,
    played: impl Fn(&str) -> &'p [&'static str],
) -> usize {
    let port = envoy.port;
    let lines = envoy.stop();
    let stopped = auditor.stop();
    stopped.assert_nothing_lost();
    let records = stopped.http(Side::Inbound, port);
    let comparison = Comparison::of(&lines, &records);
    println!("{comparison}");
    println!("{:?}", stopped.kernel);
    comparison.print_mismatches(played);
    comparison.assert_equal();
    lines.len()
}
