//! What the sources of metadata say of a container of this node, and whether more may come.

use std::net::IpAddr;
use std::sync::Arc;

use tokio::sync::mpsc;

use super::container::Container;
use super::directory::{Directory, Moment, Peer, Refused};
use super::known::{Known, Why};
use super::metadata::{AuditScope, Pod, PodContainer, Source, Update};

/// The sources that were set up.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sources {
    pub kubernetes: bool,
    pub cri: bool,
}

/// The pod of a socket, and its container where that is known.
#[derive(Clone, Debug)]
pub(super) struct Named {
    pub(super) pod: Arc<Pod>,
    pub(super) container: Option<PodContainer>,
    pub(super) source: Source,
    /// What its label, or its namespace's, asks for.
    pub(super) audit: AuditScope,
    /// Why something is absent: the API server, which knows more than the runtime, has not named
    /// it, or the owner or the container is not known.
    pub(super) reason: Option<Why>,
    /// The labels of namespaces have not all been told yet.
    label_may_come: bool,
}

/// What became of a look-up.
#[derive(Clone, Debug)]
pub(super) enum Naming {
    Named(Named),
    /// Not told of, for this reason.
    Unnamed(Why),
    /// There is nobody to ask.
    Unasked,
}

impl Naming {
    pub(super) fn named(&self) -> Option<&Named> {
        match self {
            Self::Named(named) => Some(named),
            Self::Unnamed(_) | Self::Unasked => None,
        }
    }

    /// Why a source that was asked has not said more.
    pub(super) fn reason(&self) -> Option<Why> {
        match self {
            Self::Named(named) => named.reason,
            Self::Unnamed(why) => Some(*why),
            Self::Unasked => None,
        }
    }

    /// A source may still say more.
    pub(super) fn may_improve(&self) -> bool {
        let label = self.named().is_some_and(|named| named.label_may_come);
        label || self.reason() == Some(Why::NotYetKnown)
    }
}

/// The directory, who fills it, and whom to ask for what is missing.
#[derive(Debug, Default)]
pub struct Catalog {
    directory: Directory,
    sources: Sources,
    wanted: Wanted,
    generation: u64,
}

/// Where to ask for what is missing. What finds no room there is asked for again by the next
/// record.
#[derive(Debug, Default)]
pub struct Wanted {
    /// Ids that the container runtime shall look up at once.
    pub ids: Option<mpsc::Sender<Arc<str>>>,
    /// Pods whose owner the API server shall be asked for.
    pub owners: Option<mpsc::Sender<Arc<Pod>>>,
}

impl Catalog {
    pub fn new(directory: Directory, sources: Sources, wanted: Wanted) -> Self {
        Self {
            directory,
            sources,
            wanted,
            generation: 0,
        }
    }

    /// Takes in what a source says.
    pub fn apply(&mut self, update: Update, now: Moment) {
        if let Update::Away(source, reason) = &update {
            tracing::warn!(source = source.as_str(), reason, "metadata can't be had");
        }
        // Those only say whose an address is, which no answer keeps.
        let is_elsewhere = matches!(
            update,
            Update::Pod(Source::Cluster, _)
                | Update::PodGone(Source::Cluster, _)
                | Update::Owner { .. }
                | Update::Service(_)
                | Update::ServiceGone { .. }
                | Update::Node(_)
                | Update::NodeGone(_)
        );
        self.generation += u64::from(!is_elsewhere);
        self.directory.apply(update, now);
    }

    /// So much of what sources told is not kept.
    pub(super) fn refused(&self) -> Refused {
        self.directory.refused()
    }

    /// Changes with every update about this node: what was answered before may have another answer now.
    pub(super) fn generation(&self) -> u64 {
        self.generation
    }

