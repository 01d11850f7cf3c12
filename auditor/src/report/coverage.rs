//! What could be seen, and what was left out on purpose.

use std::collections::BTreeMap;

use serde::Serialize;

use super::access::named;
use super::moment::Moment;
use crate::export::view::{Malformed, RecordView, Value};
use crate::record::attribute as a;

/// Workloads whose state is remembered; what is beyond is counted.
const MAX_WORKLOADS: usize = 1000;
/// Of the words about gaps in one record.
const MAX_GAPS: usize = 50;

#[derive(Clone, Debug, Default, Serialize)]
pub struct Coverage {
    /// By the newest record about the node itself.
    pub tier: Option<String>,
    pub since: Option<Moment>,
    /// What this tier does not see.
    pub gaps: Vec<String>,
    /// Workloads that a label leaves out, in whole or in part, at the end of the period.
    pub exclusions: Vec<Exclusion>,
    pub unlisted: u64,
}

#[derive(Clone, Debug, Serialize)]
pub struct Exclusion {
    pub workload: String,
    pub state: String,
    pub since: Moment,
}

/// Follows what is told of coverage.
#[derive(Clone, Debug, Default)]
pub(super) struct Outlook {
    coverage: Coverage,
    workloads: BTreeMap<String, (String, Moment)>,
}

// === impl Outlook ===

impl Outlook {
    pub(super) fn take(&mut self, workload: &str, view: &RecordView<'_>) -> Result<(), Malformed> {
        let at = Moment(view.time_unix_nano);
        let (mut state, mut tier, mut gaps) = ("", "", Vec::new());
        for attribute in view.attributes {
            let (key, value) = attribute?;
            match (key, value) {
                (a::COVERAGE_STATE, Value::Text(text)) => state = text,
                (a::COVERAGE_TIER, Value::Text(text)) => tier = text,
                (a::COVERAGE_GAPS, Value::Array(values)) => {
                    for value in values.into_iter().take(MAX_GAPS) {
                        gaps.extend(value?.as_text().map(named));
                    }
                }
                _ => {}
            }
        }
        match state {
            "started" => {
                self.coverage.tier = Some(named(tier));
                self.coverage.since = Some(at);
                self.coverage.gaps = gaps;
            }
            "stopped" => {}
            "included" => {
                self.workloads.remove(workload);
            }
            _ if self.workloads.len() == MAX_WORKLOADS => self.coverage.unlisted += 1,
            _ => {
                self.workloads
                    .insert(workload.to_owned(), (named(state), at));
            }
        }
        Ok(())
    }

    pub(super) fn coverage(mut self) -> Coverage {
        let exclusions = self.workloads.into_iter();
        self.coverage.exclusions = exclusions
            .map(|(workload, (state, since))| Exclusion {
                workload,
                state,
                since,
            })
            .collect();
        self.coverage
    }
}
