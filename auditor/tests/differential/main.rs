//! A real Envoy sidecar in front of an application, and the auditor beside it: for the same
//! traffic, every line of Envoy's access log has its record, value for value, and there is no
//! record that Envoy has no line for. Needs root.

#![forbid(unsafe_code)]

#[expect(dead_code, reason = "the end-to-end tests use the rest of it")]
#[path = "../e2e/support"]
mod support {
    pub(crate) mod auditor;
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

use application::Application;
use compare::Comparison;
use envoy::Envoy;
use support::auditor::Auditor;
use support::record::Side;

/// The same traffic every time; another one shows other mixes.
const SEED: u64 = 0x5eed_0a0d_17f3_c0de;

const MIN_EXCHANGES: usize = 10_000;
const MIN_SHAPES: usize = 40;

#[test]
fn every_line_of_envoy_has_its_record() {
    println!("seed {SEED:#x}");
    let application = Application::start();
    let envoy = Envoy::start(application.port);
    let auditor = Auditor::start(&[]);
    let played = mix::play(envoy.port, SEED);
    auditor.await_records(played.connections(), |record| {
        record.is(support::record::CONNECTION, Side::Inbound)
            && record.server_port(Side::Inbound) == Some(envoy.port)
    });
    let port = envoy.port;
    let lines = envoy.stop();
    let stopped = auditor.stop();
    stopped.assert_nothing_lost();
    let records = stopped.http(Side::Inbound, port);
    let comparison = Comparison::of(&lines, &records);
    println!("{comparison}");
    println!("{:?}", stopped.kernel);
    comparison.print_mismatches(&played);
    assert!(lines.len() >= MIN_EXCHANGES, "{} exchanges", lines.len());
    assert!(played.shapes() >= MIN_SHAPES, "{} shapes", played.shapes());
    comparison.assert_equal();
}
