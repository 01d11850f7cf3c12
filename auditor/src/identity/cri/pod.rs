//! One pod, from what the runtime says of its sandbox and containers.

use std::{net::IpAddr, sync::Arc};

use super::wire::{self, NODE, READY};
use crate::identity::known::Why;
use crate::identity::metadata::{AuditScope, Pod, PodContainer};

/// How a sandbox is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Network {
    addresses: Vec<IpAddr>,
    of_host: bool,
}

impl Network {
    pub(super) fn is_unsettled(&self) -> bool {
        self.addresses.is_empty() && !self.of_host
    }
}

impl From<wire::PodSandboxStatus> for Network {
    fn from(status: wire::PodSandboxStatus) -> Self {
        let options = status.linux.and_then(|linux| linux.namespaces?.options);
        let of_host = options.is_some_and(|options| options.network == NODE);
        let network = status.network.unwrap_or_default();
        let others = network.additional_ips.iter().map(|other| &other.ip);
        let addresses = std::iter::once(&network.ip)
            .chain(others)
            .filter_map(|address| address.parse().ok())
            // On the host's network it would be the node's.
            .filter(|_| !of_host)
            .collect();
        Self { addresses, of_host }
    }
}

/// The uid of a sandbox's pod. A sandbox without one was made by hand.
pub(super) fn uid(sandbox: &wire::PodSandbox) -> Option<Arc<str>> {
    let uid = &sandbox.metadata.as_ref()?.uid;
    (!uid.is_empty()).then(|| uid.as_str().into())
}

/// `sandbox` is the newest of the pod, which has one more whenever its sandbox has died.
pub(super) fn pod(uid: Arc<str>, sandbox: wire::PodSandbox, network: Option<&Network>) -> Pod {
    let metadata = sandbox.metadata.unwrap_or_default();
    let network = network.cloned().unwrap_or_default();
    let audit = sandbox.labels.get(AuditScope::LABEL);
    Pod {
        uid,
        namespace: metadata.namespace.into(),
        name: metadata.name.into(),
        addresses: network.addresses,
        host_network: network.of_host,
        owner_unknown: Some(Why::NotYetKnown),
        audit: audit.and_then(|label| AuditScope::of(label)),
        ended: sandbox.state != READY,
        ..Pod::default()
    }
}

pub(super) fn container(listed: wire::Container) -> PodContainer {
    PodContainer {
        id: listed.id.into(),
        name: listed.metadata.unwrap_or_default().name.into(),
        image: listed.image.and_then(image),
    }
}

/// A digest names no image.
fn image(spec: wire::ImageSpec) -> Option<Arc<str>> {
    let names = [spec.user_specified_image, spec.image];
    let name = names
        .into_iter()
        .find(|name| !name.is_empty() && !name.starts_with("sha256:"));
    name.map(Into::into)
}
