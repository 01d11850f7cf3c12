//! What the records of a period say: the facts of the report, in both of its forms.

use serde::Serialize;

use super::access::{Access, Kind};
use super::coverage::Coverage;
use super::moment::Moment;
use super::ranking::{Counts, Ranked, grow};
use super::silence::Silences;
use super::volume::Course;

#[derive(Clone, Debug, Serialize)]
pub struct Facts {
    pub totals: Totals,
    pub course: Course,
    /// Who, by the words of the request, accessed which workload.
    pub principals: Ranked<Use>,
    /// Which other end accessed which workload.
    pub callers: Ranked<Passage>,
    /// Which workload called whom.
    pub destinations: Ranked<Passage>,
    pub failures: Ranked<Failure>,
    /// What is missing from records of accesses.
    pub incomplete: Ranked<Reason>,
    /// Why requests have no principal.
    pub unnamed: Ranked<Reason>,
    /// Why something about the audited workload is absent.
    pub unidentified: Ranked<Reason>,
    pub losses: Ranked<Loss>,
    pub silences: Silences,
    pub coverage: Coverage,
}

/// Exact, whatever the tables leave out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Totals {
    pub records: u64,
    pub first: Option<Moment>,
    pub last: Option<Moment>,
    /// Interactions: exchanges, and connections of which no exchange is known.
    pub accesses: u64,
    pub inbound: u64,
    pub outbound: u64,
    pub exchanges: u64,
    pub connections: u64,
    /// Inbound exchanges, by whether the request presents a principal.
    pub with_principal: u64,
    pub without_principal: u64,
    pub failed: u64,
    pub refused: u64,
    pub denied: u64,
    pub would_deny: u64,
    /// By class of the status: 1xx to 5xx.
    pub statuses: [u64; 5],
    pub bytes_received: u64,
    pub bytes_sent: u64,
    pub incomplete: u64,
    pub loss_records: u64,
    pub lost: u64,
    /// Not lost here: in the journal, but a destination did not get it.
    pub undelivered: u64,
    /// Records that the journal no longer has, and records that can't be read.
    pub missing: u64,
    pub unreadable: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Use {
    pub principal: Option<String>,
    pub issuer: Option<String>,
    pub source: Option<String>,
    pub workload: Option<String>,
    #[serde(flatten)]
    pub counts: Counts,
}

#[derive(Clone, Debug, Serialize)]
pub struct Passage {
    pub from: Option<String>,
    pub to: Option<String>,
    pub peer_kind: Option<String>,
    #[serde(flatten)]
    pub counts: Counts,
}

#[derive(Clone, Debug, Serialize)]
pub struct Failure {
    pub outcome: String,
    pub workload: Option<String>,
    pub other_end: Option<String>,
    #[serde(flatten)]
    pub counts: Counts,
}

#[derive(Clone, Debug, Serialize)]
pub struct Reason {
    pub reason: String,
    pub accesses: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Loss {
    pub stage: String,
    pub reason: String,
    pub unit: String,
    pub direction: Option<String>,
    pub lost: u64,
}

// === impl Passage ===

impl Passage {
    pub(super) fn is_external(&self) -> bool {
        self.peer_kind.as_deref() == Some("external")
    }
}

// === impl Totals ===

impl Totals {
    pub(super) fn add(&mut self, kind: Kind, access: &Access<'_>, counts: Counts) {
        let weight = counts.accesses;
        grow(&mut self.accesses, weight);
        match access.direction {
            "inbound" => grow(&mut self.inbound, weight),
            "outbound" => grow(&mut self.outbound, weight),
            _ => {}
        }
        match kind {
            Kind::Exchange => grow(&mut self.exchanges, weight),
            Kind::Connection => grow(&mut self.connections, weight),
        }
        match access.decision {
            "deny" => grow(&mut self.denied, weight),
            "would_deny" => grow(&mut self.would_deny, weight),
            _ => {}
        }
        let class = access
            .status
            .and_then(|status| usize::try_from(status / 100 - 1).ok());
        if let Some(count) = class.and_then(|class| self.statuses.get_mut(class)) {
            grow(count, weight);
        }
        grow(&mut self.failed, counts.failed);
        grow(&mut self.refused, counts.refused);
        grow(&mut self.bytes_received, access.received as u64);
        grow(&mut self.bytes_sent, access.sent as u64);
    }
}
