//! The one image of all containers: busybox, and folders for what they are given of the machine.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::containerd::Containerd;
use crate::support::process::succeed;
use crate::support::temp::TempDir;

/// With a host name that nobody has, so that it is never fetched.
pub(crate) const NAME: &str = "auditor.invalid/rig:1";

const BUSYBOX: &str = "/bin/busybox";

/// Programs of the machine run in containers: `/usr` is mounted where these lead to.
const LINKS: [&str; 4] = ["bin", "sbin", "lib", "lib64"];
/// Servers look up who they are.
const USERS: [(&str, &str); 2] = [
    ("etc/passwd", "root:x:0:0::/:/bin/sh\n"),
    ("etc/group", "root:x:0:\n"),
];
const FOLDERS: [&str; 8] = ["dev", "etc", "proc", "rig", "run", "sys", "tmp", "usr"];

/// Packs the image the way `docker save` does and gives it to the runtime.
pub(crate) fn import(folder: &TempDir, containerd: &Containerd) {
    let archive = pack(folder);
    let mut command = Command::new("ctr");
    command.arg("--address").arg(&containerd.socket);
    command.args(["--namespace", "k8s.io", "images", "import"]);
    command.args(["--snapshotter", "native"]).arg(archive);
    succeed(&mut command);
}

fn pack(folder: &TempDir) -> std::path::PathBuf {
    let root = folder.path().join("image");
    for name in FOLDERS {
        fs::create_dir_all(root.join(name)).expect("a temporary folder can be made");
    }
    for name in LINKS {
        symlink(format!("usr/{name}"), root.join(name)).expect("a link can be made");
    }
    for (name, line) in USERS {
        fs::write(root.join(name), line).expect("a temporary file can be written");
    }
    fs::copy(BUSYBOX, root.join("busybox")).expect("busybox is there: run `cargo xtask setup`");
    tar(folder.path(), "layer.tar", &["-C", "image", "."]);
    let digest = succeed(Command::new("sha256sum").arg(folder.path().join("layer.tar")));
    let digest = digest.text().split(' ').next().unwrap_or_default();
    // Without a command it is the pause container: it does nothing for as long as the pod lives.
    let configuration = json!({
        "architecture": architecture(),
        "os": "linux",
        "config": { "Entrypoint": ["/busybox", "sleep", "2147483647"] },
        "rootfs": { "type": "layers", "diff_ids": [format!("sha256:{digest}")] },
    });
    let manifest = json!([{
        "Config": "config.json",
        "RepoTags": [NAME],
        "Layers": ["layer.tar"],
    }]);
    folder.write("config.json", configuration.to_string().as_bytes());
    folder.write("manifest.json", manifest.to_string().as_bytes());
    let files = ["manifest.json", "config.json", "layer.tar"];
    tar(folder.path(), "image.tar", &files);
    folder.path().join("image.tar")
}

fn tar(folder: &Path, archive: &str, files: &[&str]) {
    let mut command = Command::new("tar");
    command.current_dir(folder).args(["-cf", archive]);
    succeed(command.args(files));
}

/// What Go calls it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}
