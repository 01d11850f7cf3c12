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
mod tenancy;

use std::collections::{HashMap, HashSet, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use addresses::Addresses;
use feed::Feed;
use named::Named;
use pods::Pods;
use tenancy::{End, Holder, Tenancy};

use super::bounded::Bounded;
use super::known::{Known, Why};
use super::metadata::{AuditScope, Owner, Pod, PodContainer, Source, Update};
use crate::config::PeerScope;

pub use peer::Peer;

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
    refused: u64,
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
            refused: 0,
        }
    }

    /// `now` never goes back.
    pub fn apply(&mut self, update: Update, now: Moment) {
        let at = now.boot_ns;
        match update {
            Update::Pod(source, pod) => self.pod_is(source, &pod, now),
            Update::PodGone(source, uid) => {
                self.feed(source).hear(&uid, at);
                self.pod_goes(source, &uid, End::between(at, at));
            }
            Update::Owner { of, owner } => self.owners.insert(of, owner),
            Update::Service(service) => {
                let holder = Holder::service(&service.namespace, &service.name);
                let addresses = service.addresses.clone();
                let peer = Peer::Service(Arc::new(service));
                self.named_is(Source::Services, &holder, peer, addresses, at);
            }
            Update::ServiceGone { namespace, name } => {
                let holder = Holder::service(&namespace, &name);
                self.feed(Source::Services).hear(holder.key(), at);
                self.named_goes(&holder, End::between(at, at));
            }
            Update::Node(node) => {
                let holder = Holder::Node(Arc::clone(&node.name));
                let addresses = node.addresses.clone();
                let peer = Peer::Node(Arc::new(node));
                self.named_is(Source::Nodes, &holder, peer, addresses, at);
            }
            Update::NodeGone(name) => {
                self.feed(Source::Nodes).hear(&name, at);
                self.named_goes(&Holder::Node(name), End::between(at, at));
            }
            Update::Namespace(name, audit) => {
                self.feed(Source::Namespaces).hear(&name, at);
                self.namespace_is(name, audit);
            }
            Update::ListBegin(source) => self.feed(source).begin(),
            Update::ListEnd(source) => self.list_ends(source, at),
            Update::Unread(objects) => self.refused += objects as u64,
            Update::Away(source, _) => self.feed(source).away(at),
            Update::Back(source) => self.feed(source).back(at),
        }
        self.expire(at);
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

    /// How much of what was told is not here: there was no room for it, or it could not be read.
    pub fn refused(&self) -> u64 {
        self.refused
    }

    fn pod_is(&mut self, source: Source, pod: &Arc<Pod>, now: Moment) {
        let at = now.boot_ns;
        let live = self.feed(source).hear(&pod.uid, at);
        let known = self.pods.get(&pod.uid);
        if known.is_none() && source == Source::Cluster && self.pods.len() >= PODS {
            self.refused += 1;
            return;
        }
        let (before, held) = known.map_or((Vec::new(), false), |entry| {
            (entry.pod.own_addresses().to_vec(), entry.holds_addresses())
        });
        let entry = self.pods.insert(source, pod, at);
        let (pod, holds) = (Arc::clone(&entry.pod), entry.holds_addresses());
        let holder = Holder::Pod(Arc::clone(&pod.uid));
        let unknown = if live { at } else { 0 };
        let created = pod.created.map_or(unknown, |created| now.boot_of(created));
        let tenancy = Tenancy {
            earliest: created.min(entry.first_seen).saturating_sub(SKEW_NS),
            proven: pod
                .running_since
                .map(|since| now.boot_of(since).saturating_add(NODE_SKEW_NS)),
            // What is first seen at its end may have lost the address already.
            observed: (live && holds && !pod.deleting).then_some(at),
            end: None,
            holder: holder.clone(),
        };
        let addresses = pod.own_addresses();
        let addresses = &addresses[..addresses.len().min(ADDRESSES)];
        for address in addresses {
            let said = before.contains(address);
            if !said || (holds && !held) {
                self.hold(*address, tenancy.clone());
            }
        }
        for address in before.iter().chain(addresses) {
            if !holds || !addresses.contains(address) {
                self.addresses
                    .release(*address, &holder, End::between(at, at));
            }
        }
    }

    fn pod_goes(&mut self, source: Source, uid: &str, end: End) {
        let Some(entry) = self.pods.withdraw(source, uid, end.by) else {
            return;
        };
        let holder = Holder::Pod(Arc::clone(&entry.pod.uid));
        let (pod, gone) = (Arc::clone(&entry.pod), entry.gone.is_some());
        if !entry.holds_addresses() {
            for address in pod.own_addresses() {
                self.addresses.release(*address, &holder, end);
            }
        }
        if gone {
            self.graves.push_back((end.by, holder));
        }
    }

    fn named_is(
        &mut self,
        source: Source,
        holder: &Holder,
        peer: Peer,
        mut addresses: Vec<IpAddr>,
        now: u64,
    ) {
        let live = self.feed(source).hear(holder.key(), now);
        if !self.named.has(holder) && self.named.len() >= NAMED {
            self.refused += 1;
            return;
        }
        addresses.truncate(ADDRESSES);
        let before = self.named.insert(holder, peer, addresses.clone());
        for address in &before {
            if !addresses.contains(address) {
                self.addresses
                    .release(*address, holder, End::between(now, now));
            }
        }
        for address in &addresses {
            if !before.contains(address) {
                let tenancy = Tenancy {
                    holder: holder.clone(),
                    earliest: if live { now.saturating_sub(NEWS_NS) } else { 0 },
                    proven: None,
                    observed: live.then_some(now),
                    end: None,
                };
                self.hold(*address, tenancy);
            }
        }
    }

    fn named_goes(&mut self, holder: &Holder, end: End) {
        let Some(addresses) = self.named.withdraw(holder, end.by) else {
            return;
        };
        for address in addresses {
            self.addresses.release(*address, holder, end);
        }
        self.graves.push_back((end.by, holder.clone()));
    }

    fn namespace_is(&mut self, name: Arc<str>, audit: Option<AuditScope>) {
        match audit {
            None => {
                self.labels.remove(&name);
            }
            Some(_) if self.labels.len() >= NAMED && !self.labels.contains_key(&name) => {
                self.refused += 1;
            }
            Some(audit) => {
                self.labels.insert(name, audit);
            }
        }
    }

    fn hold(&mut self, address: IpAddr, tenancy: Tenancy) {
        if !self.addresses.hold(address, tenancy) {
            self.refused += 1;
        }
    }

    /// What the list has not named went at some time since the source was last heard.
    fn list_ends(&mut self, source: Source, now: u64) {
        let (listed, heard) = self.feed(source).end(now);
        if source == Source::Namespaces {
            self.labels.retain(|name, _| listed.contains(name));
            return;
        }
        let end = End::between(heard, now);
        let pods = self.pods.named_by(source);
        let missing = pods.chain(self.named.named_by(source));
        let missing = missing.filter(|key| !listed.contains(*key));
        let missing: Vec<_> = missing.map(|key| Holder::of(source, key)).collect();
        for holder in missing {
            match &holder {
                Holder::Pod(uid) => self.pod_goes(source, uid, end),
                named => self.named_goes(named, end),
            }
        }
        self.settle(source, &listed, now);
        // A runtime is asked for its list again and again, and nothing is missed in between.
        if source != Source::Cri || heard == 0 {
            self.addresses.begin_anew(now);
        }
    }

    fn settle(&mut self, source: Source, listed: &HashSet<Arc<str>>, now: u64) {
        for key in listed {
            let holder = Holder::of(source, key);
            let addresses = match &holder {
                Holder::Pod(uid) => self.pods.settled_addresses(uid),
                named => self.named.addresses(named),
            };
            for address in addresses {
                self.addresses.settle(*address, &holder, now);
            }
        }
    }

    fn expire(&mut self, now: u64) {
        self.addresses.expire(now);
        while let Some((gone, holder)) = self.graves.front() {
            if self.graves.len() <= TOMBSTONES && now.saturating_sub(*gone) <= RETENTION_NS {
                return;
            }
            match holder {
                Holder::Pod(uid) => self.pods.remove(uid, *gone),
                named => self.named.remove(named, *gone),
            }
            self.graves.pop_front();
        }
    }

    fn feed(&mut self, source: Source) -> &mut Feed {
        &mut self.feeds[source as usize]
    }
}

impl Default for Directory {
    fn default() -> Self {
        Self::new(PeerScope::default())
    }
}

impl Moment {
    /// Boot time of a wall time; 0 before the boot.
    fn boot_of(self, wall_s: i64) -> u64 {
        let ago_ns = (i128::from(self.wall_s) - i128::from(wall_s)) * 1_000_000_000;
        let boot_ns = i128::from(self.boot_ns) - ago_ns;
        u64::try_from(boot_ns.max(0)).unwrap_or(u64::MAX)
    }
}

#[cfg(test)]
mod tests;
