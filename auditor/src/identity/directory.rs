//! The pods, services and nodes that the sources of metadata told of, and who held which address
//! when.
//!
//! Ids of pods and containers are never given to another, so they decide at once. Addresses are,
//! so each look-up is for a time, and an answer needs that nobody else can have held the address
//! then. What a source has not told yet can't be known: who can wait a moment before asking gets
//! more answers. A connection may be looked up with any time at which it was in use.

mod addresses;
mod feed;
mod lookup;
mod named;
mod peer;
mod pods;
mod refused;
mod tenancy;
mod update;

use std::collections::{HashMap, VecDeque};
use std::sync::Arc;

use addresses::Addresses;
use feed::Feed;
use named::Named;
use pods::Pods;
use tenancy::Holder;

use super::bounded::Bounded;
use super::known::{Known, Why};
use super::metadata::{AuditScope, Owner, Pod, PodContainer, Source};
use crate::config::PeerScope;

pub use peer::Peer;
pub use refused::Refused;

/// How long what is gone is kept: the time a late record may take.
const RETENTION_NS: u64 = 300 * 1_000_000_000;

/// How much of what is gone is kept.
const TOMBSTONES: usize = 16_384;

/// Pods of other nodes. At well under a kilobyte each they fit in what the daemon may use; those
/// of this node, which the kubelet limits to hundreds, always have room.
const PODS: usize = 65_536;

/// Services and nodes, and as many namespaces with a label.
const NAMED: usize = 32_768;

/// Replica sets and jobs of other nodes' pods. Which leaves too early is asked for again.
const OWNERS: usize = 4096;

/// Addresses of one holder. A pod has one of each family, a service those of its load balancers.
const ADDRESSES: usize = 16;

/// How late a source that can be asked tells what happened: a kubelet tells the states of its pods
/// in turn.
const LATENCY_NS: u64 = 5 * 1_000_000_000;

/// How far the cluster's clock may be from the node's.
const SKEW_NS: u64 = 5 * 1_000_000_000;

/// The same for the clock of any other node, which is believed only where nothing better is known.
const NODE_SKEW_NS: u64 = 60 * 1_000_000_000;

/// How late a source may tell of a service or a node, which do not say since when they are there.
const NEWS_NS: u64 = 60 * 1_000_000_000;

const SOURCES: [Source; 6] = [
    Source::Kubernetes,
    Source::Cri,
    Source::Cluster,
    Source::Services,
    Source::Nodes,
    Source::Namespaces,
];

/// The same moment by two clocks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// Nanoseconds of the boot-time clock.
    pub boot_ns: u64,
    /// Seconds since the epoch.
    pub wall_s: i64,
}

/// The index. One thread owns it.
#[derive(Debug)]
pub struct Directory {
    scope: PeerScope,
    feeds: [Feed; SOURCES.len()],
    pods: Pods,
    named: Named,
    /// What the labels of namespaces ask for, by name.
    labels: HashMap<Arc<str>, AuditScope>,
    addresses: Addresses,
    /// What owns the controllers of pods of other nodes, by uid, as far as records were about them.
    owners: Bounded<Arc<str>, Known<Option<Owner>>>,
    /// What is gone, in the order in which it went.
    graves: VecDeque<(u64, Holder)>,
    refused: Refused,
}

impl Directory {
    pub fn new(scope: PeerScope) -> Self {
        Self {
            scope,
            feeds: Default::default(),
            pods: Pods::default(),
            named: Named::default(),
            labels: HashMap::new(),
            addresses: Addresses::default(),
            owners: Bounded::new(OWNERS),
            graves: VecDeque::new(),
            refused: Refused::default(),
        }
    }

    /// By `metadata.uid` or, of a static pod, the hash of its configuration; also a while after
    /// the pod has gone.
    pub fn pod(&self, uid: &str) -> Option<&Arc<Pod>> {
        self.pods.get(uid).map(|entry| &entry.pod)
    }

    /// The pod of a container of this node, and the container; also a while after their end.
    pub fn container(&self, id: &str) -> Option<(&Arc<Pod>, &PodContainer)> {
        self.pods.container(id)
    }

    /// What the label of a pod, else that of its namespace, asks for.
    pub fn audit(&self, pod: &Pod) -> AuditScope {
        let of_namespace = || self.labels.get(&pod.namespace).copied();
        pod.audit.or_else(of_namespace).unwrap_or(AuditScope::Full)
    }

    /// Whether `source` tells of the pod, or did before it went.
    pub fn names(&self, source: Source, uid: &str) -> bool {
        self.pods.get(uid).is_some_and(|entry| entry.names(source))
    }

    /// Why something of `at` may be there that `source` has not told of; `None` where it has told
    /// all.
    pub fn doubt_in(&self, source: Source, at: u64) -> Option<Why> {
        self.feeds[source as usize].doubt(source, at)
    }

    /// How much of what was told is not here.
    pub fn refused(&self) -> Refused {
        self.refused
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self::new(PeerScope::default())
    }
}

#[cfg(test)]
mod tests;
