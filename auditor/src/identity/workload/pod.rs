//! What a pod adds to the resource of its workload.

use super::super::catalog::Named;
use crate::identity::metadata::OwnerKind;

/// The names of a pod as attributes of the resource.
pub(super) fn attributes(named: &Named) -> Vec<(&'static str, String)> {
    let pod = &named.pod;
    let container = named.container.as_ref();
    let image = container.and_then(|container| container.image.as_deref());
    let own = [
        ("k8s.namespace.name", Some(&*pod.namespace)),
        ("k8s.pod.name", Some(&*pod.name)),
        ("k8s.container.name", container.map(|c| &*c.name)),
        ("container.image.name", image),
    ];
    let mut attributes: Vec<_> = own
        .into_iter()
        .filter_map(|(key, value)| Some((key, value?.to_owned())))
        .collect();
    if let Some(address) = pod.own_addresses().first() {
        attributes.push(("k8s.pod.ip", address.to_string()));
    }
    for owner in &pod.owners {
        if let Some(key) = key(&owner.kind) {
            attributes.push((key, owner.name.to_string()));
        }
    }
    attributes
}

/// Kinds without an attribute in the semantic conventions are left out.
fn key(kind: &OwnerKind) -> Option<&'static str> {
    Some(match kind {
        OwnerKind::Deployment => "k8s.deployment.name",
        OwnerKind::ReplicaSet => "k8s.replicaset.name",
        OwnerKind::StatefulSet => "k8s.statefulset.name",
        OwnerKind::DaemonSet => "k8s.daemonset.name",
        OwnerKind::Job => "k8s.job.name",
        OwnerKind::CronJob => "k8s.cronjob.name",
        OwnerKind::Node | OwnerKind::Other(_) => return None,
    })
}
