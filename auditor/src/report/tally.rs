//! Counts what the records of a period say.

use std::collections::HashMap;
use std::sync::Arc;

use super::access::{Access, Kind, named, workload};
use super::coverage::Outlook;
use super::facts::{Facts, Failure, Loss, Passage, Reason, Totals, Use};
use super::moment::Moment;
use super::ranking::{Counts, Ranked, Ranking, grow};
use super::silence::Watch;
use super::told::Told;
use super::volume::{Volume, Volumes};
use crate::export::view::{Malformed, RecordView, Value};
use crate::journal::Stored;
use crate::query::Window;
use crate::record::{EventName, attribute as a};

/// The stage of losses that the journal still has.
const DELIVERY: &str = "export";
/// The stage of losses of names.
const IDENTITY: &str = "identity";
/// Names of resources kept; a node has far fewer workloads.
const MAX_RESOURCES: usize = 16_384;

/// Everything that is counted, in memory that does not grow with the journal.
#[derive(Debug)]
pub(super) struct Tally {
    window: Window,
    /// By address; the resource is kept, so its address stays its own.
    workloads: HashMap<usize, (Arc<[u8]>, Arc<str>)>,
    totals: Totals,
    volumes: Volumes,
    uses: Ranking<4>,
    callers: Ranking<3>,
    destinations: Ranking<3>,
    failures: Ranking<3>,
    incomplete: Ranking<1>,
    unnamed: Ranking<1>,
    unidentified: Ranking<1>,
    losses: Ranking<4>,
    told: Told,
    watch: Watch,
    outlook: Outlook,
}

// === impl Tally ===

impl Tally {
    pub(super) fn new(window: Window) -> Self {
        Self {
            window,
            workloads: HashMap::new(),
            totals: Totals::default(),
            volumes: Volumes::default(),
            uses: Ranking::default(),
            callers: Ranking::default(),
            destinations: Ranking::default(),
            failures: Ranking::default(),
            incomplete: Ranking::default(),
            unnamed: Ranking::default(),
            unidentified: Ranking::default(),
            losses: Ranking::default(),
            told: Told::default(),
            watch: Watch::new(Moment(window.since), Moment(window.until)),
            outlook: Outlook::default(),
        }
    }

    /// All records are to be given, also those before the period: what was started or excluded
    /// then holds in it.
    pub(super) fn take(&mut self, stored: Stored<'_>) -> Result<(), Malformed> {
        let view = RecordView::parse(stored.record)?;
        let at = Moment(view.observed_time_unix_nano.max(view.time_unix_nano));
        if view.event_name == EventName::Lifecycle.as_str() {
            self.lifecycle(&view)?;
        } else {
            self.watch.heard(at);
        }
        if view.time_unix_nano >= self.window.until {
            return Ok(());
        }
        let workload = self.workload(stored.resource)?;
        if view.event_name == EventName::Coverage.as_str() {
            self.outlook.take(&workload, &view)?;
        }
        if !self.window.contains(view.time_unix_nano) {
            return Ok(());
        }
        self.totals.records += 1;
        let time = Moment(view.time_unix_nano);
        self.totals.first = Some(self.totals.first.map_or(time, |first| first.min(time)));
        self.totals.last = self.totals.last.max(Some(time));
        if view.event_name == EventName::Loss.as_str() {
            return self.loss(&view);
        }
        let access = Access::read(&view)?;
        if let Some(kind) = access.kind(view.event_name) {
            self.access(&workload, kind, &access, view.time_unix_nano)?;
        }
        Ok(())
    }

    pub(super) fn unreadable(&mut self) {
        self.totals.unreadable += 1;
    }

    pub(super) fn missing(&mut self, records: u64) {
        self.totals.missing += records;
    }

    pub(super) fn facts(self, growing: bool) -> Facts {
        let reasons = |ranking: Ranking<1>| {
            ranking.ranked(|[reason], counts| Reason {
                reason: reason.to_owned(),
                accesses: counts.accesses,
            })
        };
        Facts {
            totals: self.totals,
            course: self.volumes.course(),
            principals: self
                .uses
                .ranked(|[name, issuer, source, workload], counts| Use {
                    principal: present(name),
                    issuer: present(issuer),
                    source: present(source),
                    workload: present(workload),
                    counts,
                }),
            callers: passages(self.callers),
            destinations: passages(self.destinations),
            failures: self
                .failures
                .ranked(|[outcome, workload, other], counts| Failure {
                    outcome: outcome.to_owned(),
                    workload: present(workload),
                    other_end: present(other),
                    counts,
                }),
            incomplete: reasons(self.incomplete),
            unnamed: reasons(self.unnamed),
            unidentified: reasons(self.unidentified),
            losses: self
                .losses
                .ranked(|[stage, reason, unit, direction], counts| Loss {
                    stage: stage.to_owned(),
                    reason: reason.to_owned(),
                    unit: unit.to_owned(),
                    direction: present(direction),
                    lost: counts.accesses,
                }),
            silences: self.watch.finish(growing),
            coverage: self.outlook.coverage(),
        }
    }

