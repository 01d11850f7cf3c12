//! Workloads nothing of which is in scope: the kernel programs are told to pass them by.
//!
//! A workload is found to be one when a record of it is dropped, so that nobody is asked about
//! workloads that do nothing.

use std::{collections::HashMap, sync::Arc};

use super::{Running, Understanding};
use crate::{
    identity::{AuditScope, Resolved, Workload},
    kernel::LeftOutWriter,
    scope::Scope,
    session::ConnectionFacts,
};

/// What the kernel was told.
pub(in crate::app) struct LeftOut {
    writer: LeftOutWriter,
    /// One connection of each, by control group, to find the workload by once more.
    groups: HashMap<u64, Arc<ConnectionFacts>>,
    /// Of the names by which they were judged.
    generation: u64,
}

impl LeftOut {
    pub(in crate::app) fn new(writer: LeftOutWriter) -> Self {
        Self {
            writer,
            groups: HashMap::new(),
            generation: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.groups.len()
    }

    fn add(&mut self, connection: &Arc<ConnectionFacts>) {
        if self.groups.len() >= LeftOutWriter::ROOM {
            // Of most the containers are long gone.
            for cgroup_id in std::mem::take(&mut self.groups).into_keys() {
                self.writer.take_back(cgroup_id);
            }
        }
        let cgroup_id = connection.owner.cgroup_id;
        if self.writer.leave_out(cgroup_id) {
            self.groups.insert(cgroup_id, Arc::clone(connection));
        }
    }
}

impl Running {
    /// A record was not admitted: perhaps none of its workload ever is.
    pub(super) fn leave_out(&mut self, resolved: &Resolved) {
        let Some(connection) = resolved.record.connection() else {
            return;
        };
        let is_told = self
            .stages
            .left_out
            .groups
            .contains_key(&connection.owner.cgroup_id);
        if is_told || !is_left_out(&self.stages.scope, &resolved.workload) {
            return;
        }
        if self.stages.identifier.of_group(connection).is_some() {
            self.stages.left_out.add(connection);
        }
    }

    /// The names of workloads may have changed.
    pub(super) fn learn_left_out(&mut self) {
        let generation = self.stages.identifier.generation();
        if self.stages.left_out.generation != generation {
            self.stages.left_out.generation = generation;
            self.judge_left_out();
        }
    }

    /// Takes those back of which something is in scope now.
    pub(super) fn judge_left_out(&mut self) {
        let Understanding {
            identifier,
            scope,
            left_out: LeftOut { writer, groups, .. },
            ..
        } = &mut self.stages;
        groups.retain(|cgroup_id, connection| {
            let workload = identifier.of_group(connection);
            let stays = workload.is_some_and(|workload| is_left_out(scope, &workload));
            if !stays {
                writer.take_back(*cgroup_id);
            }
            stays
        });
    }
}

fn is_left_out(scope: &Scope, workload: &Workload) -> bool {
    workload.audit() == AuditScope::Off || scope.leaves_out(workload)
}
