//! A node, by its addresses.

use std::net::IpAddr;

use serde::Deserialize;

use super::service::address;
use super::{Meta, Object};

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
pub(in super::super) struct NodeObject {
    metadata: Meta,
    status: Status,
}

#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Status {
    addresses: Option<Vec<Address>>,
}

/// Of kind `InternalIP` or `ExternalIP`; a name is no address.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default)]
struct Address {
    address: String,
}

impl NodeObject {
    pub(in super::super) fn addresses(&self) -> Vec<IpAddr> {
        let addresses = self.status.addresses.iter().flatten();
        addresses
            .filter_map(|entry| address(&entry.address))
            .collect()
    }
}

impl Object for NodeObject {
    fn meta(&self) -> &Meta {
        &self.metadata
    }
}
