//! A pod, stripped to what records say of it.

use std::{net::IpAddr, sync::Arc};

use crate::identity::known::{Known, Why};

/// A pod. Its uid is never given to another; its name and addresses are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pod {
    /// As in the control-group path: of a static pod the hash of its configuration, of all others
    /// `metadata.uid`.
    pub uid: Arc<str>,
    /// Of a static pod `metadata.uid` of its mirror, which is what the API calls it.
    pub mirror_uid: Option<Arc<str>>,
    pub namespace: Arc<str>,
    pub name: Arc<str>,
    /// Where it runs; the runtime does not say.
    pub node: Option<Arc<str>>,
    /// Of its own; empty while it has none yet, and of a pod on the host's network.
    pub addresses: Vec<IpAddr>,
    pub host_network: bool,
    /// Nearest first: the replica set, then its deployment.
    pub owners: Vec<Owner>,
    /// `metadata.uid` of the first of them, where the API server told of the pod.
    pub controller: Option<Arc<str>>,
    /// Why the last of them may have an owner itself, or the pod one where there is none.
    pub owner_unknown: Option<Why>,
    pub containers: Vec<PodContainer>,
    pub audit: Option<AuditScope>,
    /// When it was created by its own cluster's clock, seconds since the epoch.
    pub created: Option<i64>,
    /// Since when one of its containers runs that still does, by its node's clock, seconds since
    /// the epoch. It had its addresses by then.
    pub running_since: Option<i64>,
    /// It was told to end; until it has, its addresses are its own.
    pub deleting: bool,
    /// All its containers have ended for good: its addresses are free.
    pub ended: bool,
}

/// What controls a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Owner {
    pub kind: OwnerKind,
    pub name: Arc<str>,
}

/// `as_str` is the kind's name in Kubernetes.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum OwnerKind {
    Deployment,
    ReplicaSet,
    StatefulSet,
    DaemonSet,
    Job,
    CronJob,
    /// The node itself: a static pod.
    Node,
    Other(Arc<str>),
}

/// A container of a pod.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PodContainer {
    /// Without the scheme of the runtime.
    pub id: Arc<str>,
    pub name: Arc<str>,
    pub image: Option<Arc<str>>,
}

/// What the label `auditor.dev/audit` of a pod or its namespace asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum AuditScope {
    Off,
    Connections,
    Full,
}

impl Pod {
    /// `k8s.pod.uid`: the API's where there is one.
    pub fn api_uid(&self) -> &Arc<str> {
        self.mirror_uid.as_ref().unwrap_or(&self.uid)
    }

    /// What a person calls the workload: the outermost owner, or the pod itself where it has none.
    pub fn workload(&self) -> Known<Owner> {
        if let Some(why) = self.owner_unknown {
            return Known::Absent(why);
        }
        Known::Value(self.outermost())
    }

    /// Of the owners that are known, or the pod itself.
    pub fn outermost(&self) -> Owner {
        let mut owners = self.owners.iter().rev();
        let owner = owners.find(|owner| owner.kind != OwnerKind::Node);
        owner.cloned().unwrap_or_else(|| Owner {
            kind: OwnerKind::Other("Pod".into()),
            name: Arc::clone(&self.name),
        })
    }

    /// Whether its controller has one itself, as a rule.
    pub fn has_owned_controller(&self) -> bool {
        let kind = self.owners.first().map(|owner| &owner.kind);
        matches!(kind, Some(OwnerKind::ReplicaSet | OwnerKind::Job))
    }

    /// `service.name`: of the workload, or of the pod until that is known.
    pub fn service_name(&self, workload: &Known<Owner>) -> Arc<str> {
        match workload {
            Known::Value(owner) => Arc::clone(&owner.name),
            Known::Absent(_) => Arc::clone(&self.name),
        }
    }

    /// The addresses that are this pod's and nobody else's.
    pub fn own_addresses(&self) -> &[IpAddr] {
        if self.host_network {
            return &[];
        }
        &self.addresses
    }
}

impl OwnerKind {
    pub fn of(kind: &str) -> Self {
        match kind {
            "Deployment" => Self::Deployment,
            "ReplicaSet" => Self::ReplicaSet,
            "StatefulSet" => Self::StatefulSet,
            "DaemonSet" => Self::DaemonSet,
            "Job" => Self::Job,
            "CronJob" => Self::CronJob,
            "Node" => Self::Node,
            other => Self::Other(other.into()),
        }
    }

    pub fn as_str(&self) -> &str {
        match self {
            Self::Deployment => "Deployment",
            Self::ReplicaSet => "ReplicaSet",
            Self::StatefulSet => "StatefulSet",
            Self::DaemonSet => "DaemonSet",
            Self::Job => "Job",
            Self::CronJob => "CronJob",
            Self::Node => "Node",
            Self::Other(kind) => kind,
        }
    }
}

impl AuditScope {
    pub const LABEL: &str = "auditor.dev/audit";

    /// `None` for a value that means nothing.
    pub fn of(label: &str) -> Option<Self> {
        match label {
            "off" => Some(Self::Off),
            "connections" => Some(Self::Connections),
            "full" => Some(Self::Full),
            _ => None,
        }
    }
}
