use crate::identity::OtherEnd;
use std::time::Duration;

use super::{Aggregator, MAX_KINDS};
use crate::config::{AggregationSettings, TrafficClass};
use crate::identity::Resolved;
use crate::identity::sample::{answered, pod, service};
use crate::protocol::{Exchange, Reason};
use crate::record::{Fact, Totals};

const PROBE: &str = "GET /healthz HTTP/1.1\r\nUser-Agent: kube-probe/1.36\r\n\r\n";
const SCRAPE: &str = "GET /metrics HTTP/1.1\r\nUser-Agent: Prometheus/3.1.0\r\n\r\n";
const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn aggregator(classes: &[TrafficClass]) -> Aggregator {
    Aggregator::new(AggregationSettings {
        classes: classes.to_vec(),
        interval: Duration::from_mins(1),
    })
}

fn both() -> Aggregator {
    aggregator(&[TrafficClass::HealthProbe, TrafficClass::Scrape])
}

fn totals(resolved: &Resolved) -> Option<Totals> {
    match &resolved.record.fact {
        Fact::Aggregate(aggregate) => Some(aggregate.totals),
        _ => None,
    }
}

/// Whether this record goes out by itself.
fn is_whole(mut aggregator: Aggregator, resolved: Resolved) -> bool {
    let mut out = Vec::new();
    aggregator.step(resolved, &mut out);
    out.iter().any(|resolved| totals(resolved).is_none())
}

fn changed(change: impl FnOnce(&mut Exchange)) -> Resolved {
    let mut resolved = answered(PROBE, OK, service(), 1);
    if let Fact::Http { exchange, .. } = &mut resolved.record.fact {
        change(exchange);
    }
    resolved
}

#[test]
fn probes_of_one_kind_are_one_record_with_their_number() {
    let mut aggregator = both();
    let mut out = Vec::new();
    for time in [1000, 2000, 5000] {
        aggregator.step(answered(PROBE, OK, service(), time), &mut out);
    }
    aggregator.step(answered(SCRAPE, OK, pod(), 3000), &mut out);
    assert!(out.is_empty());
    aggregator.flush(&mut out);
    assert_eq!(out.len(), 2);
    out.sort_by_key(|resolved| resolved.record.time);
    let expected = Totals {
        count: 3,
        last_time: 5000,
        request_bytes: 3 * PROBE.len() as u64,
        response_bytes: 3 * OK.len() as u64,
        max_duration_ns: 1000,
    };
    assert_eq!(totals(&out[0]), Some(expected));
    assert_eq!((out[0].record.time, out[0].record.observed), (1000, 7000));
    assert_eq!(totals(&out[1]).map(|totals| totals.count), Some(1));
}

#[test]
fn a_sum_goes_out_when_its_interval_is_over() {
    let mut aggregator = both();
    let mut out = Vec::new();
    let minute = Duration::from_mins(1).as_nanos() as u64;
    aggregator.step(answered(PROBE, OK, service(), 1000), &mut out);
    aggregator.due(minute, &mut out);
    assert!(out.is_empty());
    aggregator.due(1000 + minute, &mut out);
    assert_eq!(out.len(), 1);
    aggregator.flush(&mut out);
    assert_eq!(out.len(), 1);
}

#[test]
fn what_tells_something_new_goes_out_by_itself() {
    let of = |request: &str, response: &str| answered(request, response, service(), 1);
    let agent = "User-Agent: kube-probe/1.36\r\n\r\n";
    let large = format!("GET / HTTP/1.1\r\nX: {}\r\n{agent}", "x".repeat(5000));
    for (what, resolved) in [
        ("no probe", of("GET / HTTP/1.1\r\n\r\n", OK)),
        ("failed", of(PROBE, "HTTP/1.1 503 Busy\r\n\r\n")),
        ("redirected", of(PROBE, "HTTP/1.1 301 Moved\r\n\r\n")),
        ("changes", of(&format!("POST / HTTP/1.1\r\n{agent}"), OK)),
        ("large", of(&large, OK)),
        ("tunnel", changed(|exchange| exchange.tunnel = true)),
        (
            "seen in part",
            changed(|exchange| exchange.incomplete.add(Reason::Hole)),
        ),
        ("no response", changed(|exchange| exchange.response = None)),
        // Its user agent says kubelet, and it is a pod.
        ("forged", answered(PROBE, OK, pod(), 1)),
    ] {
        assert!(is_whole(both(), resolved), "{what}");
    }
    let mut stranger = answered(PROBE, OK, service(), 1);
    stranger.other = OtherEnd::Unasked;
    assert!(is_whole(both(), stranger), "from another node");
    assert!(!is_whole(both(), answered(PROBE, OK, service(), 1)));
    assert!(!is_whole(both(), answered(SCRAPE, OK, pod(), 1)));
}

#[test]
fn only_the_classes_asked_for_are_summed_up() {
    assert!(is_whole(aggregator(&[]), answered(PROBE, OK, service(), 1)));
    let scrapes = || aggregator(&[TrafficClass::Scrape]);
    assert!(is_whole(scrapes(), answered(PROBE, OK, service(), 1)));
    assert!(!is_whole(scrapes(), answered(SCRAPE, OK, service(), 1)));
}

#[test]
fn whatever_differs_is_another_kind_and_none_is_dropped() {
    let mut aggregator = both();
    let mut out = Vec::new();
    let kinds = MAX_KINDS + 10;
    for round in 0..2 {
        for number in 0..kinds {
            let request = format!("GET /{number} HTTP/1.1\r\nUser-Agent: Prometheus/3\r\n\r\n");
            aggregator.step(answered(&request, OK, pod(), round), &mut out);
        }
        assert!(aggregator.kinds.len() <= MAX_KINDS);
    }
    aggregator.flush(&mut out);
    let told: u64 = out
        .iter()
        .filter_map(totals)
        .map(|totals| totals.count)
        .sum();
    assert_eq!(told, 2 * kinds as u64);
}
