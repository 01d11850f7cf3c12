//! The other end of a connection, by its address.

use std::sync::Arc;

use crate::identity::metadata::{Node, Pod, Service};

/// Who an address was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Peer {
    Pod(Arc<Pod>),
    Service(Arc<Service>),
    /// A node, or one of its pods on the host's network.
    Node(Arc<Node>),
    /// Nobody in the cluster.
    External,
}
