//! Once a second: what the kernel saw against what was recorded. The difference becomes records.

use super::{super::memory, Running};
use crate::{
    clock::Clock,
    kernel::Counter,
    record::{Fact, Loss},
    telemetry::{KernelLosses, LossReport, Outcomes, Requests},
};

/// How far the comparison can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Settlement {
    /// Events are on their way, exchanges are under way.
    Running,
    /// The ring is empty and every session is closed.
    Last,
}

impl Running {
    pub(super) fn settle(&mut self, settlement: Settlement) {
        self.recorder.refresh();
        let now = Clock::boot_now();
        match self.stages.counters.read() {
            Ok(counters) => self.account.kernel = counters,
            Err(error) => {
                tracing::error!(%error, "counters of the kernel programs can't be read: losses are told later");
                return;
            }
        }
        self.tell_kernel_losses(settlement, now);
        self.tell_session_losses(now);
        self.tell_identity_losses(now);
        self.settled_ns = now;
        if self.sessions.take_shrunk() {
            memory::give_back();
        }
        self.account.lost = self.ledger.lost_exchanges();
        self.account.connections = self.sessions.len() as u64;
        self.account.left_out = self.stages.left_out.len() as u64;
        self.account.waiting = self.waiting.len() as u64;
        self.stages.totals.set(self.account.totals());
        self.flush();
    }

    fn tell_kernel_losses(&mut self, settlement: Settlement, now: u64) {
        let kernel = self.account.kernel;
        let submitted = kernel.get(Counter::EventsSubmitted);
        let unread = match settlement {
            Settlement::Running => 0,
            Settlement::Last => submitted.saturating_sub(self.account.events),
        };
        let losses = KernelLosses {
            events: kernel.events_lost(),
            state: kernel.get(Counter::ConnectionStateFailed),
            unparsed: kernel.get(Counter::PacketUnparsed),
            unread,
        };
        let requests = Requests {
            seen: kernel.requests_seen(),
            lost: kernel.requests_lost(),
        };
        let (exchanges, disowned) = (self.account.exchanges, self.sessions.disowned());
        let outcomes = Outcomes {
            recorded: [exchanges[0] + disowned[0], exchanges[1] + disowned[1]],
            orphans: [self.recorder.orphans(false), self.recorder.orphans(true)],
        };
        let (ledger, sessions) = (&mut self.ledger, &self.sessions);
        let reports = match settlement {
            Settlement::Running => {
                ledger.settle(now, requests, losses, outcomes, || sessions.unfinished())
            }
            Settlement::Last => ledger.close(requests, losses, outcomes),
        };
        for report in reports {
            let (stage, reason, unit, inbound, count) = match report {
                LossReport::Exchanges { inbound, count } => {
                    ("ring", "ring_full", "exchange", Some(inbound), count)
                }
                LossReport::Unaccounted { inbound, count } => {
                    ("session", "unaccounted", "exchange", Some(inbound), count)
                }
                LossReport::Events { count } => ("ring", "ring_full", "event", None, count),
                LossReport::Unparsed { count } => ("ring", "packet_unparsed", "event", None, count),
                LossReport::State { count } => ("ring", "state_allocation", "event", None, count),
                LossReport::Unread { count } => ("ring", "unread", "event", None, count),
            };
            self.tell_loss(stage, reason, unit, inbound, count, now);
        }
    }

    fn tell_session_losses(&mut self, now: u64) {
        let (statistics, told) = (self.sessions.statistics(), self.told);
        let rejected = self.account.rejected;
        let losses = [
            ("table_full", statistics.table_full - told.table_full),
            (
                "unclaimed",
                statistics.early_unclaimed - told.early_unclaimed,
            ),
            (
                "unknown_connection",
                statistics.unknown_connection - told.unknown_connection,
            ),
            (
                "plaintext_unbound",
                statistics.plaintext_unbound - told.plaintext_unbound,
            ),
            ("malformed_event", rejected - self.rejected_told),
        ];
        for (reason, count) in losses {
            self.tell_loss("session", reason, "event", None, count, now);
        }
        self.told = statistics;
        self.rejected_told = rejected;
    }

    /// Names that no record will have.
    fn tell_identity_losses(&mut self, now: u64) {
        let (refused, told) = (self.stages.identifier.refused(), self.refused_told);
        for (reason, count) in [
            ("index_full", refused.full - told.full),
            ("unreadable", refused.unread - told.unread),
        ] {
            self.tell_loss("identity", reason, "object", None, count, now);
        }
        self.refused_told = refused;
    }

    fn tell_loss(
        &mut self,
        stage: &'static str,
        reason: &'static str,
        unit: &'static str,
        inbound: Option<bool>,
        count: u64,
        now: u64,
    ) {
        if count == 0 {
            return;
        }
        tracing::error!(stage, reason, unit, count, "lost");
        *self
            .account
            .losses
            .entry((stage, reason, unit))
            .or_default() += count;
        let loss = Loss {
            stage,
            reason,
            unit,
            destination: None,
            within: None,
            inbound,
            count,
            first_ns: self.settled_ns,
            last_ns: now,
        };
        let record = self.recorder.node(Fact::Loss(loss));
        self.seal(record);
    }
}
