//! What may be decided about a journal.

use std::time::Duration;

use crate::clock::Clock;

const MIB: u64 = 1 << 20;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Options {
    /// A segment is closed after the record with which it reaches this size.
    pub segment_bytes: u64,
    pub segment_age: Duration,
    pub sync: SyncPolicy,
    pub checkpoint_interval: Duration,
    /// Records after which a checkpoint is made before the interval is over.
    pub checkpoint_records: u64,
    pub retention: Retention,
}

/// When records are made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SyncPolicy {
    /// After every batch.
    Always,
    /// When the oldest record has waited so long, or so much has gathered.
    Within { time: Duration, bytes: u64 },
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retention {
    pub max_bytes: u64,
    /// Delivered segments are removed when all of their records are older.
    pub max_age: Duration,
    pub when_full: WhenFull,
}

/// What to do when there is no room and the oldest records are not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    /// Take no more: the stages before the journal fill, up to the ring.
    Block,
    /// Remove undelivered records and count them.
    DropOldest,
}

/// One moment by two clocks: intervals are measured by the one that does not jump.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Now {
    /// Nanoseconds of `CLOCK_BOOTTIME`.
    pub boot_ns: u64,
    /// Nanoseconds since the epoch.
    pub wall_ns: u64,
}

// === impl Options ===

impl Default for Options {
    fn default() -> Self {
        Self {
            segment_bytes: 64 * MIB,
            segment_age: Duration::from_hours(1),
            sync: SyncPolicy::Within {
                time: Duration::from_secs(1),
                bytes: 4 * MIB,
            },
            checkpoint_interval: Duration::from_mins(1),
            checkpoint_records: 100_000,
            retention: Retention {
                max_bytes: 8192 * MIB,
                max_age: Duration::from_hours(30 * 24),
                when_full: WhenFull::Block,
            },
        }
    }
}

// === impl Retention ===

impl Retention {
    pub(super) fn drops_undelivered(&self) -> bool {
        self.when_full == WhenFull::DropOldest
    }
}

// === impl Now ===

impl Now {
    pub fn read(clock: &mut Clock) -> Self {
        clock.refresh();
        let boot_ns = Clock::boot_now();
        Self {
            boot_ns,
            wall_ns: clock.wall(boot_ns),
        }
    }

    /// Whether so much time has passed since a moment of the boot clock.
    pub(super) fn is_after(self, boot_ns: u64, interval: Duration) -> bool {
        u128::from(self.boot_ns.saturating_sub(boot_ns)) >= interval.as_nanos()
    }
}
