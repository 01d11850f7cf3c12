//! The thread that turns ring bytes into sealed records: decode, session, record, identity,
//! scope, redact, in that order and in one place.

use std::{
    sync::mpsc::{Receiver, RecvTimeoutError},
    time::{Duration, Instant},
};

use super::outputs::Outputs;
use crate::{
    clock::Clock,
    config::ConnectionRecords,
    decode::{BootTime, Open, Owner, Role, decode},
    identity::{Identifier, Resolved},
    kernel::{
        Counter, Counters, CountersReader, DirectiveWriter, EventBatch, Existing, FlowAction,
    },
    record::{Coverage, Fact, Lifecycle, Loss, Record, Recorder},
    redact::{Redactor, Sealed},
    scope::{self, Scope},
    session::{self, Output, Sessions},
    telemetry::{KernelLosses, Ledger, LossReport},
};

/// How often the counters of the kernel are compared with what was recorded.
const SETTLE_INTERVAL: Duration = Duration::from_secs(1);

/// What a run came to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Account {
    pub(super) records: u64,
    /// Interactions reported as lost.
    pub(super) lost: u64,
    /// Records that the scope left out.
    pub(super) out_of_scope: u64,
    /// Events that made no sense.
    pub(super) rejected: u64,
    pub(super) kernel: Counters,
}

/// The stages between the ring and the outputs.
pub(super) struct Understanding {
    pub(super) counters: CountersReader,
    pub(super) directives: DirectiveWriter,
    pub(super) identifier: Identifier,
    pub(super) scope: Scope,
    pub(super) redactor: Redactor,
    pub(super) connection_records: ConnectionRecords,
    pub(super) periodic_interval: Duration,
    pub(super) outputs: Outputs,
}

struct Running {
    stages: Understanding,
    sessions: Sessions,
    recorder: Recorder,
    ledger: Ledger,
    /// Boot time up to which losses were told.
    settled_ns: u64,
    /// When it was last looked for what goes on.
    looked_ns: u64,
    told: session::Statistics,
    rejected_told: u64,
    account: Account,
    found: Vec<Output>,
    sealed: Vec<Sealed>,
}

impl Understanding {
    /// Runs until the ring's thread is done and everything it sent is understood.
    pub(super) fn run(
        self,
        existing: &[Existing],
        ring_to_understand: &Receiver<EventBatch>,
    ) -> Account {
        let sessions = if self.connection_records.open {
            Sessions::telling_opens()
        } else {
            Sessions::default()
        };
        let mut running = Running {
            stages: self,
            sessions,
            recorder: Recorder::default(),
            ledger: Ledger::default(),
            settled_ns: Clock::boot_now(),
            looked_ns: Clock::boot_now(),
            told: session::Statistics::default(),
            rejected_told: 0,
            account: Account {
                records: 0,
                lost: 0,
                out_of_scope: 0,
                rejected: 0,
                kernel: Counters::ZERO,
            },
            found: Vec::new(),
            sealed: Vec::new(),
        };
        running.announce("started");
        running.notice_existing(existing);
        let mut settle_at = Instant::now() + SETTLE_INTERVAL;
        loop {
            let wait = settle_at.saturating_duration_since(Instant::now());
            match ring_to_understand.recv_timeout(wait) {
                Ok(batch) => running.batch(&batch),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            if Instant::now() >= settle_at {
                running.settle(false);
                running.tell_ongoing();
                settle_at = Instant::now() + SETTLE_INTERVAL;
            }
        }
        running.finish()
    }
}

impl Running {
    /// What was open before the programs were attached.
    fn notice_existing(&mut self, existing: &[Existing]) {
        for connection in existing {
            let open = Open {
                cookie: connection.cookie,
                time: BootTime(Clock::boot_now()),
                local: connection.local,
                peer: connection.peer,
                owner: Owner {
                    cgroup_id: connection.cgroup_id,
                    netns_cookie: 0,
                    process: None,
                },
                role: Role::Unseen,
                receive_next: 0,
                send_next: 0,
            };
            self.sessions.notice(&open, &mut self.found);
        }
        self.seal_found();
        self.flush();
    }

    fn batch(&mut self, batch: &EventBatch) {
        for bytes in batch.iter() {
            match decode(bytes) {
                Ok(event) => self.sessions.step(event, &mut self.found),
                Err(rejection) => {
                    self.account.rejected += 1;
                    tracing::debug!(%rejection, "event from the ring rejected");
                }
            }
            if self.found.len() >= 64 {
                self.seal_found();
            }
        }
        self.seal_found();
        let directives = &mut self.stages.directives;
        self.sessions.directives(|cookie, direction, directive| {
            directives.give(cookie, direction, action(directive));
        });
        self.flush();
    }

    fn seal_found(&mut self) {
        for output in std::mem::take(&mut self.found) {
            if let Output::Closed { connection, .. } = &output {
                self.stages.directives.forget(connection.cookie);
                if !self.stages.connection_records.close {
                    continue;
                }
            }
            let record = self.recorder.record(output);
            self.seal(record);
        }
    }

    fn seal(&mut self, record: Record) {
        let resolved = self.stages.identifier.resolve(record);
        if !admits(&self.stages.scope, &resolved) {
            self.account.out_of_scope += 1;
            return;
        }
        self.sealed.push(self.stages.redactor.seal(&resolved));
        self.account.records += 1;
    }

    fn flush(&mut self) {
        if !self.sealed.is_empty() {
            self.stages.outputs.send(std::mem::take(&mut self.sealed));
        }
    }

