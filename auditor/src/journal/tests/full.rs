//! A disk that fills up and is made room on, under a daemon that is killed and a node that loses
//! power: whatever the moment, only what retention removed is missing.

use std::collections::HashSet;

use proptest::prelude::*;

use super::*;
use crate::journal::evidence::Problem;

/// What a segment sets aside is room for all that is in it here; two are there while one follows
/// the other.
const TWO_SEGMENTS: u64 = 2 << 20;

struct Run {
    disk: FaultyDisk,
    options: Options,
    writer: Writer<FaultyDisk>,
    /// The records by sequence, from the first on.
    records: Vec<(Vec<u8>, Vec<u8>)>,
    /// Those that were not durable and that a power cut took from between others.
    torn: HashSet<u64>,
    /// Below it records may be gone: retention said so, or was about to.
    removed: u64,
    /// How far a destination has read, each of them as it was or told as gone.
    place: u64,
    missed: u64,
    failed: bool,
    source: Source,
    chance: Chance,
    second: u64,
    notes: Vec<String>,
}

impl Run {
    fn new(seed: u64, when_full: WhenFull) -> Self {
        let disk = FaultyDisk::default();
        disk.seed(seed);
        let options = Options {
            retention: Retention {
                when_full,
                ..options().retention
            },
            ..options()
        };
        let (writer, _) = open(&disk, options.clone(), now(0));
        Self {
            disk,
            options,
            writer,
            records: Vec::new(),
            torn: HashSet::new(),
            removed: 0,
            place: 0,
            missed: 0,
            failed: false,
            source: Source::default(),
            chance: Chance::new(seed),
            second: 0,
            notes: Vec::new(),
        }
    }

    fn step(&mut self) {
        self.second += self.chance.below(3);
        match self.chance.below(24) {
            0 => self.restart(self.disk.kill(), self.writer.progress().written),
            1 => {
                let crashed = self.disk.crash(self.chance.below(u64::MAX));
                self.restart(crashed, self.writer.progress().durable);
            }
            2 => self.disk.set_room(None),
            3..6 => self.fills_up(),
            6..8 => self.deliver(),
            8 => self.disk.fail_after(self.chance.below(8)),
            _ => self.batch(),
        }
    }

    fn fills_up(&mut self) {
        let room = TWO_SEGMENTS + self.chance.below(40_000);
        self.disk.set_room(Some(room));
    }

    /// As the daemon does: after a failure nothing is taken until a commit succeeds.
    fn batch(&mut self) {
        if !self.failed {
            for _ in 0..self.chance.below(12) {
                let record = self.source.record(&mut self.chance);
                self.records.push(bytes(&record));
                self.writer.append(record).unwrap();
            }
        }
        let before = self.writer.progress();
        let committed = self.writer.commit(now(self.second));
        self.failed = committed.is_err();
        if let Ok(progress) = committed {
            assert_eq!(progress.written, self.records.len() as u64);
        }
        assert_eq!(self.writer.next(), self.records.len() as u64);
        assert!(self.writer.progress().durable >= before.durable);
        self.hear();
    }

    fn hear(&mut self) {
        for event in self.writer.events() {
            match event {
                Event::Checkpoint { note, .. } => self.notes.push(note),
                Event::Removed { below, undelivered } => {
                    let drops = self.options.retention.when_full == WhenFull::DropOldest;
                    assert!(drops || undelivered == 0);
                    self.removed = self.removed.max(below);
                }
                Event::Abandoned { .. } => {}
            }
        }
    }

    fn deliver(&mut self) {
        let until = self.writer.progress().durable.max(self.place);
        let batch = read(&self.disk, self.place, until);
        let lost: Vec<_> = batch.lost.iter().cloned().flatten().collect();
        assert_eq!(batch.next, until);
        assert_eq!(
            batch.records.len() + lost.len(),
            (until - self.place) as usize
        );
        let kept = (self.place..until).filter(|sequence| !lost.contains(sequence));
        for (sequence, record) in kept.zip(&batch.records) {
            assert_eq!(bytes(record), self.records[sequence as usize]);
        }
        let lost: Vec<_> = lost
            .into_iter()
            .filter(|n| !self.torn.contains(n))
            .collect();
        if let Some(last) = lost.last() {
            assert!(*last < self.oldest(), "{last} was not removed");
        }
        self.missed += lost.len() as u64;
        self.place = until;
        self.writer.delivered(until);
    }

    /// The first record that the segments which are there have.
    fn oldest(&self) -> u64 {
        let first = stretches(&self.disk).unwrap().into_iter().next();
        let frontier = first.and_then(|first| first.frontier().map(evidence::Frontier::size));
        frontier.unwrap_or(u64::MAX).max(self.removed)
    }

    fn restart(&mut self, disk: FaultyDisk, at_least: u64) {
        self.hear();
        self.disk = disk;
        if self.chance.below(2) == 0 {
            // It is as full as it was.
            self.fills_up();
        }
        let (writer, recovery) = open(&self.disk, self.options.clone(), now(self.second));
        self.writer = writer;
        self.failed = false;
        assert!((at_least..=self.records.len() as u64).contains(&recovery.next));
        self.records.truncate(recovery.next as usize);
        let found = read(&self.disk, at_least, recovery.next);
        self.torn.extend(found.lost.into_iter().flatten());
        self.place = self.place.min(recovery.next);
        self.writer.delivered(self.place);
    }
}

fn run(seed: u64, steps: u32, when_full: WhenFull) {
    let mut run = Run::new(seed, when_full);
    for _ in 0..steps {
        run.step();
    }
    run.disk.set_room(None);
    while run.writer.close(now(run.second + 100)).is_err() {}
    run.hear();
    run.deliver();
    if when_full == WhenFull::Block {
        assert_eq!(run.missed, 0, "seed {seed}");
    }
    assert_eq!(run.place, run.records.len() as u64);
    let report = check(&run.disk, &run.notes);
    // A kill between a removal on a full disk and its announcement: the format says so.
    let announced = |problem: &Problem| !matches!(problem, Problem::Beginning { .. });
    let wrong = report
        .findings
        .iter()
        .find(|found| announced(&found.problem));
    assert_eq!(wrong, None, "seed {seed}");
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 150, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_full_disk_and_kills_lose_nothing(seed: u64, steps in 1_u32..150) {
        run(seed, steps, WhenFull::Block);
    }

    #[test]
    fn a_full_disk_and_kills_lose_only_the_oldest(seed: u64, steps in 1_u32..150) {
        run(seed, steps, WhenFull::DropOldest);
    }
}
