//! The loss ledger: what the kernel saw and could not hand over, each told exactly once.

use std::collections::VecDeque;

/// Requests that the kernel counted so far, by `inbound`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Requests {
    /// Begun.
    pub seen: [u64; 2],
    /// Those of them that were in lost events.
    pub lost: [u64; 2],
}

/// What became of requests so far, by `inbound`. Where the kernel does not follow the framing it
/// counts none, so there may be more here than the kernel saw, and never fewer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Outcomes {
    /// Exchanges recorded, whether the scope admits them or not, and what turned out to be none.
    pub recorded: [u64; 2],
    /// Records among them that were made from a response alone: the request was lost, the
    /// interaction was not.
    pub orphans: [u64; 2],
}

/// What else the kernel could not hand over so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelLosses {
    /// Events that did not fit the ring, whatever they held.
    pub events: u64,
    /// Connections whose state could not be allocated.
    pub state: u64,
    /// Packets whose headers could not be read.
    pub unparsed: u64,
    /// Events that the kernel put into the ring and nobody took out; none while it is being read.
    pub unread: u64,
}

/// Something to report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LossReport {
    /// Interactions without a record.
    Exchanges {
        inbound: bool,
        count: u64,
    },
    Events {
        count: u64,
    },
    State {
        count: u64,
    },
    Unparsed {
        count: u64,
    },
    Unread {
        count: u64,
    },
    /// Interactions that the kernel saw, that were not lost on the way, and have no record.
    Unaccounted {
        inbound: bool,
        count: u64,
    },
}

/// How long a lost request waits for its response. The record that is made from the response
/// alone makes up for it, and what was told as lost can't be taken back.
const HOLD_NS: u64 = 30_000_000_000;

/// Turns running totals into reports, and holds them against each other:
/// seen = recorded + under way + lost.
#[derive(Debug, Default)]
pub struct Ledger {
    told: KernelLosses,
    /// Totals of requests by the time they were read, oldest first.
    held: VecDeque<(u64, Requests)>,
    /// Exchanges told as lost so far, by `inbound`.
    lost: [u64; 2],
    /// Exchanges told as unaccounted for so far, by `inbound`.
    unaccounted: [u64; 2],
}

impl Ledger {
    /// Compares totals at `now_ns` with what was told. `unfinished` counts the exchanges under way,
    /// by `inbound`; it is asked only where that matters.
    pub fn settle(
        &mut self,
        now_ns: u64,
        requests: Requests,
        losses: KernelLosses,
        outcomes: Outcomes,
        unfinished: impl FnOnce() -> [u64; 2],
    ) -> Vec<LossReport> {
        self.held.push_back((now_ns, requests));
        let mut due = None;
        while let Some(&(at, totals)) = self.held.front()
            && now_ns.saturating_sub(at) >= HOLD_NS
        {
            due = Some(totals);
            self.held.pop_front();
        }
        let mut reports = self.events(losses);
        if let Some(requests) = due {
            self.lost(requests, outcomes, &mut reports);
            let missing = |i: usize| requests.seen[i] > self.accounted(i, outcomes, [0; 2]);
            if missing(0) || missing(1) {
                self.unaccounted(requests, outcomes, unfinished(), &mut reports);
            }
        }
        reports
    }

    /// The last comparison: no more responses will come, and nothing is under way.
    pub fn close(
        &mut self,
        requests: Requests,
        losses: KernelLosses,
        outcomes: Outcomes,
    ) -> Vec<LossReport> {
        let mut reports = self.events(losses);
        self.lost(requests, outcomes, &mut reports);
        self.unaccounted(requests, outcomes, [0; 2], &mut reports);
        reports
    }

    fn lost(&mut self, requests: Requests, outcomes: Outcomes, reports: &mut Vec<LossReport>) {
        for inbound in [false, true] {
            let i = usize::from(inbound);
            let lost = requests.lost[i].saturating_sub(outcomes.orphans[i]);
            if let Some(count) = positive(lost, self.lost[i]) {
                self.lost[i] = lost;
                reports.push(LossReport::Exchanges { inbound, count });
            }
        }
    }

    fn unaccounted(
        &mut self,
        requests: Requests,
        outcomes: Outcomes,
        unfinished: [u64; 2],
        reports: &mut Vec<LossReport>,
    ) {
        for inbound in [false, true] {
            let i = usize::from(inbound);
            let accounted = self.accounted(i, outcomes, unfinished);
            if let Some(count) = positive(requests.seen[i], accounted) {
                self.unaccounted[i] += count;
                reports.push(LossReport::Unaccounted { inbound, count });
            }
        }
    }

