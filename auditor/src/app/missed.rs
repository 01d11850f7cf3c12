//! Records that a destination will not get and that no note tells of yet.

use std::ops::Range;

/// How many, and among which.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Missed {
    count: u64,
    /// By sequence; among others.
    within: Range<u64>,
}

impl Missed {
    /// So many of the records between two sequences.
    pub(super) fn add(&mut self, count: u64, within: Range<u64>) {
        if count == 0 {
            return;
        }
        self.within = match self.count {
            0 => within,
            _ => self.within.start.min(within.start)..self.within.end.max(within.end),
        };
        self.count += count;
    }

    pub(super) fn is_none(&self) -> bool {
        self.count == 0
    }

    /// Count and sequences, to be told; `None` if nothing is missed.
    pub(super) fn take(&mut self) -> Option<(u64, Range<u64>)> {
        let missed = std::mem::take(self);
        (missed.count > 0).then_some((missed.count, missed.within))
    }
}

#[cfg(test)]
mod tests {
    use super::Missed;

    #[test]
    fn what_a_destination_does_not_get_is_told_once() {
        let mut missed = Missed::default();
        missed.add(0, 0..3);
        assert!(missed.is_none());
        missed.add(1, 5..10);
        missed.add(1, 20..30);
        assert!(!missed.is_none());
        assert_eq!(missed.take(), Some((2, 5..30)));
        assert_eq!(missed.take(), None);
        missed.add(1, 40..50);
        assert_eq!(missed.take(), Some((1, 40..50)));
    }
}
