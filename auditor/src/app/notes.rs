//! Records that the journal makes of itself: sealed where they are made, by the same stages.

use std::sync::Arc;

use crate::{
    identity::{Resolved, Workload},
    record::{Fact, Recorder},
    redact::{Redactor, Sealed},
};

/// Makes records about the node itself.
pub(super) struct Notes {
    recorder: Recorder,
    redactor: Redactor,
    auditor: Arc<Workload>,
    made: u64,
}

impl Notes {
    /// `auditor` is the workload that such records are about.
    pub(super) fn new(redactor: Redactor, auditor: Arc<Workload>) -> Self {
        Self {
            recorder: Recorder::default(),
            redactor,
            auditor,
            made: 0,
        }
    }

    pub(super) fn seal(&mut self, fact: Fact) -> Sealed {
        self.recorder.refresh();
        let record = self.recorder.node(fact);
        self.made += 1;
        self.redactor.seal(&Resolved::about(&self.auditor, record))
    }

    pub(super) fn auditor(&self) -> &Workload {
        &self.auditor
    }

    /// How many were made so far.
    pub(super) fn made(&self) -> u64 {
        self.made
    }
}
