//! How fast a journal is searched: the figures in `docs/query.md`.

use std::time::Instant;

use super::super::sample::{Access, BEGIN, Place, SECOND, journal, pod};
use super::*;

/// 3.4 GB; the default budget of 8 GiB keeps two and a half times as many.
const RECORDS: u64 = 3_000_000;
const BATCH: u64 = 10_000;

#[test]
#[ignore = "a measurement: writes 3.4 GB"]
fn a_full_journal_is_searched_in_seconds() {
    let place = Place::new("query-measure");
    let pods: Vec<_> = (0..30)
        .map(|n| pod("shop", &format!("service-{n}")))
        .collect();
    let users: Vec<_> = (0..500).map(|n| format!("user-{n}@example.com")).collect();
    let batches = (0..RECORDS / BATCH).map(|batch| {
        let access = |n: u64| Access {
            resource: &pods[n as usize % pods.len()],
            at: BEGIN + n * 86_400 * SECOND / RECORDS,
            user: Some(&users[n as usize % users.len()]),
            peer: "web",
            path: "/api/v1/carts/4711/items",
            status: if n.is_multiple_of(1000) { 503 } else { 200 },
        };
        let numbers = batch * BATCH..(batch + 1) * BATCH;
        numbers.map(|n| access(n).sealed()).collect()
    });
    journal(place.path(), 64 << 20, batches);
    let bytes: u64 = crate::journal::stretches(&Directory::visit(place.path()))
        .unwrap()
        .iter()
        .map(crate::journal::Stretch::bytes)
        .sum();
    for typed in [
        &["--method", "POST"][..],
        &["--status", "5xx"],
        &["--peer", "192.168.0.0/16"],
        &["--user", "user-7@example.com", "--workload", "service-7"],
        &["--workload", "nobody"],
        &["--since", "2026-09-22T13:13:20Z", "--status", "5xx"],
        &["--limit", "100"],
        &["--output", "csv"],
    ] {
        let began = Instant::now();
        let mut out = Vec::new();
        query(&args(&place, typed), Reader::Program, &mut out).unwrap();
        let seconds = began.elapsed().as_secs_f64();
        println!(
            "{typed:?}: {seconds:.2} s, {:.2} GB/s, {:.2} million records/s, {} bytes",
            bytes as f64 / seconds / 1e9,
            RECORDS as f64 / seconds / 1e6,
            out.len()
        );
    }
    println!("{RECORDS} records, {:.2} GB", bytes as f64 / 1e9);
}
