//! Who the ends of an exchange are, and what records say of them.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::rig::{NAMESPACE, Pod};
use crate::support::auditor::Stopped;
use crate::support::record::{HTTP, Record, Side};

/// One end of an exchange.
#[derive(Clone, Copy)]
pub(crate) enum End<'a> {
    /// A container of a pod, by its name.
    In(&'a Pod<'a>, &'a str),
    /// A process of the machine.
    Outside,
}

/// What a record must say, and nothing else: attributes that are absent have no value.
type Facts = Vec<(&'static str, Option<String>)>;

impl End<'_> {
    /// As the resource of its own records.
    fn local(self) -> Facts {
        let (pod, container) = self.parts();
        vec![
            ("container.id", container.map(str::to_owned)),
            ("k8s.container.name", self.container_name()),
            ("k8s.pod.uid", pod.map(|pod| pod.uid.clone())),
            ("k8s.pod.name", pod.map(|pod| pod.name.clone())),
            ("k8s.namespace.name", pod.map(|_| NAMESPACE.to_owned())),
        ]
    }

    /// As the attributes of the other end's records.
    fn peer(self) -> Facts {
        let (pod, _) = self.parts();
        let facts = vec![
            ("auditor.peer.k8s.pod.uid", pod.map(|pod| pod.uid.clone())),
            ("auditor.peer.k8s.pod.name", pod.map(|pod| pod.name.clone())),
            (
                "auditor.peer.k8s.namespace.name",
                pod.map(|_| NAMESPACE.to_owned()),
            ),
        ];
        // Beside control groups of version 1, a process that is gone may have been anywhere.
        let kind = pod.map(|_| ("auditor.peer.kind", Some("pod".to_owned())));
        facts.into_iter().chain(kind).collect()
    }

    fn container_name(self) -> Option<String> {
        match self {
            Self::In(_, container) => Some(container.to_owned()),
            Self::Outside => None,
        }
    }

    fn parts(&self) -> (Option<&Pod<'_>>, Option<&str>) {
        match *self {
            Self::In(pod, container) => (Some(pod), Some(pod.container(container))),
            Self::Outside => (None, None),
        }
    }
}

/// Every request for this path has a record at both ends, and each of them names both.
#[track_caller]
pub(crate) fn assert_named(
    stopped: &Stopped,
    path: &str,
    requests: u32,
    client: End<'_>,
    server: End<'_>,
) {
    for (side, local, peer) in [
        (Side::Inbound, server, client),
        (Side::Outbound, client, server),
    ] {
        let facts = [local.local(), peer.peer()].concat();
        let mut found: BTreeMap<Facts, u32> = BTreeMap::new();
        let wanted =
            |record: &Record| record.is(HTTP, side) && record.text("url.path") == Some(path);
        for record in stopped.records().filter(wanted) {
            let said = facts.iter().map(|(name, _)| (*name, said(&record, name)));
            *found.entry(said.collect()).or_default() += 1;
        }
        let expected = BTreeMap::from([(facts, requests)]);
        assert_eq!(found, expected, "{path}, {}", side.as_str());
    }
}

fn said(record: &Record, name: &str) -> Option<String> {
    let value = record.resource.get(name).or(record.attributes.get(name));
    value.and_then(Value::as_str).map(str::to_owned)
}
