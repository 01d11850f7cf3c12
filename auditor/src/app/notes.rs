//! Records that the journal makes of itself: sealed where they are made, by the same stages.

use std::sync::Arc;

use crate::{
    clock::Clock,
    identity::{Resolved, Workload},
    record::{Fact, Loss, Recorder},
    redact::{Redactor, Sealed},
    telemetry::Standing,
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

/// What destinations will not get and was not told of yet.
pub(super) fn undelivered(standing: &Standing) -> Vec<Fact> {
    let undelivered = standing.take_undelivered().into_iter();
    let fact = undelivered.map(|missed| {
        Fact::Loss(Loss {
            destination: Some(missed.destination.into()),
            within: Some(missed.within),
            ..lost("export", missed.reason, missed.count)
        })
    });
    fact.collect()
}

/// A loss of records, at this moment.
pub(super) fn lost(stage: &'static str, reason: &'static str, count: u64) -> Loss {
    let now = Clock::boot_now();
    Loss {
        stage,
        reason,
        unit: "record",
        destination: None,
        within: None,
        inbound: None,
        count,
        first_ns: now,
        last_ns: now,
    }
}
