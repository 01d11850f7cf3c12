//! Attributes that say who, on both ends.

use super::attributes::Attributes;
use crate::{
    identity::{Known, OtherEnd, Owner, Peer, Pod, Resolved, Workload},
    record::attribute as a,
};

pub(super) fn write(attributes: &mut Attributes<'_>, resolved: &Resolved) {
    if let Some(process) = &resolved.process {
        if let Some(pid) = process.pid.value() {
            attributes.int(a::PROCESS_PID, u64::from(*pid));
        }
        if let Some(name) = process.executable.value() {
            attributes.string(a::PROCESS_EXECUTABLE_NAME, name);
        }
        if let Some(uid) = process.uid.value() {
            attributes.int(a::PROCESS_USER_ID, u64::from(*uid));
        }
        if let Some(method) = resolved.workload.method() {
            attributes.string(a::IDENTITY_METHOD, method.as_str());
        }
        if let Some(reason) = resolved.workload.reason() {
            attributes.string(a::IDENTITY_REASON, reason.as_str());
        }
    }
    match &resolved.other {
        OtherEnd::Socket(workload) => socket(attributes, workload),
        OtherEnd::Address(Known::Value(peer)) => address(attributes, peer),
        OtherEnd::Address(Known::Absent(why)) => attributes.string(a::PEER_REASON, why.as_str()),
        OtherEnd::OneOf(peers) => one_of(attributes, peers),
        OtherEnd::Unasked => {}
    }
}

fn socket(attributes: &mut Attributes<'_>, workload: &Workload) {
    let uid = workload.attribute("k8s.pod.uid");
    let kind = if uid.is_some() {
        Some("pod")
    } else if workload.container().is_some() {
        Some("container")
    } else {
        workload.is_of_host().then_some("host_process")
    };
    if let Some(kind) = kind {
        attributes.string(a::PEER_KIND, kind);
    }
    for (key, name) in [
        (a::PEER_SERVICE_NAME, "service.name"),
        (a::PEER_NAMESPACE_NAME, "k8s.namespace.name"),
        (a::PEER_POD_NAME, "k8s.pod.name"),
        (a::PEER_POD_UID, "k8s.pod.uid"),
    ] {
        if let Some(value) = workload.attribute(name) {
            attributes.string(key, value);
        }
    }
    if let Some(owner) = workload.owner() {
        self::owner(attributes, owner);
    }
    // A weaker method is said by the records of that end; here it would deny the name beside it.
    if let Some(reason) = workload.absence() {
        attributes.string(a::PEER_REASON, reason.as_str());
    }
}

fn address(attributes: &mut Attributes<'_>, peer: &Peer) {
    attributes.string(a::PEER_KIND, kind(peer));
    match peer {
        Peer::Pod(pod, workload) => self::pod(attributes, pod, workload),
        Peer::Service(service) => {
            attributes.string(a::PEER_NAMESPACE_NAME, &service.namespace);
            attributes.string(a::PEER_SERVICE_NAME, &service.name);
        }
        Peer::Node(node) => attributes.string(a::PEER_NODE_NAME, &node.name),
        Peer::External => {}
    }
}

fn pod(attributes: &mut Attributes<'_>, pod: &Pod, workload: &Known<Owner>) {
    attributes.string(a::PEER_SERVICE_NAME, &pod.service_name(workload));
    attributes.string(a::PEER_NAMESPACE_NAME, &pod.namespace);
    attributes.string(a::PEER_POD_NAME, &pod.name);
    attributes.string(a::PEER_POD_UID, pod.api_uid());
    match workload {
        Known::Value(owner) => self::owner(attributes, owner),
        Known::Absent(why) => attributes.string(a::PEER_REASON, why.as_str()),
    }
    if let Some(node) = &pod.node {
        attributes.string(a::PEER_NODE_NAME, node);
    }
}

fn owner(attributes: &mut Attributes<'_>, owner: &Owner) {
    attributes.string(a::PEER_WORKLOAD_KIND, owner.kind.as_str());
    attributes.string(a::PEER_WORKLOAD_NAME, &owner.name);
}

/// Who it may have been: `kind:namespace/name`.
fn one_of(attributes: &mut Attributes<'_>, peers: &[Peer]) {
    attributes.string(a::PEER_REASON, "ambiguous");
    let name = |peer: &Peer| match peer {
        Peer::Pod(pod, _) => format!("pod:{}/{}", pod.namespace, pod.name),
        Peer::Service(service) => format!("service:{}/{}", service.namespace, service.name),
        Peer::Node(node) => format!("node:{}", node.name),
        Peer::External => "external".to_owned(),
    };
    let names: Vec<_> = peers.iter().map(name).collect();
    if !names.is_empty() {
        attributes.strings(a::PEER_CANDIDATES, &names);
    }
}

fn kind(peer: &Peer) -> &'static str {
    match peer {
        Peer::Pod(..) => "pod",
        Peer::Service(_) => "service",
        Peer::Node(_) => "node",
        Peer::External => "external",
    }
}
