//! What the sources of metadata say: the API server, the container runtime.
//!
//! Sources run on the runtime and send [`Update`]s over one bounded channel; the thread that
//! understands records owns the [`super::Directory`] they go into, so nothing is locked.

mod pod;

use std::{net::IpAddr, sync::Arc};

use super::known::Known;
pub use pod::{AuditScope, Owner, OwnerKind, Pod, PodContainer};

/// Who says so, and of what. Each is a list that is kept up to date.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// The API server, of the pods of this node.
    Kubernetes,
    /// The container runtime, of the pods of this node.
    Cri,
    /// The API server, of the pods of all other nodes.
    Cluster,
    /// The API server, of services.
    Services,
    /// The API server, of nodes: of this one, or of all.
    Nodes,
    /// The API server, of namespaces with a label that says what is audited.
    Namespaces,
}

impl Source {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Kubernetes => "pods of this node",
            Self::Cri => "container runtime",
            Self::Cluster => "pods of other nodes",
            Self::Services => "services",
            Self::Nodes => "nodes",
            Self::Namespaces => "namespaces",
        }
    }
}

/// A change to what is known, in the order in which the source learned of it.
#[derive(Clone, Debug)]
pub enum Update {
    Pod(Source, Arc<Pod>),
    /// The source has seen the pod of this `Pod::uid` go.
    PodGone(Source, Arc<str>),
    /// What owns the controller of this uid; none where that is the outermost owner.
    Owner {
        of: Arc<str>,
        owner: Known<Option<Owner>>,
    },
    Service(Service),
    ServiceGone {
        namespace: Arc<str>,
        name: Arc<str>,
    },
    Node(Node),
    NodeGone(Arc<str>),
    /// What the label of the namespace of this name asks for, or no longer does.
    Namespace(Arc<str>, Option<AuditScope>),
    /// A complete list begins: what the source does not name until `ListEnd` is gone.
    ListBegin(Source),
    ListEnd(Source),
    /// So many of what a list names are too large or can't be read.
    Unread(usize),
    /// The source can't be asked at the moment, for this reason; what it said before stays.
    Away(Source, String),
    /// It can be asked again, and what happened in between comes next.
    Back(Source),
}

/// A service, by the addresses at which it is asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Service {
    pub namespace: Arc<str>,
    pub name: Arc<str>,
    /// Cluster addresses, and those of its load balancer.
    pub addresses: Vec<IpAddr>,
}

/// A node, by its addresses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    pub name: Arc<str>,
    pub addresses: Vec<IpAddr>,
}
