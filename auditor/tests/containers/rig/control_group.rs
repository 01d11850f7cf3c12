//! The control group that holds everything that runs in a rig.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use crate::support::kernel::cgroup_root;
use crate::support::until::until;

/// Nodes inside containers have theirs like that: a group of the node, `kubepods` within it.
pub(crate) struct ControlGroup {
    /// In the hierarchy of version 2, with a slash at its start.
    name: String,
    path: PathBuf,
}

impl ControlGroup {
    pub(crate) fn new(name: &str) -> Self {
        let root = cgroup_root().expect("the machine has control groups of version 2");
        let group = Self {
            name: format!("/{name}"),
            path: Path::new(&root).join(name),
        };
        fs::create_dir_all(group.runtime()).expect("root can make a control group");
        group
    }

    /// For the runtime's own processes.
    pub(crate) fn runtime(&self) -> PathBuf {
        self.path.join("runtime")
    }

    /// What a kubelet without a systemd driver gives a pod as its parent.
    pub(crate) fn of_pod(&self, uid: &str) -> String {
        format!("{}/{}", self.name, within(uid))
    }

    /// One of the processes of a pod.
    pub(crate) fn process_of(&self, uid: &str) -> String {
        let groups = fs::read_dir(self.path.join(within(uid))).expect("the pod runs");
        let mut processes = groups.filter_map(|group| {
            let processes = fs::read_to_string(group.ok()?.path().join("cgroup.procs")).ok()?;
            Some(processes.lines().next()?.to_owned())
        });
        processes.next().expect("the pod has a process")
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        fs::write(self.path.join("cgroup.kill"), "1").expect("a group can be killed");
        until("the processes of the rig are gone", || {
            remove(&self.path).ok()
        });
    }
}

/// Where a pod is in the group of its node.
fn within(uid: &str) -> String {
    format!("kubepods/besteffort/pod{uid}")
}

/// Groups have no files that could be removed, only groups.
fn remove(group: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(group)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            remove(&entry.path())?;
        }
    }
    match fs::remove_dir(group) {
        Err(error) if error.kind() != ErrorKind::NotFound => Err(error),
        _ => Ok(()),
    }
}
