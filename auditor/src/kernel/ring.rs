//! The ring's reading end.

use std::{
    io,
    os::fd::{AsFd, AsRawFd, BorrowedFd},
    time::Duration,
};

use aya::maps::{MapData, RingBuf};
use rustix::event::{PollFd, PollFlags, Timespec};

use super::EventBatch;

/// Drains the ring into batches.
pub struct RingReader {
    ring: RingBuf<MapData>,
}

impl RingReader {
    pub(super) fn new(ring: RingBuf<MapData>) -> Self {
        Self { ring }
    }

    /// Sleeps until the kernel asks for attention (the ring fills up) or `timeout` has passed.
    /// Events alone do not end it: waking the reader for each would cost more than all the rest.
    pub fn wait(&self, timeout: Duration) -> io::Result<()> {
        // SAFETY: the ring owns the descriptor and outlives the borrow.
        let fd = unsafe { BorrowedFd::borrow_raw(self.ring.as_raw_fd()) };
        let mut fds = [PollFd::from_borrowed_fd(fd.as_fd(), PollFlags::IN)];
        let timeout = Timespec {
            tv_sec: timeout.as_secs() as i64,
            tv_nsec: i64::from(timeout.subsec_nanos()),
        };
        match rustix::event::poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(rustix::io::Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Copies events into `batch` until the ring is empty or the batch holds `limit` bytes.
    /// Returns false if the ring was emptied.
    pub fn drain(&mut self, batch: &mut EventBatch, limit: usize) -> bool {
        while batch.byte_len() < limit {
            match self.ring.next() {
                Some(event) => batch.push(&event),
                None => return false,
            }
        }
        true
    }
}
