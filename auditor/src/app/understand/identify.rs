//! From records to sealed ones: who, what is left out, and what waits for a name.

use std::{collections::HashMap, thread, time::Duration};

use super::{LEARN_INTERVAL, Running, admits};
use crate::{
    clock::Clock,
    identity::{AuditScope, MAX_WAIT, Moment, Resolved},
    record::{Coverage, Fact, Record},
};

/// Pods whose label was told of; a node has hundreds.
const MAX_LABELS: usize = 16_384;

/// What was told of the labels of pods, by uid.
#[derive(Debug, Default)]
pub(super) struct Labels(HashMap<String, AuditScope>);

impl Labels {
    /// No label was told of.
    fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Takes note of a pod's label; true if it is another one than was told.
    fn notice(&mut self, uid: &str, audit: AuditScope) -> bool {
        let told = self.0.get(uid).copied().unwrap_or(AuditScope::Full);
        if told == audit {
            return false;
        }
        if self.0.len() >= MAX_LABELS {
            self.0.clear();
        }
        self.0.insert(uid.to_owned(), audit);
        true
    }
}

impl Running {
    /// Takes in what sources of metadata have said since the last time.
    pub(super) fn learn(&mut self) {
        let mut learned = false;
        while let Ok(update) = self.stages.updates.try_recv() {
            let boot_ns = Clock::boot_now();
            let wall = Duration::from_nanos(self.recorder.wall(boot_ns));
            let now = Moment {
                boot_ns,
                wall_s: wall.as_secs() as i64,
            };
            self.stages.identifier.learn(update, now);
            learned = true;
        }
        if learned {
            self.learn_left_out();
            for (until, record) in self.waiting.take() {
                let resolved = self.stages.identifier.resolve(record);
                if resolved.may_improve {
                    self.waiting.keep(resolved.record, until);
                } else {
                    self.seal_named(resolved);
                }
            }
        }
        let now = Clock::boot_now();
        while let Some(record) = self.waiting.due(now) {
            self.stages.identifier.give_up(&record);
            let resolved = self.stages.identifier.resolve(record);
            self.seal_named(resolved);
        }
        self.flush();
    }

    /// Nothing more is captured: what waits gets the time that is left to it, `MAX_WAIT` at most.
    pub(super) fn seal_waiting(&mut self) {
        while !self.waiting.is_empty() {
            thread::sleep(LEARN_INTERVAL);
            self.learn();
        }
    }

    /// A record whose pod is still to be named waits for that, but not for long.
    pub(super) fn seal(&mut self, record: Record) {
        let resolved = self.stages.identifier.resolve(record);
        if resolved.may_improve {
            let until = Clock::boot_now() + MAX_WAIT.as_nanos() as u64;
            self.waiting.keep(resolved.record, until);
        } else {
            self.seal_named(resolved);
        }
    }

    fn seal_named(&mut self, resolved: Resolved) {
        if !self.label_admits(&resolved) || !admits(&self.stages.scope, &resolved) {
            self.account.out_of_scope += 1;
            self.leave_out(&resolved);
            return;
        }
        self.stages.aggregator.step(resolved, &mut self.resolved);
        self.seal_resolved();
    }

    /// What the label of the pod admits. That something is left out is told.
    fn label_admits(&mut self, resolved: &Resolved) -> bool {
        let workload = &resolved.workload;
        let audit = workload.audit();
        // Nothing is left out, and nothing was before: so it is on most nodes.
        if audit == AuditScope::Full && self.labels.is_empty() {
            return true;
        }
        if let Some(uid) = workload.attribute("k8s.pod.uid")
            && self.labels.notice(uid, audit)
        {
            let coverage = Coverage {
                state: match audit {
                    AuditScope::Off => "excluded",
                    AuditScope::Connections => "connections_only",
                    AuditScope::Full => "included",
                },
                tier: "base",
                gaps: Vec::new(),
            };
            let record = self.recorder.node(Fact::Coverage(coverage));
            let about = Resolved::about(workload, record);
            self.resolved.push(about);
            self.seal_resolved();
        }
        match audit {
            AuditScope::Full => true,
            AuditScope::Connections => !matches!(resolved.record.fact, Fact::Http { .. }),
            AuditScope::Off => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Labels;
    use crate::identity::AuditScope::{Connections, Full, Off};

    #[test]
    fn a_label_is_told_when_it_changes() {
        let mut labels = Labels::default();
        let told: Vec<_> = [Full, Off, Off, Connections, Full, Full]
            .map(|audit| labels.notice("pod", audit))
            .into();
        assert_eq!(told, [false, true, false, true, true, false]);
        assert!(labels.notice("another", Off));
    }
}
