//! What is loaded and attached, as bpftool sees it.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use serde_json::Value;

use super::process::succeed;
use super::until::until;

/// The auditor's programs. The kernel keeps the first 15 bytes of a name.
const OURS: [&str; 7] = [
    "socket_created",
    "socket_released",
    "connecting4",
    "connecting6",
    "connection_changed",
    "segment_received",
    "segment_sent",
];
const KEPT: usize = 15;

/// Programs by their number, which the kernel does not give twice.
pub(crate) type Programs = BTreeSet<u64>;

/// Every loaded program of any auditor.
pub(crate) fn loaded() -> Programs {
    let list = bpftool(&["prog", "list"]);
    ours(list.as_array().expect("a list of programs"))
}

/// Every program of any auditor that is attached to the cgroup-v2 root.
pub(crate) fn attached() -> Programs {
    let Some(root) = cgroup_root() else {
        return Programs::new();
    };
    let list = bpftool(&["cgroup", "show", &root]);
    ours(list.as_array().map_or(&[], Vec::as_slice))
}

/// Programs that a process holds.
pub(crate) fn held_by(pid: u32) -> Programs {
    let folder = fs::read_dir(format!("/proc/{pid}/fdinfo")).expect("the process runs");
    let mut programs = Programs::new();
    for entry in folder {
        let entry = entry.expect("the process runs");
        // A descriptor may be closed meanwhile.
        let text = fs::read_to_string(entry.path()).unwrap_or_default();
        let number = text.lines().find_map(|line| line.strip_prefix("prog_id:"));
        programs.extend(number.and_then(|number| number.trim().parse::<u64>().ok()));
    }
    programs
}

/// Waits until none of these is left: the kernel frees what a process held after the process.
pub(crate) fn await_gone(programs: &Programs) {
    until("the kernel programs are gone", || {
        let left = |all: Programs| all.intersection(programs).count();
        (left(loaded()) == 0 && left(attached()) == 0).then_some(())
    });
}

fn ours(list: &[Value]) -> Programs {
    let is_ours = |name: &str| {
        OURS.iter()
            .any(|own| own[..own.len().min(KEPT)] == name[..name.len().min(KEPT)])
    };
    list.iter()
        .filter(|program| program["name"].as_str().is_some_and(is_ours))
        .map(|program| program["id"].as_u64().expect("a program has a number"))
        .collect()
}

fn bpftool(arguments: &[&str]) -> Value {
    let finished = succeed(Command::new("bpftool").arg("--json").args(arguments));
    serde_json::from_slice(&finished.stdout).unwrap_or(Value::Null)
}

/// Where the cgroup-v2 hierarchy is mounted, if it is.
pub(crate) fn cgroup_root() -> Option<String> {
    let table = fs::read_to_string("/proc/self/mountinfo").expect("every process has it");
    table.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let path = left.split(' ').nth(4)?;
        right.starts_with("cgroup2 ").then(|| path.to_owned())
    })
}
