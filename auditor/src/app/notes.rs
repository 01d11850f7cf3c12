//! Records about the journal and its destinations: sealed where they are made, by the same stages.

use std::{
    ops::Range,
    sync::{Arc, Mutex, PoisonError},
};

use crate::{
    clock::Clock,
    identity::{Resolved, Workload},
    record::{Fact, Loss, Recorder},
    redact::{Redactor, Sealed},
};

/// Makes records about the node itself, for whoever has a clone.
#[derive(Clone)]
pub(super) struct Notes {
    maker: Arc<Mutex<Maker>>,
    auditor: Arc<Workload>,
}

struct Maker {
    recorder: Recorder,
    redactor: Redactor,
}

impl Notes {
    /// `auditor` is the workload that such records are about.
    pub(super) fn new(redactor: Redactor, auditor: Arc<Workload>) -> Self {
        let recorder = Recorder::default();
        Self {
            maker: Arc::new(Mutex::new(Maker { recorder, redactor })),
            auditor,
        }
    }

    pub(super) fn seal(&self, fact: Fact) -> Sealed {
        let mut maker = self.maker.lock().unwrap_or_else(PoisonError::into_inner);
        maker.recorder.refresh();
        let record = maker.recorder.node(fact);
        maker.redactor.seal(&Resolved::about(&self.auditor, record))
    }

    pub(super) fn auditor(&self) -> &Workload {
        &self.auditor
    }
}

/// So many of the records between two sequences, which a destination will not get.
pub(super) fn undelivered(
    destination: &str,
    reason: &'static str,
    count: u64,
    within: Range<u64>,
) -> Fact {
    Fact::Loss(Loss {
        destination: Some(destination.into()),
        within: Some(within),
        ..lost("export", reason, count)
    })
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
