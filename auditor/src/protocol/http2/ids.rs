//! Which streams may still get an answer although their request was not seen.

use std::collections::VecDeque;

/// Stretches of unseen requests that are remembered; more, and the oldest is given up.
const MAX_GAPS: usize = 64;
/// From a stream to the next that the same side may open.
const STEP: u32 = 2;

/// The streams that one side opened. Each has a higher number than all before it.
#[derive(Debug)]
pub(super) struct Ids {
    /// The last that was opened, or that must have been.
    last: u32,
    /// Requests since the last may have been there unseen.
    is_unsure: bool,
    /// Streams that may have been opened unseen, first and last.
    gaps: VecDeque<(u32, u32)>,
}

impl Ids {
    pub(super) fn new() -> Self {
        Self {
            last: 0,
            is_unsure: false,
            gaps: VecDeque::new(),
        }
    }

    /// The last that was opened, or that must have been.
    pub(super) fn last(&self) -> u32 {
        self.last
    }

    /// Requests were there and not seen.
    pub(super) fn lose(&mut self) {
        self.is_unsure = true;
    }

    /// A request was seen; false if its stream was opened, or passed over, before.
    pub(super) fn open(&mut self, id: u32) -> bool {
        if id <= self.last {
            return false;
        }
        if std::mem::take(&mut self.is_unsure) {
            self.remember_gap(id);
        }
        self.last = id;
        true
    }

    /// A response was seen to no request that is known; false if there is none to be expected.
    pub(super) fn answer(&mut self, id: u32) -> bool {
        if id > self.last {
            self.remember_gap(id);
            self.last = id;
            return true;
        }
        let Some(at) = self.gaps.iter().position(|&(a, b)| (a..=b).contains(&id)) else {
            return false;
        };
        if let Some((first, last)) = self.gaps.remove(at) {
            self.remember(id.saturating_add(STEP), last);
            self.remember(first, id.saturating_sub(STEP));
        }
        true
    }

    /// Whatever is between the last and this.
    fn remember_gap(&mut self, id: u32) {
        self.remember(self.last.saturating_add(1), id.saturating_sub(STEP));
    }

    fn remember(&mut self, first: u32, last: u32) {
        if first <= last {
            self.gaps.push_back((first, last));
        }
        if self.gaps.len() > MAX_GAPS {
            self.gaps.pop_front();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Ids;

    #[test]
    fn a_stream_is_opened_once() {
        let mut ids = Ids::new();
        assert!(ids.open(1));
        assert!(!ids.open(1));
        assert!(ids.open(7));
        // What was passed over in sight is closed.
        assert!(!ids.answer(3));
        assert!(!ids.open(5));
    }

    #[test]
    fn what_was_not_seen_is_answered_once() {
        let mut ids = Ids::new();
        ids.lose();
        assert!(ids.open(9));
        for id in [5, 1, 7] {
            assert!(ids.answer(id));
            assert!(!ids.answer(id));
        }
        assert!(!ids.answer(9));
        // An answer shows that there was a request.
        assert!(ids.answer(15));
        assert!(!ids.open(13));
        assert!(ids.answer(13));
        assert!(ids.open(17));
    }
}
