//! Replica sets and jobs that are to be looked up, and who waits for that.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::Arc;

use super::reference::Reference;
use crate::identity::known::Why;
use crate::identity::metadata::Pod;

/// The pods of one more go without.
const SOUGHT: usize = 16_384;

/// All of them, by uid.
#[derive(Default)]
pub(super) struct Sought {
    entries: HashMap<Arc<str>, Waiting>,
    /// The pods in there, with whose uid each waits for.
    pods: HashMap<Arc<str>, Arc<str>>,
    queue: VecDeque<Arc<str>>,
    /// Look-ups under way.
    asked: HashSet<Arc<str>>,
}

/// Who waits for one of them.
pub(super) struct Waiting {
    reference: Reference,
    /// Of this node, by `Pod::uid`.
    pub(super) pods: HashMap<Arc<str>, Arc<Pod>>,
    /// A record is about a pod of another node.
    pub(super) wanted: bool,
}

impl Sought {
    /// For a pod of this node; `false` where there is no room.
    pub(super) fn add(&mut self, reference: Reference, pod: &Arc<Pod>) -> bool {
        let owner = Arc::clone(&reference.uid);
        let Some(waiting) = self.entry(reference) else {
            return false;
        };
        waiting.pods.insert(Arc::clone(&pod.uid), Arc::clone(pod));
        self.pods.insert(Arc::clone(&pod.uid), owner);
        true
    }

    /// For a record; `false` where there is no room.
    pub(super) fn want(&mut self, reference: Reference) -> bool {
        let Some(waiting) = self.entry(reference) else {
            return false;
        };
        waiting.wanted = true;
        true
    }

    pub(super) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// That pod waits no more.
    pub(super) fn forget(&mut self, pod: &str) {
        let Some(owner) = self.pods.remove(pod) else {
            return;
        };
        if let Some(waiting) = self.entries.get_mut(&owner) {
            waiting.pods.remove(pod);
            if waiting.pods.is_empty() && !waiting.wanted {
                self.entries.remove(&owner);
            }
        }
    }

    /// No pod waits any more.
    pub(super) fn forget_all(&mut self) {
        self.pods.clear();
        self.entries.retain(|_, waiting| {
            waiting.pods.clear();
            waiting.wanted
        });
    }

    /// The next to be looked up; from now on it is under way.
    pub(super) fn next(&mut self) -> Option<Reference> {
        while let Some(uid) = self.queue.pop_front() {
            if let Some(waiting) = self.entries.get(&uid)
                && self.asked.insert(uid)
            {
                return Some(waiting.reference.clone());
            }
        }
        None
    }

    /// There is an answer: who waited for it.
    pub(super) fn found(&mut self, uid: &str) -> Option<Waiting> {
        self.asked.remove(uid);
        let waiting = self.entries.remove(uid)?;
        for pod in waiting.pods.keys() {
            self.pods.remove(pod);
        }
        Some(waiting)
    }

    /// There is none: the pods, which go on waiting, as far as they do not say so yet, and whether
    /// a record did, which does not.
    pub(super) fn failed(&mut self, uid: &str, why: Why) -> (Vec<Arc<Pod>>, bool) {
        self.asked.remove(uid);
        let Some(waiting) = self.entries.get_mut(uid) else {
            return (Vec::new(), false);
        };
        let was_wanted = std::mem::take(&mut waiting.wanted);
        let mut changed = Vec::new();
        for pod in waiting.pods.values_mut() {
            if pod.owner_unknown != Some(why) {
                Arc::make_mut(pod).owner_unknown = Some(why);
                changed.push(Arc::clone(pod));
            }
        }
        if waiting.pods.is_empty() {
            self.entries.remove(uid);
        }
        (changed, was_wanted)
    }

    pub(super) fn ask_again(&mut self) {
        self.queue = self.entries.keys().cloned().collect();
    }

    fn entry(&mut self, reference: Reference) -> Option<&mut Waiting> {
        let uid = Arc::clone(&reference.uid);
        if !self.entries.contains_key(&uid) {
            if self.entries.len() >= SOUGHT {
                return None;
            }
            self.queue.push_back(Arc::clone(&uid));
        }
        Some(self.entries.entry(uid).or_insert_with(|| Waiting {
            reference,
            pods: HashMap::new(),
            wanted: false,
        }))
    }
}
