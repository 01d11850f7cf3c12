//! Pods, of this node and of others.

use super::names::Names;
use super::object::{Object as _, PodObject};
use super::owners::{Reference, Word};
use super::watch::Listed;
use crate::identity::known::Why;
use crate::identity::metadata::{Source, Update};

/// The pods of this node, each with what is to be asked to find its outermost owner.
#[derive(Debug, Default)]
pub(super) struct LocalPods {
    names: Names,
}

/// The pods of all other nodes.
///
/// Nobody's sockets are looked up by their containers. Their replica sets and jobs are not asked
/// for, because each node would ask for those of the whole cluster.
#[derive(Debug, Default)]
pub(super) struct OtherPods {
    names: Names,
}

impl Listed for LocalPods {
    type Object = PodObject;
    type Told = Word;

    fn is(&mut self, object: PodObject) -> Option<Word> {
        let pod = object.to_pod(&mut self.names);
        let asked = Reference::of(object.meta());
        Some(Word::Pod(pod, asked))
    }

    fn is_gone(&mut self, object: PodObject) -> Option<Word> {
        let gone = Update::PodGone(Source::Kubernetes, object.uid().into());
        Some(Word::Update(gone))
    }
}

impl Listed for OtherPods {
    type Object = PodObject;
    type Told = Update;

    fn is(&mut self, object: PodObject) -> Option<Update> {
        if !object.is_placed() {
            return None;
        }
        let mut pod = object.to_pod(&mut self.names);
        pod.containers = Vec::new();
        pod.owner_unknown = Reference::of(object.meta()).map(|_| Why::OwnerNotLookedUp);
        Some(Update::Pod(Source::Cluster, pod.into()))
    }

    fn is_gone(&mut self, object: PodObject) -> Option<Update> {
        Some(Update::PodGone(Source::Cluster, object.uid().into()))
    }
}
