//! Holds exported records against those of the journal.

use std::fmt::Write as _;
use std::ops::{ControlFlow, Range};

use serde::Serialize;

use super::exported::{Entry, Exported};
use super::text;
use crate::export::stdout::json_line;
use crate::journal::{Disk, JournalError, Stored, stretches};
use crate::record::attribute;

/// Listed one by one; the rest of a file that is worse than this is counted.
const MAX_LISTED: usize = 1000;

/// Whether the records of a file are those of the journal.
#[derive(Debug, Default, Serialize)]
pub struct Comparison {
    /// Records of the file, each counted once.
    pub records: u64,
    /// From the first to behind the last of them, by sequence.
    pub range: Range<u64>,
    /// Records that stand there more than once.
    pub again: u64,
    pub discrepancies: Vec<Discrepancy>,
    /// Those that are not listed.
    pub unlisted: u64,
}

/// Something in the file that is not as in the journal.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Discrepancy {
    /// In the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// By sequence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub records: Option<Range<u64>>,
    pub mistake: Mistake,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(rename_all = "snake_case")]
pub enum Mistake {
    #[error("no record of the auditor")]
    Unreadable,
    #[error("not as the journal has it")]
    Changed,
    #[error("not in the journal: inserted, or removed there by retention")]
    Unknown,
    #[error("missing from the file")]
    Missing,
    #[error("not in the order of the journal")]
    Order,
}

// === impl Comparison ===

impl Comparison {
    /// Needs memory for the records of the file, not for the journal.
    pub(super) fn of(disk: &impl Disk, mut exported: Exported) -> Result<Self, JournalError> {
        let mut comparison = Self {
            records: exported.records.len() as u64,
            again: exported.again,
            ..Self::default()
        };
        for discrepancy in std::mem::take(&mut exported.discrepancies) {
            comparison.list(discrepancy);
        }
        let mut last = None;
        for stretch in stretches(disk)? {
            stretch.read(disk, |stored| {
                let id = text(&stored, attribute::RECORD_ID);
                let entry = id.and_then(|id| exported.records.get_mut(id));
                if let Some(entry) = entry.filter(|entry| !entry.found) {
                    entry.found = true;
                    comparison.meet(&stored, entry, last.replace(entry.line));
                }
                ControlFlow::Continue(())
            })?;
        }
        let mut unknown: Vec<_> = exported.records.into_iter().collect();
        unknown.retain(|(_, entry)| !entry.found);
        unknown.sort_by_key(|(_, entry)| entry.line);
        for (id, entry) in unknown {
            comparison.list(Discrepancy {
                line: Some(entry.line),
                id: Some(id),
                records: None,
                mistake: Mistake::Unknown,
            });
        }
        Ok(comparison)
    }

    pub fn holds(&self) -> bool {
        self.discrepancies.is_empty()
    }

    /// `last`: the line of the record before this one. A request has its records by workload, so
    /// lines are all the order there is.
    fn meet(&mut self, stored: &Stored<'_>, entry: &Entry, last: Option<u64>) {
        let sequence = stored.sequence;
        if last.is_none() {
            self.range = sequence..sequence;
        }
        if self.range.end < sequence {
            self.list(Discrepancy {
                line: None,
                id: None,
                records: Some(self.range.end..sequence),
                mistake: Mistake::Missing,
            });
        }
        self.range.end = sequence + 1;
        let at = |mistake| Discrepancy {
            line: Some(entry.line),
            id: text(stored, attribute::RECORD_ID).map(str::to_owned),
            records: Some(sequence..sequence + 1),
            mistake,
        };
        if flat(stored).is_none_or(|flat| flat != entry.flat) {
            self.list(at(Mistake::Changed));
        }
        if last.is_some_and(|last| last > entry.line) {
            self.list(at(Mistake::Order));
        }
    }

    fn list(&mut self, discrepancy: Discrepancy) {
        if self.discrepancies.len() < MAX_LISTED {
            self.discrepancies.push(discrepancy);
        } else {
            self.unlisted += 1;
        }
    }

    pub(super) fn render(&self) -> String {
        let Self { records, again, .. } = self;
        let range = &self.range;
        let verdict = if self.holds() {
            "as the journal has them"
        } else {
            "NOT as the journal has them"
        };
        let mut text = format!(
            "{verdict}: {records} exported records, from {} up to {} of the journal ({again} came again)\n",
            range.start, range.end
        );
        for Discrepancy {
            line,
            id,
            records,
            mistake,
        } in &self.discrepancies
        {
            text.push(' ');
            if let Some(line) = line {
                let _ = write!(text, " line {line}");
            }
            if let Some(id) = id {
                let _ = write!(text, " {id}");
            }
            if let Some(records) = records {
                let _ = write!(text, " from {} up to {}", records.start, records.end);
            }
            let _ = writeln!(text, ": {mistake}");
        }
        if self.unlisted > 0 {
            let _ = writeln!(text, "and {} more", self.unlisted);
        }
        text
    }
}

/// The record in the form of `--output json`, with its keys in order.
fn flat(stored: &Stored<'_>) -> Option<String> {
    let mut line = Vec::new();
    json_line(&mut line, &stored.sealed()).ok()?;
    let flat: serde_json::Value = serde_json::from_slice(&line).ok()?;
    Some(flat.to_string())
}

#[cfg(test)]
mod tests;
