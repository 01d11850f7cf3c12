//! What a selector can ask about.

use std::net::IpAddr;

use crate::{
    identity::{Resolved, Workload},
    protocol::Exchange,
    record::Fact,
};

/// One access, as far as it is known.
#[derive(Clone, Copy, Debug)]
pub struct Facts<'a> {
    /// Seen from the audited workload.
    pub direction: Direction,
    pub server_port: u16,
    pub peer: IpAddr,
    pub names: Names<'a>,
    pub executable: Option<&'a str>,
    /// Of an HTTP request, without the query.
    pub path: Option<&'a str>,
}

/// What is the same of every access of a workload.
#[derive(Clone, Copy, Debug, Default)]
pub struct Names<'a> {
    pub service_name: Option<&'a str>,
    pub container_id: Option<&'a str>,
    pub namespace: Option<&'a str>,
    pub pod: Option<&'a str>,
    pub pod_uid: Option<&'a str>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    Inbound,
    Outbound,
}

// === impl Facts ===

impl<'a> Facts<'a> {
    /// `None` for a record about the node itself. Accesses in sum are alike in what is asked.
    pub fn of(resolved: &'a Resolved) -> Option<Self> {
        let (inbound, path) = match &resolved.record.fact {
            Fact::Http {
                inbound, exchange, ..
            } => (Some(*inbound), path(exchange)),
            Fact::Aggregate(sum) => (Some(sum.inbound), path(&sum.first)),
            Fact::Opened { inbound, .. }
            | Fact::Ongoing { inbound, .. }
            | Fact::Connection { inbound, .. } => (*inbound, None),
            _ => return None,
        };
        let connection = resolved.record.connection()?;
        // Of a connection whose opener is not known, the side with the lower port serves.
        let inbound = inbound.unwrap_or(connection.local.port() < connection.peer.port());
        let process = resolved.process.as_ref();
        Some(Self {
            direction: if inbound {
                Direction::Inbound
            } else {
                Direction::Outbound
            },
            server_port: connection.server_port(inbound),
            peer: connection.peer.ip(),
            names: Names::of(&resolved.workload),
            executable: process.and_then(|p| p.executable.value().map(|e| &**e)),
            path,
        })
    }
}

impl<'a> Names<'a> {
    pub fn of(workload: &'a Workload) -> Self {
        Self {
            service_name: workload.attribute("service.name"),
            container_id: workload.container().map(|c| c.id.as_str()),
            namespace: workload.attribute("k8s.namespace.name"),
            pod: workload.attribute("k8s.pod.name"),
            pod_uid: workload.attribute("k8s.pod.uid"),
        }
    }
}

fn path(exchange: &Exchange) -> Option<&str> {
    let head = exchange.request.as_ref()?.head.as_ref()?;
    std::str::from_utf8(head.target()?).ok()
}
