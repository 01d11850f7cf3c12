//! What changes when a source tells something.

use std::collections::HashSet;
use std::net::IpAddr;
use std::sync::Arc;

use super::feed::Feed;
use super::peer::Peer;
use super::tenancy::{End, Holder, Tenancy};
use super::{
    ADDRESSES, Directory, Moment, NAMED, NEWS_NS, NODE_SKEW_NS, PODS, RETENTION_NS, SKEW_NS,
    TOMBSTONES,
};
use crate::identity::metadata::{AuditScope, Pod, Source, Update};

impl Directory {
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
            Update::Unread(objects) => self.refused.unread += objects as u64,
            Update::Away(source, _) => self.feed(source).away(at),
            Update::Back(source) => self.feed(source).back(at),
        }
        self.expire(at);
    }

    fn pod_is(&mut self, source: Source, pod: &Arc<Pod>, now: Moment) {
        let at = now.boot_ns;
        let live = self.feed(source).hear(&pod.uid, at);
        let known = self.pods.get(&pod.uid);
        if known.is_none() && source == Source::Cluster && self.pods.len() >= PODS {
            self.refused.full += 1;
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
            self.refused.full += 1;
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
                self.refused.full += 1;
            }
            Some(audit) => {
                self.labels.insert(name, audit);
            }
        }
    }

    fn hold(&mut self, address: IpAddr, tenancy: Tenancy) {
        if !self.addresses.hold(address, tenancy) {
            self.refused.full += 1;
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

impl Moment {
    /// Boot time of a wall time; 0 before the boot.
    fn boot_of(self, wall_s: i64) -> u64 {
        let ago_ns = (i128::from(self.wall_s) - i128::from(wall_s)) * 1_000_000_000;
        let boot_ns = i128::from(self.boot_ns) - ago_ns;
        u64::try_from(boot_ns.max(0)).unwrap_or(u64::MAX)
    }
}