    /// Long connections and exchanges are told while they last.
    fn tell_ongoing(&mut self) {
        let now = Clock::boot_now();
        let interval = self.stages.periodic_interval.as_nanos() as u64;
        // One look in ten misses nothing by more than a tenth of the interval.
        if now.saturating_sub(self.looked_ns) < interval / 10 {
            return;
        }
        self.looked_ns = now;
        self.sessions
            .ongoing(BootTime(now), interval, &mut self.found);
        self.seal_found();
        self.flush();
    }

    /// Compares what the kernel saw with what was recorded; the difference becomes records.
    fn settle(&mut self, last: bool) {
        self.recorder.refresh();
        let now = Clock::boot_now();
        match self.stages.counters.read() {
            Ok(counters) => self.account.kernel = counters,
            Err(error) => {
                tracing::error!(%error, "counters of the kernel programs can't be read: losses are told later");
                return;
            }
        }
        let kernel = self.account.kernel;
        let losses = KernelLosses {
            requests: [
                kernel.get(Counter::OutboundRequestsLost),
                kernel.get(Counter::InboundRequestsLost),
            ],
            events: kernel.events_lost(),
            state: kernel.get(Counter::ConnectionStateFailed),
            unparsed: kernel.get(Counter::PacketUnparsed),
        };
        let orphans = [self.recorder.orphans(false), self.recorder.orphans(true)];
        let reports = if last {
            self.ledger.close(losses, orphans)
        } else {
            self.ledger.settle(now, losses, orphans)
        };
        for report in reports {
            let (reason, unit, inbound, count) = match report {
                LossReport::Exchanges { inbound, count } => {
                    ("ring_full", "exchange", Some(inbound), count)
                }
                LossReport::Events { count } => ("ring_full", "event", None, count),
                LossReport::Unparsed { count } => ("packet_unparsed", "event", None, count),
                LossReport::State { count } => ("state_allocation", "event", None, count),
            };
            self.tell_loss("ring", reason, unit, inbound, count, now);
        }
        let (statistics, told) = (self.sessions.statistics(), self.told);
        let session = [
            ("table_full", statistics.table_full - told.table_full),
            (
                "unclaimed",
                statistics.early_unclaimed - told.early_unclaimed,
            ),
            (
                "unknown_connection",
                statistics.unknown_connection - told.unknown_connection,
            ),
        ];
        for (reason, count) in session {
            self.tell_loss("session", reason, "event", None, count, now);
        }
        let rejected = self.account.rejected - self.rejected_told;
        self.tell_loss("session", "malformed_event", "event", None, rejected, now);
        self.told = statistics;
        self.rejected_told = self.account.rejected;
        self.settled_ns = now;
        self.account.lost = self.ledger.lost_exchanges();
        self.flush();
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
        let loss = Loss {
            stage,
            reason,
            unit,
            inbound,
            count,
            first_ns: self.settled_ns,
            last_ns: now,
        };
        let record = self.recorder.node(Fact::Loss(loss));
        self.seal(record);
    }

    fn announce(&mut self, state: &'static str) {
        let lifecycle = Lifecycle {
            state,
            version: env!("CARGO_PKG_VERSION"),
        };
        let coverage = Coverage {
            state,
            tier: "base",
            gaps: vec!["tls_plaintext", "http2"],
        };
        for fact in [Fact::Lifecycle(lifecycle), Fact::Coverage(coverage)] {
            let record = self.recorder.node(fact);
            self.seal(record);
        }
        self.flush();
    }

    fn finish(mut self) -> Account {
        self.sessions
            .interrupt(BootTime(Clock::boot_now()), &mut self.found);
        self.seal_found();
        self.settle(true);
        self.announce("stopped");
        self.account
    }
}

fn action(directive: session::Directive) -> FlowAction {
    match directive {
        session::Directive::Resume {
            sequence,
            skip,
            messages,
        } => FlowAction::Resume {
            sequence,
            skip,
            messages,
        },
        session::Directive::Frames {
            sequence,
            skip,
            stream,
        } => FlowAction::Frames {
            sequence,
            skip,
            stream,
        },
        session::Directive::Stop => FlowAction::Stop,
        session::Directive::Continue => FlowAction::Continue,
    }
}

/// Records about the node itself are always in scope.
fn admits(scope: &Scope, resolved: &Resolved) -> bool {
    let (inbound, path) = match &resolved.record.fact {
        Fact::Http {
            inbound, exchange, ..
        } => {
            let head = exchange.request.as_ref().and_then(|m| m.head.as_ref());
            (
                Some(*inbound),
                head.and_then(|h| std::str::from_utf8(h.target()?).ok()),
            )
        }
        Fact::Opened { inbound, .. }
        | Fact::Ongoing { inbound, .. }
        | Fact::Connection { inbound, .. } => (*inbound, None),
        _ => return true,
    };
    let Some(connection) = resolved.record.connection() else {
        return true;
    };
    // Of a connection whose opener is not known, the side with the lower port serves.
    let inbound = inbound.unwrap_or(connection.local.port() < connection.peer.port());
    let container = resolved.workload.container();
    let process = resolved.process.as_ref();
    scope.admits(&scope::Facts {
        direction: if inbound {
            scope::Direction::Inbound
        } else {
            scope::Direction::Outbound
        },
        server_port: if inbound {
            connection.local.port()
        } else {
            connection.peer.port()
        },
        peer: connection.peer.ip(),
        service_name: resolved.workload.attribute("service.name"),
        container_id: container.map(|c| c.id.as_str()),
        pod_uid: resolved.workload.attribute("k8s.pod.uid"),
        executable: process.and_then(|p| p.executable.value().map(|e| &**e)),
        path,
    })
}
