//! A moment as the report writes it.

use std::fmt::{self, Display, Formatter};

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// Nanoseconds since the epoch; written to the second.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Moment(pub u64);

// === impl Moment ===

impl Moment {
    pub(super) fn now() -> Self {
        Self(u64::try_from(Timestamp::now().as_nanosecond()).unwrap_or(0))
    }

    pub(super) fn of_seconds(seconds: u64) -> Self {
        Self(seconds.saturating_mul(1_000_000_000))
    }

    pub(super) fn seconds_since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0) / 1_000_000_000
    }

    /// For people, without the zone, which the page names once.
    pub(super) fn plain(self) -> String {
        self.to_string()
            .replace('T', " ")
            .trim_end_matches('Z')
            .to_owned()
    }
}

impl Display for Moment {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        // Never fails: jiff's timestamps reach further than 64 bits of nanoseconds do.
        let seconds = Timestamp::from_second((self.0 / 1_000_000_000) as i64);
        seconds.unwrap_or_default().fmt(f)
    }
}

impl Serialize for Moment {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}
