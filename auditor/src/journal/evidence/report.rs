//! What verification found.

use std::ops::Range;

use serde::Serialize;

/// Listed one by one; the rest of a journal that is worse than this is counted.
const MAX_FINDINGS: usize = 1000;

/// The state of a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The name of the key it was verified with.
    pub key: String,
    pub segments: usize,
    /// Sequence of the first record kept, and of the next record to come.
    pub first: u64,
    pub next: u64,
    /// The records below this are covered by a valid checkpoint, in the journal or given.
    pub covered: u64,
    /// Valid checkpoints in the journal.
    pub checkpoints: u64,
    /// Seconds since the epoch, by the last of them.
    pub last_checkpoint: Option<u64>,
    /// Given checkpoints that the journal agrees with.
    pub confirmed: u64,
    /// Given checkpoints about records that retention has removed all of.
    pub unchecked: u64,
    /// Records that retention removed before every destination had them.
    pub removed_undelivered: u64,
    /// Bytes in segments behind their ends, left by failed writes and crashes.
    pub remains: u64,
    /// Old damage, from crashes: what the daemon signed afterwards agrees with it.
    pub scars: Vec<Finding>,
    /// What is wrong.
    pub findings: Vec<Finding>,
    /// Scars and findings that are not listed.
    pub unlisted: u64,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub segment: Option<u64>,
    /// By sequence; empty where the records around are all there.
    pub records: Range<u64>,
    #[serde(flatten)]
    pub problem: Problem,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "problem", rename_all = "snake_case")]
pub enum Problem {
    #[error("something was changed, removed, inserted or put in another order")]
    Changed,
    #[error("bytes {from} to {to} of the file are no frame")]
    Damaged { from: u64, to: u64 },
    #[error("the last {bytes} bytes are no whole frame: a crash, or a cut")]
    Torn { bytes: u64 },
    #[error("missing")]
    Missing,
    #[error("the file is {bytes} bytes shorter than the segment was")]
    Shortened { bytes: u64 },
    #[error("the header of the segment is damaged")]
    Header,
    #[error("the resource that the record refers to is not there")]
    Resource,
    #[error("a frame's content is not of its kind")]
    Content,
    #[error("segments {first} to {last} are missing")]
    Segments { first: u64, last: u64 },
    #[error("the beginning was removed, up to segment {last}, and that was not announced")]
    Beginning { last: u64 },
    #[error("a checkpoint is signed by another key: {signer:?}")]
    ForeignKey { signer: String },
    #[error("a checkpoint is not valid: {reason}")]
    Checkpoint { reason: String },
    #[error("the journal ends before the {records} records of a given checkpoint")]
    Cut { records: u64 },
    #[error("the first {records} records are not those of a given checkpoint")]
    Differs { records: u64 },
    #[error("no checkpoint covers any record")]
    Unsigned,
}

// === impl Report ===

impl Report {
    /// Complete and unchanged, as far as checkpoints cover it.
    pub fn holds(&self) -> bool {
        self.findings.is_empty()
    }

    pub(super) fn find(&mut self, finding: Finding) {
        list(&mut self.findings, &mut self.unlisted, finding);
    }

    pub(super) fn scar(&mut self, finding: Finding) {
        list(&mut self.scars, &mut self.unlisted, finding);
    }
}

fn list(findings: &mut Vec<Finding>, unlisted: &mut u64, finding: Finding) {
    if findings.len() < MAX_FINDINGS {
        findings.push(finding);
    } else {
        *unlisted += 1;
    }
}
