//! What was journaled is delivered, whatever happens to the daemon, the disk or the collector.

mod destinations;
mod proven;
mod refused;

use std::collections::HashSet;
use std::fs;
use std::process::Command;
use std::thread;
use std::time::Duration;

use opentelemetry_proto::tonic::logs::v1::LogRecord;

use crate::support::auditor::{Auditor, BINARY};
use crate::support::client::{curl, h2load, wrk};
use crate::support::dialogue::Stage;
use crate::support::fickle::{Fickle, Mood};
use crate::support::kept::{Kept, record_id, text, verify};
use crate::support::nginx::{AccessLog, KB, Nginx};
use crate::support::process::{finish, succeed};
use crate::support::record::{Record, Side};
use crate::support::temp::TempDir;
use crate::support::until::until;

/// Enough for every place at which a daemon may be when it is killed to be met now and then;
/// `AUDITOR_TEST_KILLS` asks for more.
const KILLS: u32 = 10;

fn daemon(kept: &Kept, fickle: &Fickle, protocol: &str) -> Auditor {
    let journal = kept.argument();
    Auditor::start_with(
        &[
            "--journal-dir",
            &journal,
            "--otlp-endpoint",
            &fickle.endpoint(),
        ],
        &[
            ("OTEL_EXPORTER_OTLP_PROTOCOL", protocol),
            // So that a connection on which nothing is answered is given up within the test.
            ("OTEL_EXPORTER_OTLP_TIMEOUT", "1000"),
        ],
    )
}

/// Between 100 and 1,600 milliseconds, by a sequence that looks like chance.
fn moment(round: u32) -> Duration {
    let chance = round.wrapping_mul(2_654_435_761) >> 16;
    Duration::from_millis(u64::from(100 + chance % 1500))
}

#[test]
fn nothing_that_was_journaled_is_lost_by_kills_under_load() {
    let kills = auditor::config::variable("AUDITOR_TEST_KILLS");
    let kills = kills.map_or(KILLS, |kills| kills.parse().expect("it is a number"));
    let (kept, fickle) = (Kept::new(), Fickle::start(Mood::Takes));
    let nginx = Nginx::start(AccessLog::Off);
    let mut sent = 0;
    for round in 0..kills {
        let auditor = daemon(&kept, &fickle, "grpc");
        // Long enough ago when the daemon is killed to be on the disk by every promise.
        curl(&[&nginx.url(&format!("/marker/{round}"))]);
        thread::sleep(Duration::from_millis(1500));
        if round % 3 == 1 {
            fickle.turn(Mood::Gone);
        }
        let url = nginx.url(KB);
        let load = thread::spawn(move || wrk(&url, 4));
        thread::sleep(moment(round));
        auditor.kill();
        fickle.turn(Mood::Takes);
        sent += load.join().expect("wrk counts");
    }
    let stopped = daemon(&kept, &fickle, "grpc").stop();
    let delivery = stopped.line("delivery to otlp: ");
    assert_eq!(delivery.get("waiting"), 0, "{}", stopped.log());
    assert_eq!(delivery.get("rejected") + delivery.get("unreadable"), 0);

    let records = kept.records();
    let ids: HashSet<_> = records.iter().map(record_id).collect();
    assert_eq!(ids.len(), records.len(), "an id stands for one record");
    let missing = ids.iter().filter(|id| fickle.times(id) == 0).count();
    assert_eq!(missing, 0, "of {} records in the journal", ids.len());
    let (taken, again) = fickle.taken();
    assert_eq!(taken, ids.len() as u64);
    for round in 0..kills {
        let marker = Some(format!("/marker/{round}"));
        let found = records.iter().filter(|r| text(r, "url.path") == marker);
        assert_eq!(found.count(), 2, "both ends of marker {round}");
    }
    let told = records
        .iter()
        .filter(|r| text(r, "auditor.lifecycle.state").as_deref() == Some("recovered"));
    assert_eq!(told.count() as u32, kills, "every kill is told");
    let of_load = records
        .iter()
        .filter(|r| text(r, "url.path").as_deref() == Some(KB));
    eprintln!(
        "{kills} kills: {sent} requests while killing, {} records of them, {taken} records \
         delivered, {again} of them again",
        of_load.count()
    );
}