    fn access(
        &mut self,
        workload: &str,
        kind: Kind,
        access: &Access<'_>,
        time: u64,
    ) -> Result<(), Malformed> {
        let weight = access.weight();
        let (failed, refused) = (access.is_failed(), access.is_refused());
        let counts = Counts {
            accesses: weight,
            failed: if failed { weight } else { 0 },
            refused: if refused { weight } else { 0 },
            bytes: access.received.saturating_add(access.sent) as u64,
        };
        self.totals.add(kind, access, counts);
        self.volumes.add(
            time,
            Volume {
                succeeded: if failed || refused { 0 } else { weight },
                refused: if refused && !failed { weight } else { 0 },
                failed: counts.failed,
                lost: 0,
            },
        );
        let peer = access.peer();
        if access.direction == "outbound" {
            let destination = access.destination();
            let parts = [workload, destination.as_str(), access.peer_kind];
            self.destinations.add(parts, counts);
        } else {
            self.inbound(workload, kind, access, counts);
            self.callers
                .add([&peer, workload, access.peer_kind], counts);
        }
        if let Some(outcome) = access.outcome() {
            self.failures.add([&outcome, workload, &peer], counts);
        }
        if !access.unidentified.is_empty() {
            let reason = named(access.unidentified);
            self.unidentified.add([&reason], counts);
        }
        if let Some(Value::Array(reasons)) = access.incomplete {
            grow(&mut self.totals.incomplete, weight);
            for reason in reasons {
                let reason = reason?.as_text().map(named).unwrap_or_default();
                self.incomplete.add([&reason], counts);
            }
        }
        Ok(())
    }

    /// Who asked, where somebody was asked.
    fn inbound(&mut self, workload: &str, kind: Kind, access: &Access<'_>, counts: Counts) {
        if kind == Kind::Connection {
            return;
        }
        if let Some(principal) = access.principal() {
            grow(&mut self.totals.with_principal, counts.accesses);
            let parts = [
                &named(principal),
                &named(access.issuer),
                access.source,
                workload,
            ];
            self.uses.add(parts, counts);
        } else {
            grow(&mut self.totals.without_principal, counts.accesses);
            let reason = named(access.unnamed);
            self.unnamed.add([&reason], counts);
        }
    }

    fn loss(&mut self, view: &RecordView<'_>) -> Result<(), Malformed> {
        let (mut id, mut stage, mut reason, mut unit, mut direction) = ("", "", "", "", "");
        let mut lost = 0;
        for attribute in view.attributes {
            let (key, value) = attribute?;
            let place = match key {
                a::RECORD_ID => &mut id,
                a::LOSS_STAGE => &mut stage,
                a::LOSS_REASON => &mut reason,
                a::LOSS_UNIT => &mut unit,
                a::DIRECTION => &mut direction,
                a::LOSS_COUNT => {
                    lost = value.as_int().unwrap_or(0).max(0) as u64;
                    continue;
                }
                _ => continue,
            };
            *place = value.as_text().unwrap_or_default();
        }
        if !self.told.is_new(id) {
            return Ok(());
        }
        let parts = [stage, reason, unit, direction].map(named);
        let counts = Counts {
            accesses: lost,
            ..Counts::default()
        };
        self.losses
            .add(parts.each_ref().map(String::as_str), counts);
        self.totals.loss_records += 1;
        // Names are not accesses.
        if stage == IDENTITY {
            return Ok(());
        }
        if stage == DELIVERY {
            grow(&mut self.totals.undelivered, lost);
            return Ok(());
        }
        grow(&mut self.totals.lost, lost);
        let volume = Volume {
            lost,
            ..Volume::default()
        };
        self.volumes.add(view.time_unix_nano, volume);
        Ok(())
    }

    fn lifecycle(&mut self, view: &RecordView<'_>) -> Result<(), Malformed> {
        let at = Moment(view.time_unix_nano);
        for attribute in view.attributes {
            match attribute? {
                (a::LIFECYCLE_STATE, Value::Text("started")) => self.watch.started(at),
                (a::LIFECYCLE_STATE, Value::Text("stopped")) => self.watch.stopped(at),
                _ => {}
            }
        }
        Ok(())
    }

    fn workload(&mut self, resource: &Arc<[u8]>) -> Result<Arc<str>, Malformed> {
        let address = resource.as_ptr() as usize;
        if let Some((_, name)) = self.workloads.get(&address) {
            return Ok(Arc::clone(name));
        }
        let name: Arc<str> = workload(resource)?.into();
        if self.workloads.len() == MAX_RESOURCES {
            self.workloads.clear();
        }
        let entry = (Arc::clone(resource), Arc::clone(&name));
        self.workloads.insert(address, entry);
        Ok(name)
    }
}

fn passages(ranking: Ranking<3>) -> Ranked<Passage> {
    ranking.ranked(|[from, to, kind], counts| Passage {
        from: present(from),
        to: present(to),
        peer_kind: present(kind),
        counts,
    })
}

fn present(part: &str) -> Option<String> {
    (!part.is_empty()).then(|| part.to_owned())
}
