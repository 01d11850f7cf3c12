//! A pod as the API shows it.

use std::net::IpAddr;

use serde::Deserialize;

use super::service::address;
use super::{Meta, Object};
use crate::identity::kubernetes::names::Names;
use crate::identity::metadata::{AuditScope, Owner, Pod, PodContainer};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct PodObject {
    metadata: Meta,
    spec: Spec,
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Spec {
    node_name: Option<String>,
    host_network: Option<bool>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    phase: Option<String>,
    #[serde(rename = "podIPs")]
    pod_ips: Option<Vec<PodIp>>,
    init_container_statuses: Option<Vec<ContainerStatus>>,
    container_statuses: Option<Vec<ContainerStatus>>,
    ephemeral_container_statuses: Option<Vec<ContainerStatus>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct PodIp {
    ip: String,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct ContainerStatus {
    name: String,
    image: Option<String>,
    #[serde(rename = "containerID")]
    container_id: Option<String>,
    state: State,
    /// Of the container that ran before this one.
    last_state: State,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct State {
    running: Option<Running>,
    terminated: Option<Terminated>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Running {
    started_at: Option<String>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Terminated {
    #[serde(rename = "containerID")]
    container_id: Option<String>,
}

impl PodObject {
    /// Whether it is on a node yet.
    pub(in super::super) fn is_placed(&self) -> bool {
        self.spec.node_name.is_some()
    }

    /// `Pod::uid`.
    pub(in super::super) fn uid(&self) -> &str {
        let annotations = self.metadata.annotations.as_ref();
        let mirror = annotations.and_then(|annotations| annotations.mirror.as_deref());
        mirror.unwrap_or(&self.metadata.uid)
    }

    /// With its controller as the only owner.
    pub(in super::super) fn to_pod(&self, names: &mut Names) -> Pod {
        let meta = &self.metadata;
        let is_mirror = self.uid() != meta.uid;
        let controller = meta.controller();
        let owner = controller.map(|owner| Owner {
            kind: owner.kind(),
            name: names.share(&owner.name),
        });
        let running = self
            .statuses()
            .filter_map(|status| status.state.running.as_ref());
        Pod {
            uid: self.uid().into(),
            mirror_uid: is_mirror.then(|| meta.uid.as_str().into()),
            namespace: names.share(meta.namespace.as_deref().unwrap_or_default()),
            name: meta.name.as_str().into(),
            node: self.spec.node_name.as_deref().map(|name| names.share(name)),
            addresses: self.addresses(),
            host_network: self.is_on_host_network(),
            owners: owner.into_iter().collect(),
            controller: controller.map(|owner| names.share(&owner.uid)),
            owner_unknown: None,
            containers: self.containers(names),
            audit: meta.audit_label().and_then(AuditScope::of),
            created: meta.creation_timestamp.as_deref().and_then(seconds),
            running_since: running
                .filter_map(|running| seconds(running.started_at.as_deref()?))
                .min(),
            deleting: meta.deletion_timestamp.is_some(),
            ended: matches!(self.status.phase.as_deref(), Some("Succeeded" | "Failed")),
        }
    }

    fn is_on_host_network(&self) -> bool {
        self.spec.host_network == Some(true)
    }

    fn addresses(&self) -> Vec<IpAddr> {
        if self.is_on_host_network() {
            return Vec::new();
        }
        let addresses = self.status.pod_ips.iter().flatten();
        addresses.filter_map(|entry| address(&entry.ip)).collect()
    }

    fn containers(&self, names: &mut Names) -> Vec<PodContainer> {
        let mut containers = Vec::new();
        for status in self.statuses() {
            let ended = status.last_state.terminated.as_ref();
            let earlier = ended.and_then(|ended| ended.container_id.as_deref());
            for id in [status.container_id.as_deref(), earlier]
                .into_iter()
                .flatten()
            {
                containers.push(PodContainer {
                    // `containerd://…`
                    id: id.rsplit_once("//").map_or(id, |(_, id)| id).into(),
                    name: names.share(&status.name),
                    image: status.image.as_deref().map(|image| names.share(image)),
                });
            }
        }
        containers
    }

    fn statuses(&self) -> impl Iterator<Item = &ContainerStatus> {
        let status = &self.status;
        let all = [
            &status.init_container_statuses,
            &status.container_statuses,
            &status.ephemeral_container_statuses,
        ];
        all.into_iter().flatten().flatten()
    }
}

impl Object for PodObject {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

/// RFC 3339 → seconds since the epoch.
fn seconds(text: &str) -> Option<i64> {
    let time: jiff::Timestamp = text.parse().ok()?;
    Some(time.as_second())
}