/// Each daemon after a killed one says from when on nothing is known.
fn assert_gaps(records: &[LogRecord]) {
    let mut gaps = 0;
    for (number, record) in records.iter().enumerate() {
        if text(record, "auditor.lifecycle.state").as_deref() == Some("recovered") {
            let last = text(record, "auditor.journal.last_time_unix_nano");
            let before = records[number - 1].observed_time_unix_nano;
            assert_eq!(last, Some(before.to_string()));
            gaps += 1;
        }
    }
    assert_eq!(gaps, 2);
}

/// The next daemon begins to count the exchanges of a connection again.
#[test]
fn exchanges_before_and_after_a_kill_have_ids_of_their_own() {
    let (kept, fickle) = (Kept::new(), Fickle::start(Mood::Takes));
    let stage = Stage::new();
    let mut dialogue = stage.dialogue();
    let mut exchange = |path: &str| {
        dialogue.ask(format!("GET {path} HTTP/1.1\r\nHost: a\r\n\r\n"));
        dialogue.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    };
    for (round, path) in ["/0", "/1", "/2"].into_iter().enumerate() {
        let auditor = daemon(&kept, &fickle, "grpc");
        for _ in 0..3 {
            exchange(path);
        }
        auditor.await_records(6, |record| record.text("url.path") == Some(path));
        until("they are journaled and delivered", || {
            (fickle.taken().0 > 6 * (round as u64 + 1)).then_some(())
        });
        thread::sleep(Duration::from_millis(1500));
        auditor.kill();
    }
    let records = kept.records();
    let ids: HashSet<_> = records.iter().map(record_id).collect();
    assert_eq!(ids.len(), records.len(), "an id stands for one record");
    assert_gaps(&records);
    for path in ["/0", "/1", "/2"] {
        let found = records
            .iter()
            .filter(|r| text(r, "url.path").as_deref() == Some(path));
        assert_eq!(found.count(), 6, "both ends of {path}");
    }
}

/// One after the other, and the journal and the collector agree to the last record.
fn assert_exact(protocol: &str) {
    const REQUESTS: u32 = 500;
    let moods = [
        // First, because later a try may be further away than a mood lasts.
        Mood::Picky,
        Mood::Slow,
        Mood::Gone,
        Mood::Busy,
        Mood::Broken,
        Mood::Denies,
        Mood::Small,
        Mood::Garbage,
        Mood::Silent,
    ];
    let (kept, fickle) = (Kept::new(), Fickle::start(Mood::Gone));
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = daemon(&kept, &fickle, protocol);
    for mood in moods {
        fickle.turn(mood);
        h2load(&nginx.url(KB), REQUESTS, 1);
        // The journal makes them durable within a second.
        thread::sleep(Duration::from_millis(1800));
        fickle.turn(Mood::Takes);
        thread::sleep(Duration::from_millis(500));
    }
    let stopped = auditor.stop();
    let (delivery, journal) = (
        stopped.line("delivery to otlp: "),
        stopped.line("journal: "),
    );
    // What was refused during the drain is told in the journal after it.
    assert_eq!(delivery.get("waiting"), 0, "{}", stopped.log());
    assert_eq!(delivery.get("rejected"), fickle.refused());
    let (taken, again) = fickle.taken();
    let records = kept.records();
    assert_eq!(journal.get("appended"), records.len() as u64);
    // Each record has its id, so what came twice counts once; what was refused was so once.
    assert_eq!(taken + fickle.refused(), records.len() as u64);
    let reported = records
        .iter()
        .filter(|r| text(r, "auditor.loss.stage").as_deref() == Some("export"));
    let reported = reported.filter_map(|r| text(r, "auditor.loss.count")?.parse::<u64>().ok());
    assert_eq!(reported.sum::<u64>(), fickle.refused());
    let aside = fs::read_to_string(kept.path().join("otlp.rejected.jsonl"));
    let aside = aside.expect("what was refused is kept aside");
    let missing = records.iter().map(record_id);
    let missing: Vec<_> = missing.filter(|id| fickle.times(id) == 0).collect();
    assert_eq!(missing.len() as u64, fickle.refused());
    assert!(missing.iter().all(|id| aside.contains(id)), "{missing:?}");
    let exchanges = records
        .iter()
        .filter(|r| text(r, "url.path").as_deref() == Some(KB));
    assert_eq!(exchanges.count(), 2 * moods.len() * REQUESTS as usize);
    assert!(fickle.refused() > 0, "the picky collector refused nothing");
    assert_eq!(stopped.summary.get("lost"), 0, "{:?}", stopped.kernel);
    eprintln!(
        "{protocol}: {} records, {taken} taken, {again} again, {} refused",
        records.len(),
        fickle.refused()
    );
}

