//! What a collector refuses is told once, whenever the daemon is killed.

use std::collections::HashMap;
use std::thread;

use crate::durable::{daemon, moment};
use crate::support::client::wrk;
use crate::support::fickle::{Fickle, Mood};
use crate::support::kept::{Kept, record_id, text};
use crate::support::nginx::{AccessLog, KB, Nginx};

/// Enough for some to fall between a note's way to the disk and word of its arrival there.
const KILLS: u32 = 8;

#[test]
fn what_is_refused_is_told_by_one_record_however_often_the_daemon_is_killed() {
    let (kept, fickle) = (Kept::new(), Fickle::start(Mood::Picky));
    let nginx = Nginx::start(AccessLog::Off);
    for round in 0..KILLS {
        let auditor = daemon(&kept, &fickle, "grpc");
        let url = nginx.url(KB);
        let load = thread::spawn(move || wrk(&url, 2));
        thread::sleep(moment(round));
        auditor.kill();
        load.join().expect("wrk counts");
    }
    fickle.turn(Mood::Takes);
    let stopped = daemon(&kept, &fickle, "grpc").stop();
    let delivery = stopped.line("delivery to otlp: ");
    assert_eq!(delivery.get("waiting"), 0, "{}", stopped.log());

    let records = kept.records();
    let mut told = HashMap::new();
    let mut again = 0;
    for record in &records {
        if text(record, "auditor.loss.stage").as_deref() != Some("export") {
            continue;
        }
        if let Some(before) = told.insert(record_id(record), record) {
            assert_eq!(before, record, "two records have one id");
            again += 1;
        }
    }
    let number = |record, name: &str| -> usize {
        let text = text(record, name).expect("a loss at export has it");
        text.parse().expect("it is a number")
    };
    let mut ranges: Vec<_> = told
        .values()
        .map(|record| {
            let first = number(record, "auditor.loss.first_sequence");
            let next = number(record, "auditor.loss.next_sequence");
            (first..next, number(record, "auditor.loss.count"))
        })
        .collect();
    ranges.sort_by_key(|(range, _)| range.start);
    let overlap = ranges
        .windows(2)
        .find(|pair| pair[0].0.end > pair[1].0.start);
    assert_eq!(overlap, None, "told twice");
    let missing = |range: std::ops::Range<usize>| {
        let records = &records[range];
        let refused = |record: &&_| fickle.times(&record_id(record)) == 0;
        records.iter().filter(refused).count()
    };
    for (range, count) in &ranges {
        // One that was refused after it had been taken before a kill is no more missing.
        assert!(missing(range.clone()) <= *count, "{range:?}: {count}");
    }
    let within: usize = ranges.iter().map(|(range, _)| missing(range.clone())).sum();
    assert_eq!(within, missing(0..records.len()), "all of them are told");
    assert!(within > 0, "nothing was refused");
    eprintln!(
        "{KILLS} kills: {} records, {within} missing, told by {} records, {again} of them again",
        records.len(),
        told.len()
    );
}
