//! One task for each destination: from the journal to the collector, at its own pace.

use std::{
    path::PathBuf,
    sync::mpsc::SyncSender,
    time::{Duration, Instant},
};

use tokio::{sync::watch, task::block_in_place};

use super::{
    aside::Aside,
    missed::Missed,
    notes::{self, Notes},
    owed::{Note, Owed},
};
use crate::{
    export::otlp::{Delivery, Drain, Exporter},
    journal::{
        Batch, Cursor, CursorName, Directory, JournalError, Limit, Opened, Progress, Reader, Start,
    },
    telemetry::Standing,
};

/// What is read at once: a request of the exporter.
const LIMIT: Limit = Limit {
    records: 512,
    bytes: 3 << 20,
};
/// The place is written so often at most: after a crash so much comes twice, with the same ids.
const ADVANCE_INTERVAL: Duration = Duration::from_secs(1);
/// How long a failed read waits.
const PAUSE: Duration = Duration::from_secs(1);

/// A collector and its place in the journal.
pub(super) struct Destination {
    name: String,
    reader: Reader<Directory>,
    cursor: Cursor<Directory>,
    /// The sequence below which every record has its outcome.
    done: u64,
    advanced: Instant,
    exporter: Exporter,
    aside: Aside,
    rejected: Missed,
    unreadable: Missed,
    owed: Owed,
    shared: Shared,
}

/// What all destinations have in common.
#[derive(Clone)]
pub(super) struct Shared {
    pub(super) directory: Directory,
    pub(super) path: PathBuf,
    /// The sequence of the next record to come.
    pub(super) end: u64,
    pub(super) notes: Notes,
    pub(super) standing: Standing,
    pub(super) destination_to_journal: SyncSender<Note>,
}

impl Destination {
    /// Goes on where it was left.
    pub(super) fn open(
        name: &str,
        exporter: Exporter,
        shared: Shared,
    ) -> Result<Self, JournalError> {
        let (directory, end) = (&shared.directory, shared.end);
        let cursor_name = CursorName::new(name).expect("settings admit no other names");
        let Opened {
            cursor,
            start,
            owed,
        } = Cursor::open(directory.clone(), &cursor_name, end)?;
        let place = cursor.place();
        let mut owed = Owed::new(owed, shared.destination_to_journal.clone());
        owed.send();
        match start {
            Start::Resumed | Start::New => {
                tracing::info!(destination = name, place, waiting = end - place, "delivery");
            }
            Start::Damaged => {
                tracing::warn!(
                    destination = name,
                    "its place is damaged: from the beginning"
                );
            }
            Start::Beyond { acknowledged } => tracing::error!(
                destination = name,
                acknowledged,
                end,
                "the journal has fewer records than were acknowledged: it was replaced or cut"
            ),
        }
        shared
            .standing
            .destination(name, |delivered| delivered.place = place);
        Ok(Self {
            name: name.to_owned(),
            reader: Reader::new(directory.clone(), place),
            cursor,
            done: place,
            advanced: Instant::now(),
            exporter,
            aside: Aside::new(&shared.path, name),
            rejected: Missed::default(),
            unreadable: Missed::default(),
            owed,
            shared,
        })
    }

    /// Delivers what becomes durable, until the journal has ended or the deadline has passed.
    pub(super) async fn run(
        mut self,
        mut progress: watch::Receiver<Progress>,
        mut drain: Drain,
    ) -> Self {
        loop {
            let until = progress.borrow_and_update().durable;
            if self.reader.next() < until {
                if !self.step(until, &mut drain).await {
                    break;
                }
                continue;
            }
            self.advance();
            tokio::select! {
                biased;
                () = drain.passed() => break,
                changed = progress.changed() => if changed.is_err() {
                    break;
                },
            }
        }
        self.advance();
        self
    }

    /// To be called when the journal is closed, and nothing is owed any more.
    pub(super) fn close(mut self) {
        self.advance();
    }

    /// One batch. False when the deadline has passed before all of it had its outcome.
    async fn step(&mut self, until: u64, drain: &mut Drain) -> bool {
        let batch = match block_in_place(|| self.reader.read(until, LIMIT)) {
            Ok(batch) => batch,
            Err(error) => {
                tracing::error!(destination = self.name, %error, "trying again");
                return tokio::select! {
                    biased;
                    () = drain.passed() => false,
                    () = tokio::time::sleep(PAUSE) => true,
                };
            }
        };
        let delivery = self.exporter.deliver(&batch.records, drain).await;
        if delivery.undelivered > 0 {
            // The next daemon begins with this batch again.
            return false;
        }
        self.put_aside(&batch);
        self.count(&batch, delivery);
        self.done = batch.next;
        if self.advanced.elapsed() >= ADVANCE_INTERVAL {
            self.advance();
        }
        true
    }

    /// That it was refused is told in any case.
    fn put_aside(&self, batch: &Batch) {
        for range in self.exporter.refused() {
            let request = &batch.records[range.clone()];
            if let Err(error) = block_in_place(|| self.aside.keep(request)) {
                tracing::warn!(
                    destination = self.name,
                    %error,
                    records = request.len(),
                    "what was rejected is not kept aside; it is still in the journal"
                );
            }
        }
    }

    fn count(&mut self, batch: &Batch, delivery: Delivery) {
        let unreadable = batch
            .lost
            .iter()
            .map(|lost| lost.end - lost.start)
            .sum::<u64>();
        if unreadable > 0 {
            tracing::error!(
                destination = self.name,
                records = unreadable,
                "records are not in the journal any more, or damaged there: lost for this one"
            );
        }
        self.rejected.add(delivery.rejected, self.done..batch.next);
        for lost in &batch.lost {
            self.unreadable.add(lost.end - lost.start, lost.clone());
        }
        self.shared.standing.destination(&self.name, |delivered| {
            delivered.acknowledged += delivery.acknowledged;
            delivered.rejected += delivery.rejected;
            delivered.unreadable += unreadable;
        });
    }

    /// Makes notes of what the collector will not get, as far as there is room for them. True if
    /// there are new ones.
    fn note_missed(&mut self) -> bool {
        let mut noted = false;
        for (missed, reason) in [
            (&mut self.rejected, "rejected"),
            (&mut self.unreadable, "removed_or_damaged"),
        ] {
            if self.owed.has_room()
                && let Some((count, within)) = missed.take()
            {
                let fact = notes::undelivered(&self.name, reason, count, within);
                self.owed.push(self.shared.notes.seal(fact));
                noted = true;
            }
        }
        noted
    }

    /// Writes down how far it is, and the notes about what was passed over before they go to the
    /// journal. If that fails, records come twice after a crash; the journal may remove them all the
    /// same, because on a full disk that is what makes room for the place.
    fn advance(&mut self) {
        let settled = self.owed.settle();
        let changed = self.note_missed() || settled;
        let place = self.done;
        if place == self.cursor.place() && !changed {
            return;
        }
        self.advanced = Instant::now();
        // A place beyond what no note tells of would have it forgotten in a crash.
        if self.rejected.is_none() && self.unreadable.is_none() {
            let owed = self.owed.sealed();
            if let Err(error) = block_in_place(|| self.cursor.advance(place, owed)) {
                tracing::warn!(destination = self.name, %error, "its place is not kept");
            }
        }
        self.owed.send();
        self.shared
            .standing
            .destination(&self.name, |delivered| delivered.place = place);
    }
}
