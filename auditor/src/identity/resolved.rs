//! A record with the workloads of both ends.

use std::sync::Arc;
use std::time::Duration;

use super::caller::Caller;
use super::resolver::{LocalProcess, Resolver, Role, SocketFacts};
use super::workload::Workload;
use crate::config::IdentitySettings;
use crate::record::{Fact, Record};
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
    /// Who calls, in the words of the request; `None` where there is no request to read.
    pub caller: Option<Caller>,
}

/// Resolves records.
#[derive(Debug)]
pub struct Identifier {
    resolver: Resolver,
    auditor: Arc<Workload>,
    settings: IdentitySettings,
}

impl Identifier {
    pub fn new(mut resolver: Resolver, settings: IdentitySettings) -> Self {
        let auditor = resolver.auditor();
        Self {
            resolver,
            auditor,
            settings,
        }
    }

    pub fn resolve(&mut self, record: Record) -> Resolved {
        let Some(connection) = record.connection() else {
            return Resolved {
                record,
                workload: Arc::clone(&self.auditor),
                process: None,
                other: None,
                caller: None,
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
        let caller = self.caller(&record);
        Resolved {
            record,
            workload,
            process: Some(process),
            other,
            caller,
        }
    }

    fn caller(&self, record: &Record) -> Option<Caller> {
        let Fact::Http {
            connection,
            inbound,
            exchange,
            ..
        } = &record.fact
        else {
            return None;
        };
        let head = exchange.request.as_ref()?.head.as_ref()?;
        let sender = if *inbound {
            connection.peer
        } else {
            connection.local
        };
        Some(Caller::of(head, sender.ip(), &self.settings))
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
