//! The network of pods: a bridge that CNI's plugins put them on.

use std::process::Command;

use serde_json::json;

use crate::support::process::{finish, succeed};
use crate::support::temp::TempDir;

/// Address of the machine on the bridge, out of a range that is set apart for tests (RFC 2544).
pub(crate) const GATEWAY: &str = "198.18.78.1";
const SUBNET: &str = "198.18.78.0/24";

/// Folder for the one network; containerd reads all that is in it whenever that changes.
pub(crate) const NETWORKS: &str = "networks";

pub(crate) struct Bridge {
    name: String,
}

impl Bridge {
    /// Made here and not by the plugin, which would turn on forwarding for the whole machine to give
    /// it an address.
    pub(crate) fn new(name: &str, addresses: u8, folder: &TempDir) -> Self {
        let range = json!({
            "subnet": SUBNET,
            "rangeStart": "198.18.78.2",
            "rangeEnd": format!("198.18.78.{}", 1 + addresses),
        });
        let ipam = json!({
            "type": "host-local",
            "dataDir": folder.path().join("addresses"),
            "ranges": [[range]],
        });
        let plugin = json!({ "type": "bridge", "bridge": name, "ipam": ipam });
        let network = json!({ "cniVersion": "0.4.0", "name": name, "plugins": [plugin] });
        std::fs::create_dir(folder.path().join(NETWORKS)).expect("the folder is new");
        let file = format!("{NETWORKS}/network.conflist");
        folder.write(&file, network.to_string().as_bytes());
        let bridge = Self {
            name: name.to_owned(),
        };
        ip(&["link", "add", name, "type", "bridge"]);
        ip(&["address", "add", &format!("{GATEWAY}/24"), "dev", name]);
        ip(&["link", "set", name, "up"]);
        bridge
    }

    /// Makes the machine forget which pod has which address. A neighbour that it has heard of lately
    /// is believed for half a minute, and a new pod with an old address is another neighbour.
    pub(crate) fn forget_neighbours(&self) {
        ip(&self.forgetting());
    }

    /// Arguments of `ip` that do so.
    pub(crate) fn forgetting(&self) -> [&str; 4] {
        ["neighbour", "flush", "dev", &self.name]
    }
}

impl Drop for Bridge {
    fn drop(&mut self) {
        finish(Command::new("ip").args(["link", "delete", &self.name]));
    }
}

fn ip(arguments: &[&str]) {
    succeed(Command::new("ip").args(arguments));
}
