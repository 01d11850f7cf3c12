//! The loss ledger: what the kernel saw and could not hand over, each told exactly once.

/// Losses of the kernel side so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct KernelLosses {
    /// Request starts in lost events, by `inbound`.
    pub requests: [u64; 2],
    /// Events that did not fit the ring, whatever they held.
    pub events: u64,
    /// Connections whose state could not be allocated.
    pub state: u64,
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
}

/// Turns running totals into reports.
#[derive(Debug, Default)]
pub struct Ledger {
    told: KernelLosses,
    /// Exchanges told as lost so far, by `inbound`.
    exchanges: [u64; 2],
}

impl Ledger {
    /// Compares totals with what was told. `orphans` are the records made from a response alone,
    /// by `inbound`: their request was lost, the interaction was not.
    pub fn settle(&mut self, now: KernelLosses, orphans: [u64; 2]) -> Vec<LossReport> {
        let mut reports = Vec::new();
        for inbound in [false, true] {
            let i = usize::from(inbound);
            let lost = now.requests[i].saturating_sub(orphans[i]);
            // An orphan that comes after its request was told as lost is made up for by later
            // losses; the sum is right at the end.
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
    use super::{KernelLosses, Ledger, LossReport};

    #[test]
    fn every_loss_is_told_once() {
        let mut ledger = Ledger::default();
        let losses = KernelLosses {
            requests: [0, 3],
            events: 5,
            state: 0,
        };
        let reports = ledger.settle(losses, [0, 0]);
        let exchanges = LossReport::Exchanges {
            inbound: true,
            count: 3,
        };
        assert_eq!(reports, [exchanges, LossReport::Events { count: 5 }]);
        assert_eq!(ledger.settle(losses, [0, 0]), []);
        assert_eq!(ledger.lost_exchanges(), 3);
    }

    #[test]
    fn a_response_without_its_request_is_no_lost_exchange() {
        let mut ledger = Ledger::default();
        let losses = |inbound| KernelLosses {
            requests: [0, inbound],
            ..KernelLosses::default()
        };
        assert_eq!(ledger.settle(losses(2), [0, 2]), []);
        let one = LossReport::Exchanges {
            inbound: true,
            count: 1,
        };
        assert_eq!(ledger.settle(losses(3), [0, 2]), [one]);
    }
}
