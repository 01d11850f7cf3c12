//! How control groups are mounted: they tell the workloads apart.

use std::fs;

use super::finding::{Finding, Status};
use crate::kernel::CgroupRoot;

const NAME: &str = "control groups";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mode {
    Unified,
    Hybrid,
    V1,
    Unmounted,
}

/// `root` is `None` where the v2 hierarchy could not be opened; the base tier says why.
pub(super) fn finding(root: Option<&CgroupRoot>) -> Finding {
    let table = fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    let mode = mode(&table);
    let Some(root) = root else {
        return describe(mode, "and version 2 cannot be opened", Status::Missing);
    };
    let place = match root.mounted_at() {
        Some(path) => format!("version 2 at {}", path.display()),
        None => "version 2 mounted privately".to_owned(),
    };
    if !root.is_host_root() {
        let place = format!("{place}, which shows only a part of the node");
        return describe(mode, &place, Status::Limited)
            .remedy("mount the host's /sys/fs/cgroup into the container");
    }
    let status = match mode {
        Mode::Unified => Status::Works,
        Mode::Hybrid | Mode::V1 | Mode::Unmounted => Status::Limited,
    };
    describe(mode, &place, status)
}

fn describe(mode: Mode, place: &str, status: Status) -> Finding {
    let note = match mode {
        Mode::Unified => "unified",
        // The kubelet and the runtimes place pods by version 1 wherever it is there.
        Mode::Hybrid => {
            "hybrid: containers may share one version 2 group, then the process names them"
        }
        Mode::V1 => "version 1: containers have no version 2 group, the process names them",
        Mode::Unmounted => "not mounted",
    };
    Finding::new(NAME, status, format!("{note}; {place}"))
}

fn mode(mountinfo: &str) -> Mode {
    let mounted = |kind: &str| {
        mountinfo
            .lines()
            .filter_map(|line| line.split_once(" - "))
            .any(|(_, right)| right.split(' ').next() == Some(kind))
    };
    match (mounted("cgroup2"), mounted("cgroup")) {
        (true, false) => Mode::Unified,
        (true, true) => Mode::Hybrid,
        (false, true) => Mode::V1,
        (false, false) => Mode::Unmounted,
    }
}

#[cfg(test)]
mod tests {
    use super::{Mode, mode};

    const V1: &str = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
    const V2: &str = "38 31 0:31 / /sys/fs/cgroup rw shared:9 - cgroup2 cgroup2 rw\n";

    #[test]
    fn the_mode_is_what_is_mounted() {
        assert_eq!(mode(V2), Mode::Unified);
        assert_eq!(mode(&[V1, V2].concat()), Mode::Hybrid);
        assert_eq!(mode(V1), Mode::V1);
        assert_eq!(
            mode("22 1 0:21 / /proc rw - proc proc rw\n"),
            Mode::Unmounted
        );
    }
}
