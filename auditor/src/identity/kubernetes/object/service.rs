//! A service, by its addresses.

use std::net::IpAddr;

use serde::Deserialize;

use super::{Meta, Object};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct ServiceObject {
    metadata: Meta,
    spec: Spec,
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Spec {
    /// `None` for a headless service.
    #[serde(rename = "clusterIPs")]
    cluster_ips: Option<Vec<String>>,
    #[serde(rename = "externalIPs")]
    external_ips: Option<Vec<String>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, rename_all = "camelCase")]
struct Status {
    load_balancer: LoadBalancer,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct LoadBalancer {
    ingress: Option<Vec<Ingress>>,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Ingress {
    ip: Option<String>,
}

impl ServiceObject {
    pub(in super::super) fn addresses(&self) -> Vec<IpAddr> {
        let own = self.spec.cluster_ips.iter().chain(&self.spec.external_ips);
        let ingress = self.status.load_balancer.ingress.iter().flatten();
        let texts = own
            .flatten()
            .chain(ingress.filter_map(|ingress| ingress.ip.as_ref()));
        texts.filter_map(|text| address(text)).collect()
    }
}

impl Object for ServiceObject {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}

/// An IPv4 address is never in its IPv6-mapped form.
pub(super) fn address(text: &str) -> Option<IpAddr> {
    let address: IpAddr = text.parse().ok()?;
    Some(address.to_canonical())
}
