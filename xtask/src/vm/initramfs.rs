//! What a virtual machine finds at `/`: busybox, the auditor, and the programs that the check
//! needs, with their libraries.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::architecture::Architecture;
use super::archive::Archive;
use super::kernel::Kernel;
use crate::shell;

const INIT: &str = include_str!("guest/init.sh");
/// What can be played there.
const PLAYS: [(&str, &str); 2] = [
    ("check.sh", include_str!("guest/check.sh")),
    ("count.sh", include_str!("guest/count.sh")),
];

/// Beside the auditor. They stand for what busybox does not speak, or does not keep open.
const PROGRAMS: &[&str] = &["bpftool", "h2load", "nghttpd", "nginx"];
/// For the list of connections that are there already, in the order in which they are loaded.
const MODULES: &[&str] = &["inet_diag", "tcp_diag"];

/// Where programs for the guest come from.
pub(crate) enum Userland {
    /// What is installed here, with its libraries.
    Host,
    /// Unpacked packages of Debian.
    Unpacked {
        root: PathBuf,
        architecture: Architecture,
    },
}

/// Of which suite, and what has the programs.
const SUITE: &str = "trixie";
const PACKAGES: &[&str] = &[
    "bpftool",
    "busybox-static",
    "libc6",
    "nghttp2-client",
    "nghttp2-server",
];

impl Userland {
    pub(crate) fn of(architecture: Architecture, archive: &Archive) -> Result<Self> {
        if architecture == Architecture::Amd64 {
            return Ok(Self::Host);
        }
        let name = format!("userland-{}", architecture.as_str());
        let root = archive.unpacked(&name, SUITE, architecture, PACKAGES, "")?;
        Ok(Self::Unpacked { root, architecture })
    }

    fn architecture(&self) -> Architecture {
        match self {
            Self::Host => Architecture::Amd64,
            Self::Unpacked { architecture, .. } => *architecture,
        }
    }

    fn copy(&self, auditor: &Path, tree: &Path) -> Result<()> {
        let bin = tree.join("bin");
        match self {
            Self::Host => {
                let busybox = shell::which("busybox").context("busybox-static is not installed")?;
                fs::copy(busybox, bin.join("busybox"))?;
                libraries(auditor, tree)?;
                for name in PROGRAMS {
                    let program = shell::which(name);
                    let program = program.with_context(|| format!("{name} is not installed"))?;
                    fs::copy(&program, bin.join(name))?;
                    libraries(&program, tree)?;
                }
                Ok(())
            }
            Self::Unpacked { root, .. } => {
                for folder in ["usr/bin", "usr/sbin"] {
                    let from = root.join(folder).join(".");
                    shell::run(Command::new("cp").arg("--archive").arg(from).arg(&bin))?;
                }
                let usr = tree.join("usr");
                fs::create_dir_all(&usr)?;
                shell::run(
                    Command::new("cp")
                        .arg("--archive")
                        .arg(root.join("usr/lib"))
                        .arg(&usr),
                )?;
                symlink("usr/lib", tree.join("lib")).context("link /lib")
            }
        }
    }
}

/// Packs it into the file `to`.
pub(crate) fn pack(kernel: &Kernel, userland: &Userland, auditor: &Path, to: &Path) -> Result<()> {
    let tree = to.with_extension("tree");
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    for folder in ["bin", "modules"] {
        fs::create_dir_all(tree.join(folder))?;
    }
    userland.copy(auditor, &tree)?;
    symlink("busybox", tree.join("bin/sh"))?;
    // Its debug information is several times its size.
    let stripped = tree.join("bin/auditor");
    userland.architecture().strip(auditor, &stripped)?;
    for name in MODULES {
        let path = kernel.module(&format!("net/ipv4/{name}"));
        let path = path.with_context(|| format!("{} has no {name}", kernel.release))?;
        unpack_module(&path, &tree.join(format!("modules/{name}.ko")))?;
    }
    for (name, script) in PLAYS {
        fs::write(tree.join(name), script)?;
    }
    fs::write(tree.join("init"), INIT)?;
    fs::set_permissions(tree.join("init"), fs::Permissions::from_mode(0o755))?;
    archive(&tree, to)?;
    fs::remove_dir_all(&tree).with_context(|| format!("remove {}", tree.display()))
}

/// Copies the shared libraries of a program to where it looks for them.
fn libraries(program: &Path, tree: &Path) -> Result<()> {
    let output = Command::new("ldd").arg(program).output();
    let text = String::from_utf8(output.context("start ldd")?.stdout)?;
    let paths = text
        .split_whitespace()
        .filter_map(|word| word.strip_prefix('/'));
    for path in paths {
        let to = tree.join(path);
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::copy(Path::new("/").join(path), &to).with_context(|| format!("copy /{path}"))?;
    }
    Ok(())
}

fn unpack_module(from: &Path, to: &Path) -> Result<()> {
    if from.extension().is_some_and(|kind| kind == "ko") {
        fs::copy(from, to)?;
        return Ok(());
    }
    let output = Command::new("xz").arg("-dc").arg(from).output();
    let output = output.context("start xz")?;
    if !output.status.success() {
        bail!("xz -dc {}: {}", from.display(), output.status);
    }
    fs::write(to, output.stdout).with_context(|| format!("write {}", to.display()))
}

/// All of `tree`, owned by root, in the form that the kernel unpacks.
fn archive(tree: &Path, to: &Path) -> Result<()> {
    let script = "find . | cpio -o -H newc --quiet --owner=0:0 | gzip -1";
    let file = fs::File::create(to).with_context(|| format!("create {}", to.display()))?;
    shell::run(
        Command::new("sh")
            .args(["-c", script])
            .current_dir(tree)
            .stdin(Stdio::null())
            .stdout(file),
    )
}