#[test]
fn what_goes_in_is_delivered_or_reported_whatever_a_grpc_collector_does() {
    assert_exact("grpc");
}

#[test]
fn what_goes_in_is_delivered_or_reported_whatever_an_http_collector_does() {
    assert_exact("http/protobuf");
}

type Change = Box<dyn Fn(&mut Vec<u8>)>;

#[test]
fn a_real_journal_verifies_and_a_changed_one_does_not() {
    let kept = Kept::new();
    let nginx = Nginx::start(AccessLog::Off);
    let journal = kept.argument();
    let auditor = Auditor::start(&["--journal-dir", &journal]);
    h2load(&nginx.url(KB), 1000, 1);
    auditor.stop().assert_nothing_lost();
    let report = kept.verified();
    assert_eq!(report["covered"], report["next"], "{report:#}");
    assert!(report["next"].as_u64() >= Some(2000), "{report:#}");

    let segment = kept.path().join(format!("{:020}.segment", 0));
    let bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    let changes: [(&str, Change); 3] = [
        ("changed", Box::new(move |all| all[middle] ^= 1)),
        (
            "cut out",
            Box::new(move |all| drop(all.drain(middle..middle + 700))),
        ),
        ("cut off", Box::new(move |all| all.truncate(middle))),
    ];
    for (what, change) in changes {
        let mut tampered = bytes.clone();
        change(&mut tampered);
        fs::write(&segment, tampered).unwrap();
        let checkpoint = kept.path().join("note");
        fs::write(&checkpoint, last_note(&bytes)).unwrap();
        let checkpoint = checkpoint.to_str().unwrap().to_owned();
        let finished = verify(&kept.path(), &["--checkpoint", &checkpoint]);
        let text = finished.text();
        assert_eq!(finished.status.code(), Some(1), "{what}: {text}");
        assert!(text.starts_with("NOT as it was signed"), "{what}: {text}");
    }
}

/// The text of the last checkpoint in a segment: from the name of its key to its end.
fn last_note(segment: &[u8]) -> Vec<u8> {
    let name = |place: &usize| segment[*place..].starts_with(b"/auditor\n");
    let end = segment.len();
    let place = (0..end).rev().find(name).expect("a checkpoint is there");
    let start = segment[..place]
        .iter()
        .rposition(|b| !(b.is_ascii_alphanumeric() || b".-_".contains(b)));
    segment[start.map_or(0, |at| at + 1)..].to_vec()
}

#[test]
fn a_second_daemon_on_the_directory_is_refused() {
    let kept = Kept::new();
    let journal = kept.argument();
    let auditor = Auditor::start(&["--journal-dir", &journal]);
    let mut second = Command::new(BINARY);
    second.args([
        "run",
        "--output",
        "none",
        "--duration",
        "1s",
        "--journal-dir",
        &journal,
    ]);
    let finished = finish(&mut second);
    assert_eq!(finished.status.code(), Some(1), "{}", finished.stderr);
    let pid = format!("process {}", auditor.pid());
    assert!(finished.stderr.contains(&pid), "{}", finished.stderr);
    assert!(
        finished.stderr.contains("--journal-dir"),
        "{}",
        finished.stderr
    );
    auditor.stop();
}