    /// Who holds an address; nothing where there is nobody to ask.
    pub(super) fn peer(&self, address: IpAddr, at: u64) -> Option<Known<Peer>> {
        if !self.sources.kubernetes || address.is_loopback() {
            return None;
        }
        let peer = self.directory.peer(address, at);
        // What was looked up in vain is looked up again, as long as records are about it.
        if let Known::Value(Peer::Pod(pod, Known::Absent(_))) = &peer
            && let Some(owners) = &self.wanted.owners
        {
            let _ = owners.try_send(Arc::clone(pod));
        }
        Some(peer)
    }

    /// Those of whom one held an address, where it is not known which.
    pub(super) fn candidates(&self, address: IpAddr, at: u64) -> Vec<Peer> {
        self.directory.candidates(address, at)
    }

    /// The innermost container that a source knows: a runtime inside a pod has containers of its
    /// own.
    pub(super) fn container(&self, containers: &[Container], at: u64) -> Naming {
        let known = containers
            .iter()
            .find_map(|container| self.directory.container(&container.id));
        if let Some((pod, container)) = known {
            return Naming::Named(self.named(pod, Known::Value(container.clone()), at));
        }
        if let Some(container) = containers.first() {
            self.want(&container.id);
        }
        let uid = containers.iter().find_map(|c| c.pod_uid.as_deref());
        match uid.and_then(|uid| self.directory.pod(uid)) {
            // Its containers were told without this one: it is newer.
            Some(pod) => {
                let untold = Known::Absent(self.untold(at).unwrap_or(Why::NotYetKnown));
                Naming::Named(self.named(pod, untold, at))
            }
            None => self.unnamed(at),
        }
    }

    /// By the uid in the path of a control group that is none of a container.
    pub(super) fn pod(&self, uid: &str, at: u64) -> Naming {
        if let Some(pod) = self.directory.pod(uid) {
            return Naming::Named(self.named(pod, Known::Absent(Why::NotInAContainer), at));
        }
        self.want(uid);
        self.unnamed(at)
    }

    fn named(&self, pod: &Arc<Pod>, container: Known<PodContainer>, at: u64) -> Named {
        let by_kubernetes = self.directory.names(Source::Kubernetes, &pod.uid);
        let (source, unnamed) = if by_kubernetes {
            (Source::Kubernetes, pod.owner_unknown)
        } else {
            let doubt = self.directory.doubt_in(Source::Kubernetes, at);
            let unnamed = self
                .sources
                .kubernetes
                .then_some(doubt.unwrap_or(Why::NotYetKnown));
            (Source::Cri, unnamed)
        };
        let (container, uncontained) = match container {
            Known::Value(container) => (Some(container), None),
            Known::Absent(why) => (None, Some(why)),
        };
        let labels = self.directory.doubt_in(Source::Namespaces, at);
        Named {
            audit: self.directory.audit(pod),
            pod: Arc::clone(pod),
            container,
            reason: unnamed.or(uncontained),
            source,
            label_may_come: self.sources.kubernetes && labels == Some(Why::NotYetKnown),
        }
    }

    fn unnamed(&self, at: u64) -> Naming {
        self.untold(at).map_or(Naming::Unasked, Naming::Unnamed)
    }

    /// Why no source has told of something; `None` where there is none.
    fn untold(&self, at: u64) -> Option<Why> {
        let sources = [
            (self.sources.cri, Source::Cri),
            (self.sources.kubernetes, Source::Kubernetes),
        ];
        let mut untold = None;
        for (_, source) in sources.into_iter().filter(|(set_up, _)| *set_up) {
            match self.directory.doubt_in(source, at) {
                // Even one that has told all of that time may not have told of this one yet.
                None | Some(Why::NotYetKnown) => return Some(Why::NotYetKnown),
                Some(why) => untold = Some(why),
            }
        }
        untold
    }

    fn want(&self, id: &str) {
        if let Some(ids) = &self.wanted.ids {
            let _ = ids.try_send(id.into());
        }
    }
}

#[cfg(test)]
mod tests;
