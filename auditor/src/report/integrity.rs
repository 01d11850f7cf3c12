//! What verification says, as facts.

use serde::Serialize;

use super::moment::Moment;
use crate::verify::Statement;

#[derive(Clone, Debug, Serialize)]
pub struct Integrity {
    /// Complete and unchanged, as far as checkpoints cover it.
    pub holds: bool,
    /// The statement of `auditor verify`, a line each.
    pub statement: Vec<String>,
    /// In the text form of C2SP signed-note.
    pub public_key: String,
    /// The key was taken from the journal itself, not from elsewhere.
    pub own_key: bool,
    pub segments: u64,
    /// Sequences: the first record kept, the next to come, and the first no checkpoint covers.
    pub first: u64,
    pub next: u64,
    pub covered: u64,
    pub checkpoints: u64,
    pub last_checkpoint: Option<Moment>,
    /// Checkpoints from off the node that the journal agrees with.
    pub confirmed: u64,
    pub findings: u64,
    /// Old damage that was signed as such since.
    pub scars: u64,
    pub removed_undelivered: u64,
}

// === impl Integrity ===

impl Integrity {
    pub(super) fn of(statement: &Statement) -> Self {
        let report = &statement.report;
        Self {
            holds: report.holds(),
            statement: statement.render().lines().map(str::to_owned).collect(),
            public_key: statement.public_key.clone(),
            own_key: statement.own_key,
            segments: report.segments as u64,
            first: report.first,
            next: report.next,
            covered: report.covered,
            checkpoints: report.checkpoints,
            last_checkpoint: report.last_checkpoint.map(Moment::of_seconds),
            confirmed: report.confirmed,
            findings: report.findings.len() as u64,
            scars: report.scars.len() as u64,
            removed_undelivered: report.removed_undelivered,
        }
    }

    /// Held against something that whoever can write to the directory can't change.
    pub(super) fn is_independent(&self) -> bool {
        !self.own_key && self.confirmed > 0
    }
}
