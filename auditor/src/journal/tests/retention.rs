//! Room: what goes, when, and that it is told.

use super::*;

fn small(when_full: WhenFull) -> Options {
    Options {
        retention: Retention {
            max_bytes: 20_000,
            max_age: Duration::from_hours(24),
            when_full,
        },
        ..options()
    }
}

/// Appends until something else than success, at most 2000 records.
fn fill(writer: &mut Writer<FaultyDisk>, source: &mut Source) -> Option<JournalError> {
    let mut chance = Chance::new(7);
    for second in 0..200 {
        for _ in 0..10 {
            writer.append(source.record(&mut chance)).unwrap();
        }
        if let Err(error) = writer.commit(now(second)) {
            return Some(error);
        }
    }
    None
}

fn size(disk: &FaultyDisk) -> usize {
    let names = disk.names().unwrap();
    names.iter().map(|name| disk.bytes(name).len()).sum()
}

#[test]
fn delivered_segments_make_room_and_verification_knows() {
    let disk = FaultyDisk::default();
    let (mut writer, _) = open(&disk, small(WhenFull::Block), now(0));
    writer.delivered(u64::MAX);
    assert!(fill(&mut writer, &mut Source::default()).is_none());
    writer.close(now(500)).unwrap();
    assert!(size(&disk) < 22_000, "{}", size(&disk));
    let given = notes(&mut writer);
    let report = check(&disk, &given);
    assert_eq!(report.findings, []);
    assert!(report.first > 1500 && report.next == 2000);
    assert_eq!(report.removed_undelivered, 0);
    assert!(report.unchecked > 0 && report.confirmed > 0);
    assert_eq!(report.unchecked + report.confirmed, given.len() as u64);
    // A reader that comes too late is told.
    let batch = read(&disk, 0, 2000);
    assert_eq!(batch.lost.first(), Some(&(0..report.first)));
}

#[test]
fn what_is_not_delivered_blocks_and_nothing_is_lost() {
    let disk = FaultyDisk::default();
    let (mut writer, _) = open(&disk, small(WhenFull::Block), now(0));
    let mut source = Source::default();
    let error = fill(&mut writer, &mut source).unwrap();
    assert!(
        matches!(error, JournalError::Full { limit: 20_000, .. }),
        "{error}"
    );
    let progress = writer.progress();
    assert_eq!(progress.durable, writer.next(), "what was there is durable");
    let one = source.record(&mut Chance::new(1));
    writer.append(one).unwrap();
    for second in 300..310 {
        writer.commit(now(second)).unwrap_err();
    }
    assert!(size(&disk) < 22_000);
    writer.delivered(progress.durable);
    assert_eq!(writer.sync(now(311)).unwrap().durable, progress.durable + 1);
    writer.close(now(312)).unwrap();
    assert_eq!(check(&disk, &notes(&mut writer)).findings, []);
}

#[test]
fn or_the_oldest_undelivered_go_and_are_counted() {
    let disk = FaultyDisk::default();
    let (mut writer, _) = open(&disk, small(WhenFull::DropOldest), now(0));
    writer.delivered(100);
    assert!(fill(&mut writer, &mut Source::default()).is_none());
    writer.close(now(500)).unwrap();
    let events = writer.events();
    let undelivered = |event: &Event| match event {
        Event::Removed { undelivered, .. } => *undelivered,
        Event::Checkpoint { .. } | Event::Abandoned { .. } => 0,
    };
    let dropped: u64 = events.iter().map(undelivered).sum();
    let report = check(&disk, &[]);
    assert_eq!(report.findings, []);
    assert_eq!(dropped, report.first - 100);
    assert!(report.removed_undelivered <= dropped);
}

#[test]
fn a_full_disk_follows_the_same_rule() {
    for when_full in [WhenFull::Block, WhenFull::DropOldest] {
        let disk = FaultyDisk::default();
        // For what two segments set aside, and a few closed ones.
        disk.set_room(Some((2 << 20) + 30_000));
        let options = Options {
            retention: Retention {
                when_full,
                ..options().retention
            },
            ..options()
        };
        let (mut writer, _) = open(&disk, options, now(0));
        let error = fill(&mut writer, &mut Source::default());
        match when_full {
            WhenFull::Block => assert!(error.unwrap().is_disk_full()),
            WhenFull::DropOldest => assert!(error.is_none(), "{error:?}"),
        }
        disk.set_room(None);
        writer.close(now(500)).unwrap();
        let report = check(&disk, &notes(&mut writer));
        assert_eq!(report.findings, []);
        assert_eq!(report.next, writer.next());
    }
}

#[test]
fn a_beginning_that_nobody_announced_is_missed() {
    let (disk, notes) = closed(2, 300);
    disk.remove("00000000000000000000.segment").unwrap();
    let report = check(&disk, &notes);
    assert!(report.findings.iter().any(|finding| {
        finding.problem == evidence::Problem::Beginning { last: 0 } && finding.records.start == 0
    }));
}
