//! The journal as standard output reads it: what was written since the start, as it comes.

use tokio::{runtime::Handle, sync::watch};

use crate::{
    journal::{Directory, Limit, Progress, Reader},
    redact::Sealed,
};

const LIMIT: Limit = Limit {
    records: 512,
    bytes: 1 << 20,
};

/// Batches of the journal, until it has ended. Waits for more; to be used outside the runtime.
pub(super) struct Follower {
    reader: Reader<Directory>,
    progress: watch::Receiver<Progress>,
    runtime: Handle,
}

impl Follower {
    pub(super) fn new(
        reader: Reader<Directory>,
        progress: watch::Receiver<Progress>,
        runtime: Handle,
    ) -> Self {
        Self {
            reader,
            progress,
            runtime,
        }
    }
}

impl Iterator for Follower {
    type Item = Vec<Sealed>;

    fn next(&mut self) -> Option<Vec<Sealed>> {
        loop {
            // What is with the kernel can be shown; only what leaves the node waits for the disk.
            let until = self.progress.borrow_and_update().written;
            if self.reader.next() >= until {
                self.runtime.block_on(self.progress.changed()).ok()?;
                continue;
            }
            match self.reader.read(until, LIMIT) {
                Ok(batch) => {
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
