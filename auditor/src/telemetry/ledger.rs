//! The loss ledger: what the kernel saw and could not hand over, each told exactly once.

use std::collections::VecDeque;

/// Losses of the kernel side so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelLosses {
    /// Request starts in lost events, by `inbound`.
    pub requests: [u64; 2],
    /// Events that did not fit the ring, whatever they held.
    pub events: u64,
    /// Connections whose state could not be allocated.
    pub state: u64,
    /// Packets whose headers could not be read.
    pub unparsed: u64,
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
}

/// How long a lost request waits for its response. The record that is made from the response
/// alone makes up for it, and what was told as lost can't be taken back.
const HOLD_NS: u64 = 30_000_000_000;

/// Turns running totals into reports.
#[derive(Debug, Default)]
pub struct Ledger {
    told: KernelLosses,
    /// Totals of lost requests by the time they were read, oldest first.
    held: VecDeque<(u64, [u64; 2])>,
    /// Exchanges told as lost so far, by `inbound`.
    exchanges: [u64; 2],
}

impl Ledger {
    /// Compares totals at `now_ns` with what was told. `orphans` are the records made from a
    /// response alone, by `inbound`: their request was lost, the interaction was not.
    pub fn settle(&mut self, now_ns: u64, now: KernelLosses, orphans: [u64; 2]) -> Vec<LossReport> {
        self.held.push_back((now_ns, now.requests));
        let mut requests = [0; 2];
        while let Some(&(at, totals)) = self.held.front()
            && now_ns.saturating_sub(at) >= HOLD_NS
        {
            requests = totals;
            self.held.pop_front();
        }
        self.tell(KernelLosses { requests, ..now }, orphans)
    }

    /// The last comparison: no more responses will come.
    pub fn close(&mut self, now: KernelLosses, orphans: [u64; 2]) -> Vec<LossReport> {
        self.tell(now, orphans)
    }

    fn tell(&mut self, now: KernelLosses, orphans: [u64; 2]) -> Vec<LossReport> {
        let mut reports = Vec::new();
        for inbound in [false, true] {
            let i = usize::from(inbound);
            let lost = now.requests[i].saturating_sub(orphans[i]);
            if let Some(count) = positive(lost, self.exchanges[i]) {
                self.exchanges[i] = lost;
                reports.push(LossReport::Exchanges { inbound, count });
            }
        }
        if let Some(count) = positive(now.events, self.told.events) {
            reports.push(LossReport::Events { count });
        }
        if let Some(count) = positive(now.state, self.told.state) {
            reports.push(LossReport::State { count });
        }
        if let Some(count) = positive(now.unparsed, self.told.unparsed) {
            reports.push(LossReport::Unparsed { count });
        }
        self.told = now;
        reports
    }

    /// Exchanges told as lost so far.
    pub fn lost_exchanges(&self) -> u64 {
        self.exchanges.iter().sum()
    }
}

fn positive(now: u64, told: u64) -> Option<u64> {
    now.checked_sub(told).filter(|n| *n > 0)
}

#[cfg(test)]
mod tests {
    use super::{HOLD_NS, KernelLosses, Ledger, LossReport};

    fn inbound(requests: u64) -> KernelLosses {
        KernelLosses {
            requests: [0, requests],
            ..KernelLosses::default()
        }
    }

    fn exchanges(count: u64) -> LossReport {
        LossReport::Exchanges {
            inbound: true,
            count,
        }
    }

    #[test]
    fn every_loss_is_told_once() {
        let mut ledger = Ledger::default();
        let losses = KernelLosses {
            events: 5,
            ..inbound(3)
        };
        // Events at once, exchanges when no response can make up for them.
        let events = LossReport::Events { count: 5 };
        assert_eq!(ledger.settle(0, losses, [0, 0]), [events]);
        assert_eq!(ledger.settle(HOLD_NS, losses, [0, 0]), [exchanges(3)]);
        assert_eq!(ledger.settle(2 * HOLD_NS, losses, [0, 0]), []);
        assert_eq!(ledger.close(losses, [0, 0]), []);
        assert_eq!(ledger.lost_exchanges(), 3);
    }

    #[test]
    fn a_response_without_its_request_is_no_lost_exchange() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.settle(0, inbound(3), [0, 0]), []);
        assert_eq!(ledger.settle(HOLD_NS, inbound(3), [0, 2]), [exchanges(1)]);
        assert_eq!(ledger.close(inbound(4), [0, 2]), [exchanges(1)]);
    }

    #[test]
    fn at_the_end_everything_is_told() {
        let mut ledger = Ledger::default();
        assert_eq!(ledger.settle(0, inbound(3), [0, 0]), []);
        assert_eq!(ledger.close(inbound(3), [0, 1]), [exchanges(2)]);
    }
}
