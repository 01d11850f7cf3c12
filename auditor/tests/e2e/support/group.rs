//! A control group that this process is in for a while, as it would be in a systemd unit.

use std::fs;
use std::path::{Path, PathBuf};

use super::kernel::cgroup_root;
use super::until::until;

pub(crate) struct Group {
    path: PathBuf,
    former: PathBuf,
}

impl Group {
    /// Moves this process there. What it starts, and the sockets that it makes, belong to it.
    pub(crate) fn enter(unit: &str) -> Self {
        let root = cgroup_root().expect("the machine has control groups of version 2");
        let own = fs::read_to_string("/proc/self/cgroup").expect("a process has groups");
        let own = own.lines().find_map(|line| line.strip_prefix("0::/"));
        let former = Path::new(&root).join(own.expect("one of version 2 among them"));
        let path = Path::new(&root).join(unit);
        fs::create_dir_all(&path).expect("root can make a control group");
        enter(&path);
        Self { path, former }
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        enter(&self.former);
        until("the group is empty", || fs::remove_dir(&self.path).ok());
    }
}

fn enter(path: &Path) {
    fs::write(path.join("cgroup.procs"), "0").expect("root can move a process");
}
