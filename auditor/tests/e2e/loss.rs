//! What does not fit into the ring is told, to the last request.

use crate::support::auditor::{Auditor, Stopped};
use crate::support::client::{ab, h2load, wrk};
use crate::support::dialogue::Stage;
use crate::support::nginx::{AccessLog, KB, KB100, Nginx};
use crate::support::record::{HTTP, LOSS, Record, Side};

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
        .filter_map(|record| record.int("auditor.loss.count"))
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
    assert_node(stopped);
    let lost: u64 = both.iter().map(|(_, lost)| lost).sum();
    assert_eq!(stopped.summary.get("lost"), lost);
    assert_eq!(stopped.summary.get("undelivered"), 0);
    both.map(|(recorded, lost)| recorded + lost)
}

/// What the kernel saw is what was recorded and what was reported lost, whoever asked whom.
fn assert_node(stopped: &Stopped) {
    for side in Side::BOTH {
        let seen = stopped.kernel.get(&format!("{}_requests", side.as_str()));
        let recorded = stopped.records().filter(|record| record.is(HTTP, side));
        let (recorded, lost) = (recorded.count() as u64, reported(stopped, side));
        let unaccounted = stopped.records().find(|record| {
            record.event_name == LOSS && record.text("auditor.loss.reason") == Some("unaccounted")
        });
        assert!(unaccounted.is_none(), "{unaccounted:#?}");
        let side = side.as_str();
        assert_eq!(
            recorded + lost,
            seen,
            "{side}: {recorded} recorded, {lost} reported lost"
        );
    }
}

/// Twice the load: with the daemon at work, and with nobody to empty the ring.
fn audited(load: impl Fn(&Nginx)) -> [u64; 2] {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(TINY);
    load(&nginx);
    auditor.paused(|| load(&nginx));
    accounted(&auditor.stop(), nginx.port)
}

#[test]
fn records_and_losses_are_the_requests_on_connections_that_stay() {
    let both = audited(|nginx| h2load(&nginx.url(KB), 10_000, 1));
    assert_eq!(both, [20_000; 2]);
}

#[test]
fn records_and_losses_are_the_requests_with_four_ahead() {
    let both = audited(|nginx| h2load(&nginx.url(KB), 10_000, 4));
    assert_eq!(both, [20_000; 2]);
}

#[test]
fn records_and_losses_are_the_requests_with_large_bodies() {
    let both = audited(|nginx| h2load(&nginx.url(KB100), 2000, 1));
    assert_eq!(both, [4000; 2]);
}

#[test]
fn records_and_losses_are_the_requests_on_a_connection_each() {
    let both = audited(|nginx| ab(&nginx.url(KB), 2500));
    assert_eq!(both, [5000; 2]);
}

/// A connection that was open while nothing fitted is whole again afterwards.
#[test]
fn what_comes_after_a_loss_is_recorded_as_it_was() {
    const LATER: usize = 20;
    let stage = Stage::new();
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(TINY);
    let mut dialogue = stage.dialogue();
    let mut exchange = |path: &str| {
        dialogue.ask(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        dialogue.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    };
    exchange("/before");
    auditor.paused(|| {
        h2load(&nginx.url(KB), 2000, 1);
        exchange("/lost");
    });
    auditor.await_records(1, |record| record.event_name == LOSS);
    for number in 0..LATER {
        exchange(&format!("/later/{number}"));
    }
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let records = stopped.http(side, stage.port);
        let later = records.iter().filter_map(|record| {
            let path = record.text("url.path")?;
            let number: usize = path.strip_prefix("/later/")?.parse().ok()?;
            let status = record.int("http.response.status_code");
            Some((number, status, record.incomplete().is_empty()))
        });
        // The first one after the gap may say that it joined there.
        let later: Vec<_> = later.collect();
        assert_eq!(later.len(), LATER, "{}: {records:#?}", side.as_str());
        for (expected, (number, status, whole)) in later.into_iter().enumerate() {
            assert_eq!((number, status), (expected, Some(200)), "{records:#?}");
            assert!(whole || number == 0, "{records:#?}");
        }
    }
}

#[test]
fn records_and_losses_are_what_wrk_counted() {
    const CONNECTIONS: u32 = 32;
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(TINY);
    let counted = auditor.paused(|| wrk(&nginx.url(KB), CONNECTIONS));
    let counted = counted + wrk(&nginx.url(KB), CONNECTIONS);
    let stopped = auditor.stop();
    let in_flight = 0..=2 * u64::from(CONNECTIONS);
    for sum in accounted(&stopped, nginx.port) {
        let more = sum.checked_sub(counted);
        let more = more.is_some_and(|more| in_flight.contains(&more));
        assert!(more, "{sum} of {counted}");
    }
}
