//! A record with the workloads of both ends.

use std::sync::Arc;
use std::time::Duration;

use super::resolver::{LocalProcess, Resolver, Role, SocketFacts};
use super::workload::Workload;
use crate::record::Record;
use crate::session::{self, ConnectionFacts};

/// A record of which it is known whose it is.
#[derive(Debug)]
pub struct Resolved {
    pub record: Record,
    /// The audited workload; the auditor itself for records about the node.
    pub workload: Arc<Workload>,
    /// The process of the audited end; `None` for records about the node.
    pub process: Option<LocalProcess>,
    /// The workload of the other end, where that is a socket of this node.
    pub other: Option<Arc<Workload>>,
}

/// Resolves records.
#[derive(Debug)]
pub struct Identifier {
    resolver: Resolver,
    auditor: Arc<Workload>,
}

impl Identifier {
    pub fn new(mut resolver: Resolver) -> Self {
        let auditor = resolver.auditor();
        Self { resolver, auditor }
    }

    pub fn resolve(&mut self, record: Record) -> Resolved {
        let Some(connection) = record.connection() else {
            return Resolved {
                record,
                workload: Arc::clone(&self.auditor),
                process: None,
                other: None,
            };
        };
        // The process was there when the connection was opened, so one that is younger is not it.
        let socket = socket(connection);
        let opened = Duration::from_nanos(connection.opened.0);
        let workload = self.resolver.workload(&socket, opened);
        let process = self.resolver.process(&socket, opened);
        let other = connection.other.as_deref().map(|other| {
            let opened = Duration::from_nanos(other.opened.0);
            self.resolver.workload(&self::socket(other), opened)
        });
        Resolved {
            record,
            workload,
            process: Some(process),
            other,
        }
    }
}

fn socket(connection: &ConnectionFacts) -> SocketFacts<'_> {
    let process = connection.owner.process.as_ref();
    SocketFacts {
        cgroup_id: connection.owner.cgroup_id,
        pid: process.map(|p| p.pid),
        uid: process.map(|p| p.uid),
        comm: process.map_or("", |p| &p.comm),
        local: connection.local,
        role: match connection.role {
            session::Role::Active => Role::Connected,
            session::Role::Passive => Role::Accepted,
            session::Role::Unseen => Role::Unseen,
        },
    }
}
