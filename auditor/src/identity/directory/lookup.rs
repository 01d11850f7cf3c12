//! Whose an address was, and what makes an answer doubtful.

use std::net::IpAddr;
use std::sync::Arc;

use super::addresses::Verdict;
use super::peer::Peer;
use super::tenancy::Holder;
use super::{Directory, SOURCES};
use crate::config::PeerScope;
use crate::identity::known::{Known, Why};
use crate::identity::metadata::{Owner, Pod, Source};

impl Directory {
    /// Who held an address at `at`, nanoseconds of the boot-time clock: a time at which somebody
    /// answered from it.
    pub fn peer(&self, address: IpAddr, at: u64) -> Known<Peer> {
        if self.scope == PeerScope::None {
            return Known::Absent(Why::PeersNotWatched);
        }
        match self.addresses.holder(address.to_canonical(), at) {
            Verdict::Holder(holder) => self.unless(self.doubt_of(holder, at), holder),
            Verdict::Only(holder) => self.unless(self.doubt_in_any(at), holder),
            Verdict::Several => Known::Absent(Why::Ambiguous),
            Verdict::Unclear => Known::Absent(self.doubt(at).unwrap_or(Why::NotYetKnown)),
            Verdict::Nobody => match self.doubt(at) {
                Some(why) => Known::Absent(why),
                None => Known::Value(Peer::External),
            },
        }
    }

    /// One of these held the address, where `peer` says that it is ambiguous.
    pub fn candidates(&self, address: IpAddr, at: u64) -> Vec<Peer> {
        let holders = self.addresses.candidates(address.to_canonical(), at);
        holders.filter_map(|holder| self.peer_of(holder)).collect()
    }

    /// What a person calls the workload of a pod, as far as its controller's owner was told.
    pub fn workload(&self, pod: &Pod) -> Known<Owner> {
        let told = pod.controller.as_ref().and_then(|uid| self.owners.get(uid));
        match told {
            Some(owner) if pod.owner_unknown.is_some() => match owner {
                Known::Value(Some(owner)) => Known::Value(owner.clone()),
                Known::Value(None) => Known::Value(pod.outermost()),
                Known::Absent(why) => Known::Absent(*why),
            },
            _ => pod.workload(),
        }
    }

    fn unless(&self, doubt: Option<Why>, holder: &Holder) -> Known<Peer> {
        match doubt {
            Some(why) => Known::Absent(why),
            None => Known::from_option(self.peer_of(holder), Why::NotYetKnown),
        }
    }

    fn peer_of(&self, holder: &Holder) -> Option<Peer> {
        match holder {
            Holder::Pod(uid) => {
                let pod = Arc::clone(self.pod(uid)?);
                let workload = self.workload(&pod);
                Some(Peer::Pod(pod, workload))
            }
            named => self.named.peer(named).cloned(),
        }
    }

    /// Why a holder that is known may have been followed by another unnoticed.
    fn doubt_of(&self, holder: &Holder, at: u64) -> Option<Why> {
        let sources: &[Source] = match holder {
            Holder::Pod(_) => &[Source::Kubernetes, Source::Cri, Source::Cluster],
            Holder::Service(_) => &[Source::Services],
            Holder::Node(_) => &[Source::Nodes],
        };
        let entry = self.pods.get(holder.key());
        let doubts: Vec<_> = sources
            .iter()
            .filter(|source| match holder {
                Holder::Pod(_) => entry.is_some_and(|entry| entry.names(**source)),
                _ => true,
            })
            .map(|source| self.doubt_in(*source, at))
            .collect();
        // One source that can be believed is enough; what all saw go is history.
        if doubts.iter().any(Option::is_none) {
            return None;
        }
        doubts.into_iter().flatten().next()
    }

    /// Why somebody may have held an address of whom no source told.
    fn doubt_in_any(&self, at: u64) -> Option<Why> {
        let mut in_use = SOURCES
            .iter()
            .filter(|source| self.feeds[**source as usize].in_use());
        in_use.find_map(|source| self.doubt_in(*source, at))
    }

    /// Why an address that nobody is known to have may be somebody's.
    fn doubt(&self, at: u64) -> Option<Why> {
        if self.scope != PeerScope::Cluster {
            return Some(Why::PeersNotWatched);
        }
        let needed = [
            Source::Kubernetes,
            Source::Cluster,
            Source::Services,
            Source::Nodes,
        ];
        let mut doubts = needed
            .iter()
            .filter_map(|source| self.doubt_in(*source, at));
        doubts
            .next()
            .or((!self.refused.is_none()).then_some(Why::IndexFull))
    }
}
