//! What does not fit into the ring is told, to the last request.

use crate::support::auditor::{Auditor, Stopped};
use crate::support::client::{ab, h2load, wrk};
use crate::support::nginx::{AccessLog, KB, Nginx};
use crate::support::record::{LOSS, Record, Side};

/// The smallest ring there is: full within milliseconds.
const TINY: &[&str] = &["--ring-bytes", "65536"];

/// Lost exchanges that are reported, of one direction.
fn reported(stopped: &Stopped, side: Side) -> u64 {
    let of_exchanges = |record: &Record| {
        record.is(LOSS, side)
            && record.text("auditor.loss.unit") == Some("exchange")
            && record.text("auditor.loss.stage") == Some("ring")
    };
    let counts = stopped.records().filter(of_exchanges);
    counts
        .map(|record| record.int("auditor.loss.count").unwrap())
        .sum()
}

/// Records and reported losses of both ends.
fn accounted(stopped: &Stopped, port: u16) -> [u64; 2] {
    let both = Side::BOTH.map(|side| {
        let (recorded, lost) = (
            stopped.http(side, port).len() as u64,
            reported(stopped, side),
        );
        assert!(lost > 0, "{}: the ring was not too small", side.as_str());
        assert!(recorded > 0, "{}: the ring took nothing", side.as_str());
        (recorded, lost)
    });
    let lost: u64 = both.iter().map(|(_, lost)| lost).sum();
    assert_eq!(stopped.summary.get("lost"), lost);
    assert_eq!(stopped.summary.get("undelivered"), 0);
    both.map(|(recorded, lost)| recorded + lost)
}

#[test]
fn records_and_losses_are_the_requests_on_connections_that_stay() {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(TINY);
    h2load(&nginx.url(KB), 20_000, 1);
    let stopped = auditor.stop();
    assert_eq!(accounted(&stopped, nginx.port), [20_000; 2]);
}

#[test]
fn records_and_losses_are_the_requests_with_four_ahead() {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(TINY);
    h2load(&nginx.url(KB), 20_000, 4);
    let stopped = auditor.stop();
    assert_eq!(accounted(&stopped, nginx.port), [20_000; 2]);
}

#[test]
fn records_and_losses_are_the_requests_on_a_connection_each() {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(TINY);
    ab(&nginx.url(KB), 5000);
    let stopped = auditor.stop();
    assert_eq!(accounted(&stopped, nginx.port), [5000; 2]);
}

#[test]
fn records_and_losses_are_what_wrk_counted() {
    const CONNECTIONS: u32 = 32;
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(TINY);
    let counted = wrk(&nginx.url(KB), CONNECTIONS);
    let stopped = auditor.stop();
    let in_flight = 0..=u64::from(CONNECTIONS);
    for sum in accounted(&stopped, nginx.port) {
        let more = sum.checked_sub(counted);
        assert!(
            more.is_some_and(|n| in_flight.contains(&n)),
            "{sum} of {counted}"
        );
    }
}
