//! The journal as standard output reads it: what was written since the start, as it comes.

use std::sync::{
    Arc,
    atomic::{AtomicU64, Ordering},
};

use tokio::{runtime::Handle, sync::watch};

use crate::{
    journal::{Directory, Limit, Progress, Reader},
    redact::Sealed,
};

const LIMIT: Limit = Limit {
    records: 512,
    bytes: 1 << 20,
};

/// The sequence below which standard output has everything; `u64::MAX` while there is none. The
/// journal keeps what is above, as it does for destinations.
#[derive(Clone, Debug)]
pub(super) struct StdoutPlace(Arc<AtomicU64>);

/// Batches of the journal, until it has ended. Waits for more; to be used outside the runtime.
pub(super) struct Follower {
    reader: Reader<Directory>,
    progress: watch::Receiver<Progress>,
    place: StdoutPlace,
    /// Records that were removed before they were shown.
    missed: u64,
    runtime: Handle,
}

impl Default for StdoutPlace {
    fn default() -> Self {
        Self(Arc::new(AtomicU64::new(u64::MAX)))
    }
}

impl StdoutPlace {
    pub(super) fn below(&self) -> u64 {
        self.0.load(Ordering::Relaxed)
    }

    fn set(&self, below: u64) {
        self.0.store(below, Ordering::Relaxed);
    }
}

impl Follower {
    pub(super) fn new(
        reader: Reader<Directory>,
        progress: watch::Receiver<Progress>,
        place: StdoutPlace,
        runtime: Handle,
    ) -> Self {
        place.set(reader.next());
        Self {
            reader,
            progress,
            place,
            missed: 0,
            runtime,
        }
    }

    /// Records that were not shown, because the journal has them no more.
    pub(super) fn missed(&self) -> u64 {
        self.missed
    }
}

impl Drop for Follower {
    fn drop(&mut self) {
        self.place.set(u64::MAX);
    }
}

impl Iterator for Follower {
    type Item = Vec<Sealed>;

    fn next(&mut self) -> Option<Vec<Sealed>> {
        self.place.set(self.reader.next());
        loop {
            // What is with the kernel can be shown; only what leaves the node waits for the disk.
            let until = self.progress.borrow_and_update().written;
            if self.reader.next() >= until {
                self.runtime.block_on(self.progress.changed()).ok()?;
                continue;
            }
            match self.reader.read(until, LIMIT) {
                Ok(batch) => {
                    let lost = batch.lost.iter().map(|range| range.end - range.start);
                    self.missed += lost.sum::<u64>();
                    if !batch.lost.is_empty() {
                        tracing::warn!(lost = ?batch.lost, "not shown: no longer in the journal");
                    }
                    return Some(batch.records);
                }
                Err(error) => {
                    tracing::error!(%error, "standard output ends here; the journal goes on");
                    return None;
                }
            }
        }
    }
}
