//! Random runs with crashes: everything that was durable is there, nothing is invented, and the
//! order is kept.

use proptest::prelude::*;

use super::*;

/// What the journal must hold: the records in order of sequence, and how many are durable.
#[derive(Default)]
struct Model {
    /// Those that a crash took are `None`.
    records: Vec<Option<(Vec<u8>, Vec<u8>)>>,
    durable: u64,
}

struct Run {
    disk: FaultyDisk,
    writer: Writer<FaultyDisk>,
    model: Model,
    source: Source,
    chance: Chance,
    second: u64,
    notes: Vec<String>,
}

impl Run {
    fn new(seed: u64) -> Self {
        let disk = FaultyDisk::default();
        disk.seed(seed);
        let (writer, _) = open(&disk, options(), now(0));
        Self {
            disk,
            writer,
            model: Model::default(),
            source: Source::default(),
            chance: Chance::new(seed),
            second: 0,
            notes: Vec::new(),
        }
    }

    fn step(&mut self) {
        self.second += self.chance.below(3);
        match self.chance.below(20) {
            0 => self.crash(),
            1 => self.killed(),
            2 => {
                let synced = self.writer.sync(now(self.second)).unwrap();
                assert_eq!(synced.durable, self.model.records.len() as u64);
                self.model.durable = synced.durable;
            }
            _ => self.batch(),
        }
    }

    fn batch(&mut self) {
        for _ in 0..self.chance.below(12) {
            let record = self.source.record(&mut self.chance);
            self.model.records.push(Some(bytes(&record)));
            let sequence = self.writer.append(record).unwrap();
            assert_eq!(sequence + 1, self.model.records.len() as u64);
        }
        let progress = self.writer.commit(now(self.second)).unwrap();
        assert_eq!(progress.written, self.model.records.len() as u64);
        assert!(progress.durable >= self.model.durable);
        self.model.durable = progress.durable;
        self.notes.extend(notes(&mut self.writer));
    }

    fn crash(&mut self) {
        let crashed = self.disk.crash(self.chance.below(u64::MAX));
        self.restart(crashed, self.model.durable);
    }

    /// What was committed is with the kernel, so SIGKILL takes none of it.
    fn killed(&mut self) {
        let written = self.writer.progress().written;
        self.restart(self.disk.kill(), written);
    }

    fn restart(&mut self, disk: FaultyDisk, at_least: u64) {
        self.disk = disk;
        let (writer, recovery) = open(&self.disk, options(), now(self.second));
        self.writer = writer;
        let next = recovery.next;
        assert!((at_least..=self.model.records.len() as u64).contains(&next));
        let found = read(&self.disk, 0, next);
        let lost: Vec<u64> = found.lost.iter().cloned().flatten().collect();
        for sequence in &lost {
            let record = &mut self.model.records[*sequence as usize];
            assert!(*sequence >= at_least || record.is_none());
            *record = None;
        }
        assert_eq!(found.records.len() + lost.len(), next as usize);
        let kept = (0..next).filter(|sequence| !lost.contains(sequence));
        for (sequence, record) in kept.zip(&found.records) {
            assert_eq!(Some(bytes(record)), self.model.records[sequence as usize]);
        }
        self.model.records.truncate(next as usize);
        self.model.durable = next;
    }
}

fn run(seed: u64, steps: u32) {
    let mut run = Run::new(seed);
    for _ in 0..steps {
        let before = run.model.durable;
        run.step();
        assert!(run.model.durable >= before);
    }
    run.writer.close(now(run.second + 100)).unwrap();
    run.notes.extend(notes(&mut run.writer));
    let report = check(&run.disk, &run.notes);
    assert_eq!(report.findings, [], "seed {seed}");
    assert_eq!(report.next, run.model.records.len() as u64);
    assert!(run.model.records.is_empty() || report.covered == report.next);
    assert_eq!(report.confirmed, run.notes.len() as u64);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_durable_survives_and_a_journal_with_scars_verifies(seed: u64, steps in 1_u32..120) {
        run(seed, steps);
    }
}

#[test]
fn every_byte_at_which_a_segment_may_be_torn_leaves_the_records_before_it() {
    let (disk, _) = closed(5, 60);
    let names = disk.names().unwrap();
    let name = names
        .iter()
        .rfind(|name| name.ends_with(".segment"))
        .unwrap();
    let whole = disk.bytes(name);
    let mut before = 0;
    for length in 0..whole.len() {
        let torn = disk.copy();
        torn.edit(name, |bytes| bytes.truncate(length));
        let (mut writer, recovery) = open(&torn, options(), now(500));
        assert!(recovery.next >= before);
        before = recovery.next;
        let found = read(&torn, 0, recovery.next);
        assert_eq!(found.records.len() as u64, recovery.next);
        let sequence = writer.append(Source::default().record(&mut Chance::new(1)));
        assert_eq!(sequence, Ok(recovery.next));
    }
    assert_eq!(before, 60);
}
