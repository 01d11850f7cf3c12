//! containerd, which nothing of the machine's own containerd has to do with.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use super::bridge::NETWORKS;
use super::control_group::ControlGroup;
use super::image;
use crate::support::process::Process;
use crate::support::temp::TempDir;
use crate::support::until::until;

/// Makes a mount namespace where control groups are of version 2 alone, as they are on a node, and
/// where what the runtime leaves behind in the system's folders is gone with it. Shims outlive the
/// runtime and are found again under `/run`, so the namespace outlives it too.
const PREPARE: &str = r#"
set -eu
umount --lazy /sys/fs/cgroup
mount -t cgroup2 none /sys/fs/cgroup
mount -t tmpfs none /run
mount -t tmpfs none /var/lib
touch "$1"
exec sleep 2147483647
"#;

const CONFIGURATION: &str = "containerd.toml";

/// In that namespace, and in a control group of the rig.
const START: &str = r#"
set -eu
echo 0 > "$1/cgroup.procs"
exec nsenter --mount="$2" containerd --config "$3"
"#;

/// The runtimes that pods can be made by.
const RUNTIMES: [&str; 2] = ["runc", "crun"];

/// Stands before each of them, under its name. Controllers that version 1 has are not there in version 2, so that no limits
/// can be set on such a machine. For devices crun first raises what memory may be locked, which not
/// every root may do.
const WITHOUT_LIMITS: &str = r#"#!/usr/bin/env python3
import json, os, sys

runtime = os.path.basename(sys.argv[0])
arguments = sys.argv[1:]
if "create" in arguments:
    path = arguments[arguments.index("--bundle") + 1] + "/config.json"
    with open(path) as file:
        bundle = json.load(file)
    resources = bundle["linux"].get("resources", {})
    for name in ("cpu", "memory", "pids", "hugepageLimits", "unified"):
        resources.pop(name, None)
    if runtime == "crun":
        resources.pop("devices", None)
    with open(path, "w") as file:
        json.dump(bundle, file)
os.execvp(runtime, [runtime, *arguments])
"#;

/// The mount namespace of a rig, held by a process.
pub(crate) struct Mounts {
    holder: Process,
}

pub(crate) struct Containerd {
    process: Process,
    pub(crate) socket: PathBuf,
}

impl Mounts {
    pub(crate) fn new(folder: &TempDir) -> Self {
        for runtime in RUNTIMES {
            let script = folder.write(runtime, WITHOUT_LIMITS.as_bytes());
            fs::set_permissions(script, fs::Permissions::from_mode(0o755)).expect("it is ours");
        }
        let configuration = configuration(folder.path());
        folder.write(CONFIGURATION, configuration.as_bytes());
        let ready = folder.path().join("mounted");
        let mut command = Command::new("unshare");
        command.args(["--mount", "--propagation", "private", "--"]);
        command.args(["sh", "-c", PREPARE, "mounts"]).arg(&ready);
        let mut holder = Process::start(&mut command);
        until("the mounts are made", || {
            let ended = holder.ended();
            assert!(ended.is_none(), "mounting ended with {ended:?}");
            ready.exists().then_some(())
        });
        Self { holder }
    }

    pub(crate) fn namespace(&self) -> String {
        format!("/proc/{}/ns/mnt", self.holder.pid())
    }
}

impl Containerd {
    pub(crate) fn start(folder: &TempDir, group: &ControlGroup, mounts: &Mounts) -> Self {
        let log = folder.path().join("containerd.log");
        let output = || {
            let file = File::options().create(true).append(true).open(&log);
            file.expect("a temporary file can be made")
        };
        let mut command = Command::new("sh");
        command.args(["-c", START, "containerd"]);
        command.arg(group.runtime()).arg(mounts.namespace());
        command.arg(folder.path().join(CONFIGURATION));
        command.stdout(output()).stderr(output());
        let mut process = Process::start(&mut command);
        let socket = folder.path().join("containerd.sock");
        until("containerd listens", || {
            if let Some(status) = process.ended() {
                let log = fs::read_to_string(&log);
                panic!("containerd ended with {status}: {log:?}");
            }
            UnixStream::connect(&socket).ok()
        });
        Self { process, socket }
    }

    /// Ends it; what it started goes on.
    pub(crate) fn stop(&mut self) {
        self.process.signal(Signal::TERM);
        self.process.wait();
    }
}

fn configuration(folder: &Path) -> String {
    let (folder, image) = (folder.display(), image::NAME);
    let runtimes = RUNTIMES.map(|name| {
        format!(
            r#"
[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{name}]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.{name}.options]
BinaryName = "{folder}/{name}"
"#
        )
    });
    let runtimes = runtimes.concat();
    format!(
        r#"
version = 2
root = "{folder}/root"
state = "{folder}/state"
disabled_plugins = [
    "io.containerd.internal.v1.opt",
    "io.containerd.snapshotter.v1.btrfs",
    "io.containerd.snapshotter.v1.devmapper",
    "io.containerd.snapshotter.v1.zfs",
]

[grpc]
address = "{folder}/containerd.sock"

[debug]
level = "warn"

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = "{image}"
restrict_oom_score_adj = true
disable_apparmor = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = "/usr/lib/cni"
conf_dir = "{folder}/{NETWORKS}"

[plugins."io.containerd.grpc.v1.cri".containerd]
snapshotter = "native"
default_runtime_name = "runc"
{runtimes}"#
    )
}
