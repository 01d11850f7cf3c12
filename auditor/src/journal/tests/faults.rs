//! Writes and syncs that fail: what is acknowledged as durable is, whatever comes after.

use proptest::prelude::*;

use super::*;

/// Runs with failures of the disk and a power cut at the end.
fn run(seed: u64, faults: u64) {
    let disk = FaultyDisk::default();
    disk.seed(seed);
    let mut chance = Chance::new(seed);
    let (mut writer, _) = open(&disk, options(), now(0));
    let mut source = Source::default();
    let mut records = Vec::new();
    let (mut durable, mut failures) = (0, 0);
    for second in 0..200 {
        if failures < faults && chance.below(5) == 0 {
            disk.fail_after(chance.below(8));
        }
        for _ in 0..chance.below(8) {
            let record = source.record(&mut chance);
            records.push(bytes(&record));
            writer.append(record).unwrap();
        }
        match writer.commit(now(second)) {
            Ok(progress) => {
                assert_eq!(progress.written, records.len() as u64);
                durable = durable.max(progress.durable);
            }
            Err(_) => failures += 1,
        }
        assert!(writer.progress().durable >= durable);
        assert_eq!(writer.next(), records.len() as u64);
    }
    let crashed = disk.crash(seed);
    let (mut writer, recovery) = open(&crashed, options(), now(300));
    assert!(recovery.next >= durable);
    let found = read(&crashed, 0, durable);
    assert!(found.lost.is_empty(), "{:?}", found.lost);
    let found: Vec<_> = found.records.iter().map(bytes).collect();
    assert_eq!(found, records[..durable as usize]);
    writer.append(source.record(&mut chance)).unwrap();
    writer.close(now(301)).unwrap();
    let report = check(&crashed, &notes(&mut writer));
    assert_eq!(report.findings, []);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn failing_disks_lose_nothing_that_was_durable(seed: u64, faults in 0_u64..20) {
        run(seed, faults);
    }
}

#[test]
fn a_failed_sync_is_not_tried_again_on_the_same_file() {
    let disk = FaultyDisk::default();
    let always = Options {
        sync: SyncPolicy::Always,
        ..options()
    };
    let (mut writer, _) = open(&disk, always, now(0));
    let mut source = Source::default();
    let mut chance = Chance::new(9);
    writer.append(source.record(&mut chance)).unwrap();
    assert_eq!(writer.commit(now(0)).unwrap().durable, 1);
    writer.append(source.record(&mut chance)).unwrap();
    disk.fail_after(1);
    let error = writer.commit(now(1)).unwrap_err().to_string();
    assert!(
        error.starts_with("journal: sync 00000000000000000000.segment: "),
        "{error}"
    );
    assert_eq!(writer.progress().durable, 1);
    let Event::Abandoned { segment: 0, .. } = writer.events()[0] else {
        panic!("not told");
    };
    // The page cache would now say yes.
    assert_eq!(writer.commit(now(1)).unwrap().durable, 2);
    let names = disk.names().unwrap();
    assert_eq!(
        names,
        [
            "00000000000000000000.segment",
            "00000000000000000001.segment"
        ]
    );
    let crashed = disk.crash(1);
    assert_eq!(read(&crashed, 0, 2).records.len(), 2);
}

/// Whichever operation of a close fails, the next one leaves a checkpoint that covers everything,
/// and no torn end that looks like a cut.
#[test]
fn a_close_that_failed_is_made_up_for() {
    for failing in 0..8 {
        let disk = FaultyDisk::default();
        disk.seed(failing);
        let (mut writer, _) = open(&disk, options(), now(0));
        let mut source = Source::default();
        let record = source.record(&mut Chance::new(failing));
        writer.append(record).unwrap();
        writer.sync(now(0)).unwrap();
        disk.fail_after(failing);
        let mut given = Vec::new();
        while writer.close(now(1)).is_err() {
            given.extend(notes(&mut writer));
        }
        given.extend(notes(&mut writer));
        let report = check(&disk, &given);
        assert_eq!(report.findings, [], "operation {failing}");
        assert_eq!((report.covered, report.next), (1, 1), "operation {failing}");
    }
}

#[test]
fn a_disk_that_lies_is_found_by_a_checkpoint_that_left_the_node() {
    let disk = FaultyDisk::default();
    // One segment: of several, some would be missing, and that is found without a checkpoint.
    let options = || Options {
        segment_bytes: 1 << 20,
        ..options()
    };
    let (mut writer, _) = open(&disk, options(), now(0));
    let mut source = Source::default();
    let mut chance = Chance::new(9);
    let mut commit = |writer: &mut Writer<_>, at| {
        for _ in 0..50 {
            writer.append(source.record(&mut chance)).unwrap();
        }
        writer.commit(now(at)).unwrap();
    };
    commit(&mut writer, 1);
    disk.lie();
    commit(&mut writer, 2);
    let given = notes(&mut writer);
    // A seed with which nothing unsynced is kept.
    let lost = |seed: &u64| open(&disk.crash(*seed), options(), now(3)).1.next < 100;
    let crashed = disk.crash((0..1000).find(lost).unwrap());
    let (mut writer, _) = open(&crashed, options(), now(3));
    commit(&mut writer, 4);
    commit(&mut writer, 5);
    writer.close(now(6)).unwrap();
    assert_eq!(check(&crashed, &[]).findings, []);
    let report = check(&crashed, &given);
    assert!(!report.holds());
}
