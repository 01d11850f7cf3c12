//! The node itself.

use std::fs;
use std::path::Path;

use super::known::{Known, Why};

/// Inode of the initial UTS namespace; part of the kernel's interface.
const INITIAL_UTS_NAMESPACE: &str = "uts:[4026531838]";

/// What every resource of this node has in common.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Host {
    pub name: Known<String>,
    pub id: Known<String>,
    /// Name of the kubernetes node, from the environment of the pod.
    pub node_name: Option<String>,
    pub cluster_name: Option<String>,
}

impl Host {
    /// `root` is the node's root directory, `proc` its `/proc`; in a container both are mounts.
    pub fn read(
        root: &Path,
        proc: &Path,
        node_name: Option<String>,
        cluster_name: Option<String>,
    ) -> Self {
        Self {
            name: name(root, proc),
            id: id(root),
            node_name,
            cluster_name,
        }
    }
}

/// The kernel's host name is the node's only outside containers, which have one of their own.
fn name(root: &Path, proc: &Path) -> Known<String> {
    let is_node = fs::read_link(proc.join("self/ns/uts"))
        .is_ok_and(|namespace| namespace.as_os_str() == INITIAL_UTS_NAMESPACE);
    if is_node {
        let name = rustix::system::uname();
        return Known::Value(name.nodename().to_string_lossy().into_owned());
    }
    first_line(&root.join("etc/hostname"))
}

fn id(root: &Path) -> Known<String> {
    let is_id = |id: &String| id.len() == 32 && id.bytes().all(|byte| byte.is_ascii_hexdigit());
    // systemd writes `uninitialized` here on a machine's first boot.
    match first_line(&root.join("etc/machine-id")) {
        Known::Value(id) => Known::from_option(Some(id).filter(is_id), Why::NotConfigured),
        absent @ Known::Absent(_) => absent,
    }
}

fn first_line(path: &Path) -> Known<String> {
    match fs::read_to_string(path) {
        Ok(text) => {
            let line = text.lines().next().unwrap_or_default().trim();
            Known::from_option(
                Some(line.to_owned()).filter(|line| !line.is_empty()),
                Why::NotConfigured,
            )
        }
        Err(error) => match Why::from(&error) {
            Why::ExitedBeforeLookup => Known::Absent(Why::NotConfigured),
            why => Known::Absent(why),
        },
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::Host;
    use crate::identity::fixture::Tree;
    use crate::identity::known::{Known, Why};

    #[test]
    fn in_a_container_the_node_is_read_from_its_mounted_root() {
        let root = Tree::new();
        root.file("etc/hostname", "node-7\n");
        root.file("etc/machine-id", "3d1219c7c4c5404aaa1f6d2a48adfda4\n");
        root.link("proc/self/ns/uts", "uts:[4026532999]");
        let proc = root.path().join("proc");
        let host = Host::read(root.path(), &proc, Some("node-7".to_owned()), None);
        assert_eq!(host.name, Known::Value("node-7".to_owned()));
        assert_eq!(
            host.id,
            Known::Value("3d1219c7c4c5404aaa1f6d2a48adfda4".to_owned())
        );
        assert_eq!(host.node_name.as_deref(), Some("node-7"));
    }

    #[test]
    fn a_missing_or_unfinished_id_is_absent() {
        let root = Tree::new();
        let host = Host::read(root.path(), Path::new("/proc"), None, None);
        assert_eq!(host.id, Known::Absent(Why::NotConfigured));
        root.file("etc/machine-id", "uninitialized\n");
        let host = Host::read(root.path(), Path::new("/proc"), None, None);
        assert_eq!(host.id, Known::Absent(Why::NotConfigured));
    }
}
