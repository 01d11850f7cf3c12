//! The other end of a connection, by its address.

use std::sync::Arc;

use crate::identity::known::Known;
use crate::identity::metadata::{Node, Owner, Pod, Service};

/// Who an address was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    /// With what a person calls its workload.
    Pod(Arc<Pod>, Known<Owner>),
    Service(Arc<Service>),
    /// A node, or one of its pods on the host's network.
    Node(Arc<Node>),
    /// Nobody in the cluster.
    External,
}
