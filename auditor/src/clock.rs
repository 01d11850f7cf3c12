//! Boot-time clock → wall clock.
//!
//! The kernel programs stamp events with `CLOCK_BOOTTIME`, which neither stops in suspend nor
//! jumps. The offset to the wall clock is read again every few seconds, so a corrected wall clock
//! shows in later records and never inside a duration.

use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

/// How long an offset is trusted.
const REFRESH_NS: u64 = 5_000_000_000;

/// Maps boot time to wall time.
#[derive(Debug)]
pub struct Clock {
    offset_ns: i128,
    read_at: u64,
}

impl Clock {
    pub fn new() -> Self {
        let mut clock = Self {
            offset_ns: 0,
            read_at: 0,
        };
        clock.read();
        clock
    }

    /// Nanoseconds of `CLOCK_BOOTTIME` now.
    pub fn boot_now() -> u64 {
        nanoseconds(ClockId::Boottime)
    }

    /// Wall time of a boot time, nanoseconds since the epoch.
    pub fn wall(&self, boot_ns: u64) -> u64 {
        u64::try_from(i128::from(boot_ns) + self.offset_ns).unwrap_or_default()
    }

    /// Reads the offset again if it is old.
    pub fn refresh(&mut self) {
        if Self::boot_now().saturating_sub(self.read_at) > REFRESH_NS {
            self.read();
        }
    }

    fn read(&mut self) {
        let boot = nanoseconds(ClockId::Boottime);
        let wall = nanoseconds(ClockId::Realtime);
        self.offset_ns = i128::from(wall) - i128::from(boot);
        self.read_at = boot;
    }
}

impl Default for Clock {
    fn default() -> Self {
        Self::new()
    }
}

fn nanoseconds(id: ClockId) -> u64 {
    let time = clock_gettime(id);
    let time = Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32);
    time.as_nanos() as u64
}
