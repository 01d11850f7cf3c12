//! The thread that empties the ring.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::SyncSender,
    },
    time::Duration,
};

use crate::kernel::{EventBatch, RingReader};

/// Longest time an event waits in the ring. Waking the reader for every event would cost the
/// audited node more than everything else together.
const INTERVAL: Duration = Duration::from_millis(10);
/// Bytes handed on at a time.
const BATCH_BYTES: usize = 256 * 1024;

/// Empties the ring until told to stop, and then once more. When the next stage lags, the ring
/// fills and the kernel counts what it can't hold: nothing is lost uncounted.
pub(super) fn run(
    mut ring: RingReader,
    ring_to_understand: &SyncSender<EventBatch>,
    stop: &Arc<AtomicBool>,
) {
    loop {
        // Read before the last emptying: after it is set, no program writes any more.
        let last = stop.load(Ordering::Acquire);
        let mut more = true;
        while more {
            let mut batch = EventBatch::with_capacity(64 * 1024);
            more = ring.drain(&mut batch, BATCH_BYTES);
            if !batch.is_empty() && ring_to_understand.send(batch).is_err() {
                return;
            }
        }
        if last {
            return;
        }
        // An interrupted wait is a short one.
        let _ = ring.wait(INTERVAL);
    }
}
