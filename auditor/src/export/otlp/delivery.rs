//! The account of what was sent.

use std::ops::AddAssign;

/// Every record that the exporter received is in exactly one of these.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Delivery {
    /// The collector took it.
    pub acknowledged: u64,
    /// The collector refused it for good.
    pub rejected: u64,
    /// The deadline passed first. The collector may still have taken what was under way.
    pub undelivered: u64,
}

impl Delivery {
    pub fn total(&self) -> u64 {
        self.acknowledged + self.rejected + self.undelivered
    }
}

impl AddAssign for Delivery {
    fn add_assign(&mut self, other: Self) {
        self.acknowledged += other.acknowledged;
        self.rejected += other.rejected;
        self.undelivered += other.undelivered;
    }
}
