//! The thread that turns ring bytes into sealed records: decode, session, record, identity,
//! scope, aggregate, redact, in that order and in one place.

mod identify;
mod left_out;
mod obey;
mod settle;

use std::{
    sync::{
        Arc,
        mpsc::{Receiver, RecvTimeoutError},
    },
    time::{Duration, Instant},
};

use tokio::sync::mpsc;

use super::{account::Account, outputs::Outputs, rules::Rules};
use crate::{
    aggregate::Aggregator,
    clock::Clock,
    config::ConnectionRecords,
    decode::{BootTime, Open, Owner, Role, decode},
    identity::{Identifier, Refused, Resolved, Update, Waiting},
    kernel::{CountersReader, DirectiveWriter, EventBatch, Existing, FlowAction, LibraryNews},
    record::{Coverage, Fact, Recorder},
    redact::{Redactor, Sealed},
    scope::{self, Scope},
    session::{self, Moment, Output, Sessions, Tier},
    telemetry::{Ledger, SharedTotals},
};
use identify::Labels;
pub(super) use left_out::LeftOut;
use settle::Settlement;

/// How often the counters of the kernel are compared with what was recorded.
const SETTLE_INTERVAL: Duration = Duration::from_secs(1);
/// How long news from a source of metadata, or a record that waits for it, may lie.
const LEARN_INTERVAL: Duration = Duration::from_millis(50);

/// The stages between the ring and the outputs.
pub(super) struct Understanding {
    pub(super) counters: CountersReader,
    pub(super) directives: DirectiveWriter,
    pub(super) left_out: LeftOut,
    pub(super) identifier: Identifier,
    /// What sources of metadata say.
    pub(super) updates: mpsc::Receiver<Update>,
    pub(super) scope: Scope,
    pub(super) aggregator: Aggregator,
    pub(super) redactor: Redactor,
    pub(super) plaintext: Tier,
    /// Libraries that are probed; `None` without the plaintext tier.
    pub(super) libraries: Option<Receiver<LibraryNews>>,
    pub(super) connection_records: ConnectionRecords,
    pub(super) periodic_interval: Duration,
    pub(super) outputs: Outputs,
    pub(super) totals: SharedTotals,
    /// What is not seen, as words.
    pub(super) gaps: Vec<&'static str>,
    /// Digest of the settings in force.
    pub(super) settings: Arc<str>,
    /// What takes their place.
    pub(super) rules: mpsc::Receiver<Rules>,
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
    refused_told: Refused,
    account: Account,
    waiting: Waiting,
    labels: Labels,
    found: Vec<Output>,
    resolved: Vec<Resolved>,
    sealed: Vec<Sealed>,
}

impl Understanding {
    /// Runs until the ring's thread is done and everything it sent is understood.
    pub(super) fn run(
        self,
        existing: &[Existing],
        ring_to_understand: &Receiver<EventBatch>,
    ) -> Account {
        let mut sessions = if self.connection_records.open {
            Sessions::telling_opens()
        } else {
            Sessions::default()
        };
        sessions.expect_plaintext(self.plaintext);
        let mut running = Running {
            stages: self,
            sessions,
            recorder: Recorder::default(),
            ledger: Ledger::default(),
            settled_ns: Clock::boot_now(),
            looked_ns: Clock::boot_now(),
            told: session::Statistics::default(),
            rejected_told: 0,
            refused_told: Refused::default(),
            account: Account::default(),
            waiting: Waiting::default(),
            labels: Labels::default(),
            found: Vec::new(),
            resolved: Vec::new(),
            sealed: Vec::new(),
        };
        running.announce("started");
        running.notice_existing(existing);
        let mut settle_at = Instant::now() + SETTLE_INTERVAL;
        loop {
            let wait = settle_at.saturating_duration_since(Instant::now());
            let wait = if running.may_learn() {
                wait.min(LEARN_INTERVAL)
            } else {
                wait
            };
            let received = ring_to_understand.recv_timeout(wait);
            running.learn_libraries();
            match received {
                Ok(batch) => running.batch(&batch),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => break,
            }
            running.learn();
            running.obey();
            if Instant::now() >= settle_at {
                running.settle(Settlement::Running);
                running.tell_ongoing();
                running.tell_sums();
                settle_at = Instant::now() + SETTLE_INTERVAL;
            }
        }
        running.finish()
    }
}

impl Running {
    /// Sources of metadata are there.
    fn may_learn(&self) -> bool {
        !self.stages.updates.is_closed() || !self.waiting.is_empty()
    }

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

    /// What was told before an event of the batch could come.
    fn learn_libraries(&mut self) {
        let told = self.stages.libraries.iter();
        for news in told.flat_map(Receiver::try_iter) {
            let since = news.since_ns.map(BootTime);
            self.sessions.learn_library(news.number, news.name, since);
        }
    }

    fn batch(&mut self, batch: &EventBatch) {
        for bytes in batch.iter() {
            self.account.events += 1;
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
            if let Output::Exchange {
                moment: Moment::End,
                inbound,
                exchange,
                library: None,
                ..
            } = &output
                // The kernel counts what clients ask for.
                && exchange.stream.is_none_or(|stream| !stream.pushed)
            {
                self.account.exchanges[usize::from(*inbound)] += 1;
            }
            let record = self.recorder.record(output);
            self.seal(record);
        }
    }

    fn seal_resolved(&mut self) {
        for resolved in self.resolved.drain(..) {
            if let Fact::Aggregate(aggregate) = &resolved.record.fact {
                self.account.aggregated += aggregate.totals.count;
            }
            self.sealed.push(self.stages.redactor.seal(&resolved));
            self.account.records += 1;
        }
    }

    fn tell_sums(&mut self) {
        let now = Clock::boot_now();
        self.stages.aggregator.due(now, &mut self.resolved);
        self.seal_resolved();
        self.flush();
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

    fn announce(&mut self, state: &'static str) {
        self.tell_lifecycle(state);
        let coverage = Coverage {
            state,
            tier: match self.stages.plaintext {
                Tier::Probing => "plaintext",
                Tier::Disabled | Tier::Refused => "base",
            },
            gaps: self.stages.gaps.clone(),
        };
        let record = self.recorder.node(Fact::Coverage(coverage));
        self.seal(record);
        self.flush();
    }

    fn finish(mut self) -> Account {
        self.sessions
            .interrupt(BootTime(Clock::boot_now()), &mut self.found);
        self.seal_found();
        self.seal_waiting();
        self.stages.aggregator.flush(&mut self.resolved);
        self.seal_resolved();
        self.settle(Settlement::Last);
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
    // Without selectors, which is usual, the facts need not be gathered.
    if scope.is_everything() {
        return true;
    }
    scope::Facts::of(resolved).is_none_or(|facts| scope.admits(&facts))
}
