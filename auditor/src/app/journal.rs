//! The thread that keeps records: from the pipeline to the disk, and word of how far it is.

use std::{
    path::Path,
    sync::{
        Arc, OnceLock,
        mpsc::{Receiver, RecvTimeoutError},
    },
    thread,
    time::{Duration, Instant},
};

use tokio::sync::watch;

use super::{
    follow::StdoutPlace,
    notes::{self, Notes},
    owed::Arrivals,
};
use crate::{
    clock::Clock,
    config::{Fsync, JournalSettings, WhenFull},
    export::view::RecordView,
    journal::{
        self, Directory, Event, JournalError, Now, Options, Progress, Recovery, Retention,
        SyncPolicy, Writer,
    },
    record::{Checkpoint, Fact, Recovered},
    redact::Sealed,
    telemetry::Standing,
};

/// How often what is due is done while nothing comes, and how long a failed write waits.
const INTERVAL: Duration = Duration::from_millis(100);
/// Records that may be appended before they are written: with what they take, some 10 MiB.
const MAX_APPENDED: usize = 8192;

/// When to stop trying to write; set once, when the daemon is told to stop.
pub(super) type GiveUp = Arc<OnceLock<Instant>>;

/// The journal while the daemon runs.
pub(super) struct Journal {
    directory: Directory,
    writer: Writer<Directory>,
    notes: Notes,
    /// Notes that others made.
    owed: Arrivals,
    /// Notes that were appended.
    noted: u64,
    clock: Clock,
    standing: Standing,
    stdout: StdoutPlace,
    progress: watch::Sender<Progress>,
    give_up: GiveUp,
    /// Failed attempts in a row.
    failures: u32,
    /// Records that could not be kept: told where that is still possible.
    unkept: u64,
}

impl Journal {
    /// Takes the directory and finds where to go on.
    pub(super) fn open(
        settings: &JournalSettings,
        key_name: &str,
        notes: Notes,
        owed: Arrivals,
        standing: Standing,
        give_up: GiveUp,
    ) -> Result<Self, JournalError> {
        let directory = Directory::own(&settings.directory)?;
        let signer = journal::signer(&directory, key_name)?;
        let mut clock = Clock::default();
        let now = Now::read(&mut clock);
        let (writer, recovery) = Writer::open(directory.clone(), options(settings), signer, now)?;
        tracing::info!(
            directory = %settings.directory.display(),
            key = writer.signer().public().name(),
            first = recovery.first,
            next = recovery.next,
            "journal"
        );
        let mut journal = Self {
            directory,
            progress: watch::Sender::new(writer.progress()),
            writer,
            notes,
            owed,
            noted: 0,
            clock,
            standing,
            stdout: StdoutPlace::default(),
            give_up,
            failures: 0,
            unkept: 0,
        };
        journal.recovered(&settings.directory, &recovery);
        Ok(journal)
    }

    pub(super) fn directory(&self) -> &Directory {
        &self.directory
    }

    /// The sequence of the first record of this run.
    pub(super) fn begins(&self) -> u64 {
        self.writer.progress().durable
    }

    pub(super) fn follow(&self) -> watch::Receiver<Progress> {
        self.progress.subscribe()
    }

    pub(super) fn stdout_place(&self) -> &StdoutPlace {
        &self.stdout
    }

    /// Keeps what comes until nothing comes any more, then signs for all of it. Who follows sees
    /// the end when this returns.
    pub(super) fn run(mut self, records: &Receiver<Vec<Sealed>>) -> Ended {
        loop {
            // After a failure nothing is taken: the queue fills, and what is before it.
            if self.failures > 0 {
                if self.gives_up() {
                    return self.abandon(records);
                }
                thread::sleep(INTERVAL);
            } else {
                match records.recv_timeout(INTERVAL) {
                    Ok(batch) => self.take(batch, records),
                    Err(RecvTimeoutError::Timeout) => {}
                    Err(RecvTimeoutError::Disconnected) => break,
                }
            }
            self.commit();
        }
        while self.seal().is_err() {
            if self.gives_up() {
                return self.abandon(records);
            }
            thread::sleep(INTERVAL);
        }
        self.publish();
        self.ended()
    }

    /// What a daemon before this one left.
    fn recovered(&mut self, path: &Path, recovery: &Recovery) {
        if !recovery.headless.is_empty() || recovery.disagrees {
            tracing::error!(
                headless = ?recovery.headless,
                disagrees = recovery.disagrees,
                "the journal is damaged: run `auditor verify --journal-dir {}`",
                path.display()
            );
        }
        if recovery.orderly {
            return;
        }
        let fact = Fact::Recovered(Recovered {
            records: recovery.next,
            lost_records: recovery.lost_records,
            torn_bytes: recovery.torn_bytes,
            last: recovery.last.as_deref().and_then(observed),
        });
        self.note(fact);
    }

    fn take(&mut self, batch: Vec<Sealed>, records: &Receiver<Vec<Sealed>>) {
        let mut appended = batch.len();
        self.append(batch);
        while appended < MAX_APPENDED
            && let Ok(batch) = records.try_recv()
        {
            appended += batch.len();
            self.append(batch);
        }
    }

    fn append(&mut self, batch: Vec<Sealed>) {
        let mut too_large = 0;
        let before = self.writer.next();
        for record in batch {
            if let Err(error) = self.writer.append(record) {
                tracing::error!(%error, "a record can't be kept");
                too_large += 1;
            }
        }
        let appended = self.writer.next() - before;
        self.standing
            .journal(|journal| journal.appended += appended);
        if too_large > 0 {
            self.unkept += too_large;
            self.note(Fact::Loss(notes::lost("journal", "too_large", too_large)));
        }
    }