    fn accounted(&self, i: usize, outcomes: Outcomes, unfinished: [u64; 2]) -> u64 {
        outcomes.recorded[i] + unfinished[i] + self.lost[i] + self.unaccounted[i]
    }

    fn events(&mut self, now: KernelLosses) -> Vec<LossReport> {
        let told = std::mem::replace(&mut self.told, now);
        let reports = [
            positive(now.events, told.events).map(|count| LossReport::Events { count }),
            positive(now.state, told.state).map(|count| LossReport::State { count }),
            positive(now.unparsed, told.unparsed).map(|count| LossReport::Unparsed { count }),
            positive(now.unread, told.unread).map(|count| LossReport::Unread { count }),
        ];
        reports.into_iter().flatten().collect()
    }

    /// Exchanges told as lost so far, for whatever reason.
    pub fn lost_exchanges(&self) -> u64 {
        self.lost.iter().chain(&self.unaccounted).sum()
    }
}

fn positive(now: u64, told: u64) -> Option<u64> {
    now.checked_sub(told).filter(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::{HOLD_NS, KernelLosses, Ledger, LossReport, Outcomes, Requests};

    const NONE: KernelLosses = KernelLosses {
        events: 0,
        state: 0,
        unparsed: 0,
        unread: 0,
    };

    fn requests(seen: u64, lost: u64) -> Requests {
        Requests {
            seen: [0, seen],
            lost: [0, lost],
        }
    }

    fn outcomes(recorded: u64, orphans: u64) -> Outcomes {
        Outcomes {
            recorded: [0, recorded],
            orphans: [0, orphans],
        }
    }

    fn lost(count: u64) -> LossReport {
        LossReport::Exchanges {
            inbound: true,
            count,
        }
    }

    fn unaccounted(count: u64) -> LossReport {
        LossReport::Unaccounted {
            inbound: true,
            count,
        }
    }

    #[test]
    fn every_loss_is_told_once() {
        let mut ledger = Ledger::default();
        let losses = KernelLosses { events: 5, ..NONE };
        let (requests, outcomes) = (requests(10, 3), outcomes(7, 0));
        // Events at once, exchanges when no response can make up for them.
        let events = LossReport::Events { count: 5 };
        assert_eq!(
            ledger.settle(0, requests, losses, outcomes, || [0; 2]),
            [events]
        );
        let later = ledger.settle(HOLD_NS, requests, losses, outcomes, || [0; 2]);
        assert_eq!(later, [lost(3)]);
        assert_eq!(
            ledger.settle(2 * HOLD_NS, requests, losses, outcomes, || [0; 2]),
            []
        );
        assert_eq!(ledger.close(requests, losses, outcomes), []);
        assert_eq!(ledger.lost_exchanges(), 3);
    }

    #[test]
    fn a_response_without_its_request_is_no_lost_exchange() {
        let mut ledger = Ledger::default();
        assert_eq!(
            ledger.settle(0, requests(3, 3), NONE, outcomes(0, 0), || [0; 2]),
            []
        );
        let later = ledger.settle(HOLD_NS, requests(3, 3), NONE, outcomes(2, 2), || [0; 2]);
        assert_eq!(later, [lost(1)]);
        let last = ledger.close(requests(4, 4), NONE, outcomes(2, 2));
        assert_eq!(last, [lost(1)]);
    }

    #[test]
    fn at_the_end_everything_is_told() {
        let mut ledger = Ledger::default();
        assert_eq!(
            ledger.settle(0, requests(3, 3), NONE, outcomes(0, 0), || [0; 2]),
            []
        );
        let last = ledger.close(requests(3, 3), NONE, outcomes(1, 1));
        assert_eq!(last, [lost(2)]);
    }

    #[test]
    fn what_the_kernel_saw_and_nobody_recorded_is_told() {
        let mut ledger = Ledger::default();
        assert_eq!(
            ledger.settle(0, requests(5, 1), NONE, outcomes(3, 0), || [0; 2]),
            []
        );
        // What was seen since may still be on its way.
        let later = ledger.settle(HOLD_NS, requests(9, 1), NONE, outcomes(3, 0), || [0; 2]);
        assert_eq!(later, [lost(1), unaccounted(1)]);
        let last = ledger.close(requests(9, 1), NONE, outcomes(7, 0));
        assert_eq!(last, [], "told before");
        assert_eq!(ledger.lost_exchanges(), 2);
    }

    #[test]
    fn what_is_under_way_is_accounted_for() {
        let mut ledger = Ledger::default();
        let mut settle = |now| ledger.settle(now, requests(5, 0), NONE, outcomes(3, 0), || [0, 2]);
        assert_eq!(settle(0), []);
        assert_eq!(settle(HOLD_NS), []);
    }
}
