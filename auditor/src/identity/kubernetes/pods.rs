//! Pods, of this node and of others.

use super::names::Names;
use super::object::PodObject;
use super::owners::Word;
use super::watch::Listed;
use crate::identity::known::Why;
use crate::identity::metadata::{Source, Update};

/// The pods of this node.
#[derive(Debug, Default)]
pub(super) struct LocalPods {
    names: Names,
}

/// The pods of all other nodes.
///
/// Nobody's sockets are looked up by their containers. Their replica sets and jobs are asked for
/// when a record is about them: else each node would ask for those of the whole cluster.
#[derive(Debug, Default)]
pub(super) struct OtherPods {
    names: Names,
}

impl Listed for LocalPods {
    type Object = PodObject;
    type Told = Word;

    fn is(&mut self, object: PodObject) -> Option<Word> {
        Some(Word::Pod(object.to_pod(&mut self.names)))
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
        pod.owner_unknown = pod.has_owned_controller().then_some(Why::NotYetKnown);
        Some(Update::Pod(Source::Cluster, pod.into()))
    }

    fn is_gone(&mut self, object: PodObject) -> Option<Update> {
        Some(Update::PodGone(Source::Cluster, object.uid().into()))
    }
}