    fn commit(&mut self) {
        let stdout = self.stdout.below();
        self.writer.delivered(self.standing.delivered().min(stdout));
        let now = Now::read(&mut self.clock);
        let done = self.writer.commit(now);
        self.settle(&done);
        self.take_owed();
        self.publish();
    }

    /// Everything durable and signed, and the signature a record itself.
    fn seal(&mut self) -> Result<(), JournalError> {
        self.take_owed();
        let now = Now::read(&mut self.clock);
        let sealed = self.writer.seal(now);
        self.settle(&sealed);
        sealed?;
        let synced = self.writer.sync(now);
        self.settle(&synced);
        synced.map(drop)
    }

    fn settle(&mut self, done: &Result<Progress, JournalError>) {
        for event in self.writer.events() {
            self.happened(event);
        }
        match done {
            Ok(_) if self.failures > 0 => {
                tracing::info!(failures = self.failures, "the journal is written again");
                self.failures = 0;
            }
            Ok(_) => {}
            Err(error) => self.failed(error),
        }
    }

    fn happened(&mut self, event: Event) {
        match event {
            Event::Checkpoint { note, records } => {
                self.note(Fact::Checkpoint(Checkpoint { note, records }));
            }
            // Each destination finds out for itself what it misses, and that is counted and told: it
            // may be further than it wrote down, or have the segment open.
            Event::Removed { below, undelivered } => {
                if undelivered > 0 {
                    tracing::error!(
                        below,
                        undelivered,
                        "the journal is full: records were removed, so many at most undelivered"
                    );
                } else {
                    tracing::info!(below, "old records were removed from the journal");
                }
            }
            Event::Abandoned { segment, reason } => {
                tracing::warn!(
                    segment,
                    reason,
                    "a segment was abandoned: it is written again"
                );
            }
        }
    }

    /// Says less and less often that nothing can be kept.
    fn failed(&mut self, error: &JournalError) {
        self.failures = self.failures.saturating_add(1);
        self.standing.journal(|journal| journal.failures += 1);
        if self.failures.is_power_of_two() {
            tracing::error!(failures = self.failures, %error, "nothing can be kept: trying again");
        }
    }

    fn take_owed(&mut self) {
        while let Some(sealed) = self.owed.next(self.writer.next()) {
            self.noted += 1;
            self.append(vec![sealed]);
        }
    }

    fn note(&mut self, fact: Fact) {
        let sealed = self.notes.seal(fact);
        self.noted += 1;
        self.append(vec![sealed]);
    }

    fn publish(&mut self) {
        let progress = self.writer.progress();
        self.owed.durable(progress.durable);
        self.standing.journal(|journal| {
            journal.written = progress.written;
            journal.durable = progress.durable;
        });
        self.progress.send_if_modified(|last| {
            let moved = *last != progress;
            *last = progress;
            moved
        });
    }

    fn gives_up(&self) -> bool {
        self.give_up.get().is_some_and(|at| Instant::now() >= *at)
    }

    /// The disk takes nothing and time is over: what still comes is gone, counted.
    fn abandon(mut self, records: &Receiver<Vec<Sealed>>) -> Ended {
        for batch in records {
            self.unkept += batch.len() as u64;
        }
        self.ended()
    }

    fn ended(self) -> Ended {
        Ended {
            writer: self.writer,
            owed: self.owed,
            noted: self.noted,
            clock: self.clock,
            standing: self.standing,
            unkept: self.unkept,
        }
    }
}

/// The journal after the last record of the pipeline.
pub(super) struct Ended {
    writer: Writer<Directory>,
    owed: Arrivals,
    noted: u64,
    clock: Clock,
    standing: Standing,
    unkept: u64,
}

impl Ended {
    /// Puts down what destinations refused at the very end, and closes. Returns how many records
    /// were made here, and how many could not be kept.
    pub(super) fn close(mut self) -> (u64, u64) {
        while let Some(sealed) = self.owed.next(self.writer.next()) {
            // A note is far smaller than what a frame holds.
            let appended = u64::from(self.writer.append(sealed).is_ok());
            self.noted += appended;
            self.standing
                .journal(|journal| journal.appended += appended);
        }
        match self.writer.close(Now::read(&mut self.clock)) {
            Ok(progress) => {
                self.owed.durable(progress.durable);
                self.standing.journal(|journal| {
                    journal.written = progress.written;
                    journal.durable = progress.durable;
                });
            }
            Err(error) => tracing::error!(%error, "the journal was not closed in order"),
        }
        let unkept = self.unkept + self.writer.next() - self.writer.progress().durable;
        if unkept > 0 {
            tracing::error!(records = unkept, "records could not be kept");
        }
        (self.noted, unkept)
    }
}

/// When a record was made.
fn observed(record: &[u8]) -> Option<u64> {
    let view = RecordView::parse(record).ok()?;
    Some(view.observed_time_unix_nano)
}

fn options(settings: &JournalSettings) -> Options {
    Options {
        segment_bytes: settings.segment_bytes,
        sync: match settings.fsync {
            Fsync::Always => SyncPolicy::Always,
            Fsync::Within { time, bytes } => SyncPolicy::Within { time, bytes },
        },
        checkpoint_interval: settings.checkpoint_interval,
        retention: Retention {
            max_bytes: settings.max_bytes,
            max_age: settings.max_age,
            when_full: match settings.when_full {
                WhenFull::Block => journal::WhenFull::Block,
                WhenFull::DropOldest => journal::WhenFull::DropOldest,
            },
        },
        ..Options::default()
    }
}