/// A file system of so many bytes that is gone after the test.
struct Tmpfs(TempDir);

impl Tmpfs {
    fn new(size: &str) -> Self {
        let folder = TempDir::new();
        let options = format!("size={size}");
        succeed(
            Command::new("mount")
                .args(["-t", "tmpfs", "-o", &options, "tmpfs"])
                .arg(folder.path()),
        );
        Self(folder)
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg(self.0.path()).status();
    }
}

/// An auditor whose journal will soon have no room.
fn on_a_small_disk(disk: &Tmpfs, when_full: &str, fickle: &Fickle) -> Auditor {
    let path = disk.0.path().join("journal");
    let yaml = format!("journal: {{ segment_bytes: 1048576, when_full: {when_full} }}\n");
    let file = disk.0.write("auditor.yaml", yaml.as_bytes());
    Auditor::start(&[
        "--journal-dir",
        path.to_str().expect("the folder's name is text"),
        "--config",
        file.to_str().expect("the folder's name is text"),
        "--otlp-endpoint",
        &fickle.endpoint(),
    ])
}

#[test]
fn a_full_disk_drops_the_oldest_and_tells_how_many() {
    const REQUESTS: u32 = 10_000;
    let disk = Tmpfs::new("6m");
    let fickle = Fickle::start(Mood::Gone);
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = on_a_small_disk(&disk, "drop-oldest", &fickle);
    h2load(&nginx.url(KB), REQUESTS, 1);
    until("records were dropped, and no more are", || {
        let before = auditor.log();
        thread::sleep(Duration::from_millis(1500));
        let dropped = before.contains("records were removed, so many at most undelivered");
        (dropped && before == auditor.log()).then_some(())
    });
    fickle.turn(Mood::Takes);
    until("that is told, and the collector has it", || {
        let lost =
            |record: &Record| record.text("auditor.loss.reason") == Some("removed_or_damaged");
        let told = auditor.records().find(lost)?;
        let id = told.text("auditor.record.id").expect("it has an id");
        (fickle.times(id) == 1).then_some(())
    });
    let stopped = auditor.stop();
    let delivery = stopped.line("delivery to otlp: ");
    let (missed, appended) = (
        delivery.get("unreadable"),
        stopped.line("journal: ").get("appended"),
    );
    assert!(missed > 1000, "{}", stopped.log());
    assert_eq!(delivery.get("waiting"), 0, "{}", stopped.log());
    assert_eq!(stopped.summary.get("lost"), 0, "nothing was held up");
    let (taken, again) = fickle.taken();
    assert_eq!((taken + missed, again), (appended, 0));
    eprintln!("{appended} records, {taken} taken, {missed} dropped and told");
}

#[test]
fn a_full_disk_holds_up_and_loses_nothing_uncounted() {
    const REQUESTS: u32 = 10_000;
    let disk = Tmpfs::new("6m");
    let fickle = Fickle::start(Mood::Gone);
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = on_a_small_disk(&disk, "block", &fickle);
    h2load(&nginx.url(KB), REQUESTS, 1);
    until("the disk is full", || {
        auditor.log().contains("nothing can be kept").then_some(())
    });
    // When the collector takes records, segments may go, and there is room again.
    fickle.turn(Mood::Takes);
    until("everything is delivered", || {
        (fickle.taken().0 > 2 * u64::from(REQUESTS)).then_some(())
    });
    let stopped = auditor.stop();
    let delivery = stopped.line("delivery to otlp: ");
    let appended = stopped.line("journal: ").get("appended");
    assert_eq!(delivery.get("waiting"), 0, "{}", stopped.log());
    assert_eq!(fickle.taken(), (appended, 0));
    assert_eq!(stopped.summary.get("undelivered"), 0);
    assert_eq!(stopped.summary.get("lost"), 0, "the ring had room for it");
    for side in Side::BOTH {
        assert_eq!(stopped.http(side, nginx.port).len(), REQUESTS as usize);
    }
}
