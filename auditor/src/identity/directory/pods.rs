//! Pods by uid and by container, as one or two sources tell of them.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use crate::identity::metadata::{Pod, PodContainer, Source};

/// Containers kept of one pod: a container that is started again is another one, and late records
/// are still the earlier one's.
const CONTAINERS_PER_POD: usize = 64;

/// All pods, those that are gone included until they are removed.
#[derive(Debug, Default)]
pub(super) struct Pods {
    entries: HashMap<Arc<str>, Entry>,
    /// By container id: the pod and what the container is.
    containers: HashMap<Arc<str>, (Arc<str>, PodContainer)>,
    /// `metadata.uid` → `Pod::uid`, where they differ.
    mirrors: HashMap<Arc<str>, Arc<str>>,
}

/// A pod by what its sources say.
#[derive(Debug)]
pub(super) struct Entry {
    /// What is said of it, taken together.
    pub(super) pod: Arc<Pod>,
    /// When it was first heard of, nanoseconds of the boot-time clock.
    pub(super) first_seen: u64,
    /// When the last source that named it saw it go.
    pub(super) gone: Option<u64>,
    /// And in which of its lists.
    api: Option<(Source, Arc<Pod>)>,
    runtime: Option<Arc<Pod>>,
    /// The runtime, which is nearest, saw it go.
    removed: bool,
    /// In the order in which they were first named.
    containers: VecDeque<Arc<str>>,
}

impl Pods {
    /// By either of its uids.
    pub(super) fn get(&self, uid: &str) -> Option<&Entry> {
        let uid = self.mirrors.get(uid).map_or(uid, |uid| uid);
        self.entries.get(uid)
    }

    pub(super) fn container(&self, id: &str) -> Option<(&Arc<Pod>, &PodContainer)> {
        let (uid, container) = self.containers.get(id)?;
        Some((&self.entries.get(uid)?.pod, container))
    }

    /// The addresses that a complete list can be believed to say are this pod's: one that is being
    /// deleted may have lost them.
    pub(super) fn settled_addresses(&self, uid: &str) -> &[IpAddr] {
        let entry = self.entries.get(uid);
        let settled = entry.filter(|entry| entry.holds_addresses() && !entry.pod.deleting);
        settled.map_or(&[], |entry| entry.pod.own_addresses())
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The uids that `source` names at present.
    pub(super) fn named_by(&self, source: Source) -> impl Iterator<Item = &Arc<str>> {
        let named = self
            .entries
            .iter()
            .filter(move |(_, entry)| entry.names(source));
        named.map(|(uid, _)| uid)
    }

    pub(super) fn insert(&mut self, source: Source, pod: &Arc<Pod>, now: u64) -> &Entry {
        if let Some(mirror) = &pod.mirror_uid {
            self.mirrors
                .insert(Arc::clone(mirror), Arc::clone(&pod.uid));
        }
        let entry = self
            .entries
            .entry(Arc::clone(&pod.uid))
            .or_insert_with(|| Entry::new(pod, now));
        entry.say(source, Some(Arc::clone(pod)));
        for container in &pod.containers {
            let named = (Arc::clone(&pod.uid), container.clone());
            let id = Arc::clone(&container.id);
            if self.containers.insert(Arc::clone(&id), named).is_some() {
                continue;
            }
            entry.containers.push_back(id);
            if entry.containers.len() > CONTAINERS_PER_POD
                && let Some(oldest) = entry.containers.pop_front()
            {
                self.containers.remove(&oldest);
            }
        }
        entry
    }

    /// `source` names the pod no more.
    pub(super) fn withdraw(&mut self, source: Source, uid: &str, now: u64) -> Option<&Entry> {
        let entry = self.entries.get_mut(uid)?;
        if !entry.names(source) {
            return None;
        }
        entry.say(source, None);
        if entry.api.is_none() && entry.runtime.is_none() {
            entry.gone = Some(now);
        }
        Some(entry)
    }

    /// Forgets a pod that went at `gone` and has not come back.
    pub(super) fn remove(&mut self, uid: &str, gone: u64) {
        if self
            .entries
            .get(uid)
            .is_none_or(|entry| entry.gone != Some(gone))
        {
            return;
        }
        let Some(entry) = self.entries.remove(uid) else {
            return;
        };
        for id in entry.containers {
            self.containers.remove(&id);
        }
        self.mirrors.retain(|_, of| **of != *uid);
    }
}

impl Entry {
    fn new(pod: &Arc<Pod>, now: u64) -> Self {
        Self {
            pod: Arc::clone(pod),
            first_seen: now,
            gone: None,
            api: None,
            runtime: None,
            removed: false,
            containers: VecDeque::new(),
        }
    }

    /// Whether it holds its addresses.
    pub(super) fn holds_addresses(&self) -> bool {
        self.gone.is_none() && !self.removed && !self.pod.ended
    }

    pub(super) fn names(&self, source: Source) -> bool {
        match source {
            Source::Cri => self.runtime.is_some(),
            _ => self.api.as_ref().is_some_and(|(list, _)| *list == source),
        }
    }

    fn say(&mut self, source: Source, pod: Option<Arc<Pod>>) {
        if pod.is_some() {
            self.gone = None;
        }
        match source {
            Source::Cri => {
                self.removed = pod.is_none();
                self.runtime = pod;
            }
            list => self.api = pod.map(|pod| (list, pod)),
        }
        // Of a pod that nobody names any more the last word stands.
        match (&self.api, &self.runtime) {
            (Some((_, api)), Some(runtime)) => self.pod = Arc::new(join(api, runtime)),
            (Some((_, only)), None) | (None, Some(only)) => self.pod = Arc::clone(only),
            (None, None) => {}
        }
    }
}

/// The API knows more of a pod, the runtime knows of containers and addresses first.
fn join(api: &Pod, runtime: &Pod) -> Pod {
    let mut pod = api.clone();
    if pod.addresses.is_empty() {
        pod.addresses.clone_from(&runtime.addresses);
    }
    for container in &runtime.containers {
        if !pod.containers.iter().any(|known| known.id == container.id) {
            pod.containers.push(container.clone());
        }
    }
    pod.ended |= runtime.ended;
    pod
}
