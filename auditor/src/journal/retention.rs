//! Which closed segments may go.

use std::collections::VecDeque;
use std::time::Duration;

use super::options::Retention;

/// A closed segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Kept {
    pub(super) number: u64,
    /// Of its first record, and of the record after its last.
    pub(super) first: u64,
    pub(super) end: u64,
    pub(super) bytes: u64,
    /// When the next one began, nanoseconds since the epoch: all of its records are older.
    pub(super) closed_ns: u64,
}

/// The closed segments, oldest first.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    kept: VecDeque<Kept>,
    bytes: u64,
}

/// What retention asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Verdict {
    /// So many of the oldest segments go.
    pub(super) remove: usize,
    /// What is then kept is within the budget.
    pub(super) fits: bool,
}

// === impl Shelf ===

impl Shelf {
    pub(super) fn push(&mut self, kept: Kept) {
        self.bytes += kept.bytes;
        self.kept.push_back(kept);
    }

    pub(super) fn oldest(&self) -> Option<&Kept> {
        self.kept.front()
    }

    pub(super) fn pop(&mut self) -> Option<Kept> {
        let kept = self.kept.pop_front()?;
        self.bytes -= kept.bytes;
        Some(kept)
    }

    pub(super) fn bytes(&self) -> u64 {
        self.bytes
    }

    /// The oldest `count` segments.
    pub(super) fn first(&self, count: usize) -> impl Iterator<Item = &Kept> {
        self.kept.iter().take(count)
    }

    /// `others` are the bytes of the segment in use and the one to come; records below `delivered`
    /// have been acknowledged by every destination.
    pub(super) fn judge(
        &self,
        retention: &Retention,
        others: u64,
        delivered: u64,
        wall_ns: u64,
    ) -> Verdict {
        let mut bytes = self.bytes.saturating_add(others);
        let mut remove = 0;
        for kept in &self.kept {
            let too_much = bytes > retention.max_bytes;
            let age = Duration::from_nanos(wall_ns.saturating_sub(kept.closed_ns));
            let may_go = kept.end <= delivered || too_much && retention.drops_undelivered();
            if !(too_much || age > retention.max_age) || !may_go {
                break;
            }
            bytes -= kept.bytes;
            remove += 1;
        }
        let none_left = remove == self.kept.len();
        Verdict {
            remove,
            // A budget smaller than one segment still has one.
            fits: bytes <= retention.max_bytes || none_left,
        }
    }
}

// === impl Kept ===

impl Kept {
    pub(super) fn undelivered(&self, delivered: u64) -> u64 {
        self.end - delivered.clamp(self.first, self.end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::options::WhenFull;

    fn shelf(segments: u64) -> Shelf {
        let mut shelf = Shelf::default();
        for number in 0..segments {
            shelf.push(Kept {
                number,
                first: number * 10,
                end: number * 10 + 10,
                bytes: 100,
                closed_ns: (number + 1) * 1_000_000_000,
            });
        }
        shelf
    }

    fn retention(when_full: WhenFull) -> Retention {
        Retention {
            max_bytes: 300,
            max_age: Duration::from_secs(100),
            when_full,
        }
    }

    fn verdict(remove: usize, fits: bool) -> Verdict {
        Verdict { remove, fits }
    }

    #[test]
    fn only_what_is_delivered_goes_and_then_it_blocks() {
        let block = retention(WhenFull::Block);
        assert_eq!(shelf(2).judge(&block, 100, 0, 0), verdict(0, true));
        assert_eq!(shelf(5).judge(&block, 100, 50, 0), verdict(3, true));
        assert_eq!(shelf(5).judge(&block, 100, 25, 0), verdict(2, false));
    }

    #[test]
    fn or_the_oldest_goes_and_is_counted() {
        let drop = retention(WhenFull::DropOldest);
        assert_eq!(shelf(5).judge(&drop, 100, 25, 0), verdict(3, true));
        let shelf = shelf(5);
        let undelivered: Vec<_> = shelf.first(4).map(|kept| kept.undelivered(25)).collect();
        assert_eq!(undelivered, [0, 0, 5, 10]);
    }

    #[test]
    fn age_removes_what_is_delivered_only() {
        for when_full in [WhenFull::Block, WhenFull::DropOldest] {
            let retention = retention(when_full);
            let later = 103_500_000_000;
            assert_eq!(shelf(2).judge(&retention, 0, 20, later), verdict(2, true));
            assert_eq!(shelf(3).judge(&retention, 0, 10, later), verdict(1, true));
        }
    }

    #[test]
    fn a_budget_below_one_segment_keeps_the_one_in_use() {
        let block = retention(WhenFull::Block);
        assert_eq!(shelf(1).judge(&block, 400, 10, 0), verdict(1, true));
    }
}
