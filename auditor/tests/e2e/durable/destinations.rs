//! What each destination gets, misses and still has to get is its own.

use std::fs;
use std::thread;
use std::time::Duration;

use crate::support::auditor::{Auditor, Stopped};
use crate::support::client::h2load;
use crate::support::fickle::{Fickle, Mood};
use crate::support::kept::Kept;
use crate::support::nginx::{AccessLog, KB, Nginx};
use crate::support::record::Record;
use crate::support::until::until;

fn start(kept: &Kept, collector: &Fickle, yaml: &str) -> Auditor {
    let file = kept.path().with_file_name("auditor.yaml");
    fs::write(&file, yaml).expect("a temporary file can be written");
    Auditor::start(&[
        "--journal-dir",
        &kept.argument(),
        "--config",
        file.to_str().expect("the folder's name is text"),
        "--otlp-endpoint",
        &collector.endpoint(),
    ])
}

fn waiting(stopped: &Stopped, destination: &str) -> u64 {
    let line = stopped.line(&format!("delivery to {destination}: "));
    assert_eq!(line.get("rejected") + line.get("unreadable"), 0);
    line.get("waiting")
}

#[test]
fn one_that_is_away_does_not_hold_up_another() {
    const REQUESTS: u32 = 500;
    let (kept, nginx) = (Kept::new(), Nginx::start(AccessLog::Off));
    let (here, away) = (Fickle::start(Mood::Takes), Fickle::start(Mood::Gone));
    let yaml = format!("otlp: {{ more: {{ archive: '{}' }} }}\n", away.endpoint());

    let auditor = start(&kept, &here, &yaml);
    h2load(&nginx.url(KB), REQUESTS, 1);
    until("one collector has every record", || {
        (here.taken().0 > 2 * u64::from(REQUESTS)).then_some(())
    });
    let stopped = auditor.stop();
    let all = stopped.line("journal: ").get("durable");
    assert_eq!((waiting(&stopped, "otlp"), here.taken()), (0, (all, 0)));
    assert_eq!((waiting(&stopped, "archive"), away.taken()), (all, (0, 0)));

    away.turn(Mood::Takes);
    let stopped = start(&kept, &here, &yaml).stop();
    let all = stopped.line("journal: ").get("durable");
    assert_eq!((waiting(&stopped, "otlp"), here.taken()), (0, (all, 0)));
    assert_eq!((waiting(&stopped, "archive"), away.taken()), (0, (all, 0)));
}

#[test]
fn what_had_to_be_dropped_is_told_to_the_last_record() {
    const REQUESTS: u32 = 10_000;
    let (kept, nginx) = (Kept::new(), Nginx::start(AccessLog::Off));
    let fickle = Fickle::start(Mood::Gone);
    let yaml = "journal: { segment_bytes: 1048576, max_bytes: 4194304, when_full: drop-oldest }\n";
    let auditor = start(&kept, &fickle, yaml);
    h2load(&nginx.url(KB), REQUESTS, 1);
    until("records were dropped, and no more are", || {
        let before = auditor.log();
        thread::sleep(Duration::from_millis(1500));
        let dropped = before.contains("records were removed, so many at most undelivered");
        (dropped && before == auditor.log()).then_some(())
    });
    fickle.turn(Mood::Takes);
    let dropped =
        |record: &Record| record.text("auditor.loss.reason") == Some("removed_or_damaged");
    until("that is told, and the collector has it", || {
        let told = auditor.records().find(|record| dropped(record))?;
        let id = told.text("auditor.record.id").expect("it has an id");
        (fickle.times(id) == 1).then_some(())
    });
    let stopped = auditor.stop();
    let delivery = stopped.line("delivery to otlp: ");
    let journal = stopped.line("journal: ");
    let missed = delivery.get("unreadable");
    assert!(missed > 1000, "{missed}");
    assert_eq!(delivery.get("waiting"), 0, "{}", stopped.log());
    assert_eq!(stopped.summary.get("lost"), 0, "nothing was held up");
    let (taken, again) = fickle.taken();
    assert_eq!((taken + missed, again), (journal.get("appended"), 0));
    let told = stopped.records().filter(|record| dropped(record));
    let told = told.map(|record| record.int("auditor.loss.count"));
    assert_eq!(told.map(Option::unwrap).sum::<u64>(), missed);
    eprintln!("{taken} taken, {missed} dropped and told");
}
