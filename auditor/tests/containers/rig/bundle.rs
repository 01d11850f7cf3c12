//! The auditor's own container: the root file system of the image, run by runc as the manifest asks
//! for it, under the seccomp profile that is shipped.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::{Value, json};

use super::Rig;
use super::manifest::{Manifest, Mounted, repository};
use crate::support::auditor::{Auditor, BINARY};
use crate::support::process::succeed;

/// The file of a container's settings, by OCI's runtime specification.
const SETTINGS: &str = "config.json";
/// The file with its process id.
const PID: &str = "auditor.pid";

/// What containerd and CRI-O hide of `/proc` and `/sys` in every container.
const MASKED: [&str; 4] = [
    "/proc/kcore",
    "/proc/keys",
    "/proc/timer_list",
    "/sys/firmware",
];
const READ_ONLY: [&str; 4] = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys"];

/// Kinds of file systems that every container has: where, which, and with what.
const USUAL: [(&str, &str, &[&str]); 4] = [
    ("/proc", "proc", &["nosuid", "noexec", "nodev"]),
    ("/dev", "tmpfs", &["nosuid", "strictatime", "mode=755"]),
    ("/sys", "sysfs", &["nosuid", "noexec", "nodev", "ro"]),
    ("/dev/mqueue", "mqueue", &["nosuid", "noexec", "nodev"]),
];

impl Rig {
    /// Audits the machine out of a container, with the runtime of the rig where a node has its own.
    pub(crate) fn shipped_auditor(&self) -> Auditor {
        let bundle = self.folder.path().join("auditor");
        let root = bundle.join("rootfs");
        let mut lay_out = Command::new(repository("deploy/image/rootfs.sh"));
        succeed(lay_out.arg(BINARY).arg(&root));
        let settings = self.settings(&Manifest::read());
        fs::write(bundle.join(SETTINGS), settings.to_string()).expect("the folder is ours");
        let mut command = Command::new("nsenter");
        command.arg(format!("--mount={}", self.mounts.namespace()));
        command.args(["runc", "run", "--pid-file"]);
        command.arg(self.folder.path().join(PID));
        command.arg("--bundle").arg(bundle).arg("auditor");
        Auditor::launch(command)
    }

    /// What the kernel says of its process.
    pub(crate) fn auditor_status(&self) -> String {
        let status = fs::read_to_string(format!("/proc/{}/status", self.auditor_pid()));
        status.expect("it runs")
    }

    fn auditor_pid(&self) -> String {
        fs::read_to_string(self.folder.path().join(PID)).expect("runc writes it")
    }

    /// What it answers to a probe at this path, where the manifest has it listen.
    pub(crate) fn probe(&self, path: &str) -> String {
        let pid = self.auditor_pid();
        let mut command = Command::new("nsenter");
        command.arg(format!("--net=/proc/{pid}/ns/net"));
        command.args(["curl", "--silent", "--fail"]);
        let url = format!("http://127.0.0.1:9090{path}");
        succeed(command.arg(url)).text().to_owned()
    }

    fn settings(&self, manifest: &Manifest) -> Value {
        let mut arguments = vec!["/usr/bin/auditor".to_owned()];
        // A test reads the records; nothing else is otherwise than on a node.
        let json = |argument: String| argument.replace("--output=none", "--output=json");
        arguments.extend(manifest.arguments().into_iter().map(json));
        let capabilities = manifest.capabilities();
        let seccomp = fs::read_to_string(repository("deploy/seccomp/auditor.json"));
        let seccomp = seccomp.expect("the profile is in the repository");
        let seccomp: Value = serde_json::from_str(&seccomp).expect("it is JSON");
        let usual = USUAL.iter().map(|(destination, kind, options)| {
            json!({ "destination": destination, "type": kind, "source": kind, "options": options })
        });
        let mounts = manifest.mounts();
        let given = mounts.iter().map(|mounted| self.bind(mounted));
        // Not those of the node's: `hostPID`.
        let namespaces = ["mount", "network", "uts", "ipc", "cgroup"];
        json!({
            "ociVersion": "1.0.2",
            "process": {
                "user": { "uid": 0, "gid": 0 },
                "args": arguments,
                "env": ["NODE_NAME=rig"],
                "cwd": "/",
                "capabilities": {
                    "bounding": capabilities,
                    "effective": capabilities,
                    "permitted": capabilities,
                },
                "noNewPrivileges": true,
            },
            "root": { "path": "rootfs", "readonly": true },
            "mounts": usual.chain(given).collect::<Value>(),
            "linux": {
                "cgroupsPath": self.group.of_pod("auditor"),
                "namespaces": namespaces.map(|kind| json!({ "type": kind })),
                "seccomp": seccomp,
                "maskedPaths": MASKED,
                "readonlyPaths": READ_ONLY,
            },
        })
    }

    fn bind(&self, mounted: &Mounted) -> Value {
        let mode = if mounted.read_only { "ro" } else { "rw" };
        json!({
            "destination": mounted.destination,
            "type": "bind",
            "source": self.source(mounted),
            "options": ["rbind", "rprivate", mode],
        })
    }

    /// Where the rig has what is mounted.
    fn source(&self, mounted: &Mounted) -> PathBuf {
        let made = |name: &str| {
            let folder = self.folder.path().join(name);
            fs::create_dir_all(&folder).expect("the folder is ours");
            folder
        };
        match mounted.host_path.as_deref() {
            Some("/run/containerd") => self.folder.path().to_owned(),
            Some("/var/lib/auditor") => made("state-of-auditor"),
            Some(path) => path.into(),
            None => {
                let folder = made("configuration");
                fs::write(folder.join("auditor.yaml"), "{}\n").expect("the folder is ours");
                folder
            }
        }
    }
}
