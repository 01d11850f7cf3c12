//! What a virtual machine finds at `/`: busybox, the auditor, and the programs that the check
//! needs, with their libraries.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

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

/// Packs it into the file `to`.
pub(crate) fn pack(kernel: &Kernel, auditor: &Path, to: &Path) -> Result<()> {
    let tree = to.with_extension("tree");
    if tree.exists() {
        fs::remove_dir_all(&tree)?;
    }
    for folder in ["bin", "modules"] {
        fs::create_dir_all(tree.join(folder))?;
    }
    let busybox = shell::which("busybox").context("busybox-static is not installed")?;
    fs::copy(busybox, tree.join("bin/busybox"))?;
    symlink("busybox", tree.join("bin/sh"))?;
    // Its debug information is several times its size.
    shell::run(
        Command::new("strip")
            .arg("-o")
            .arg(tree.join("bin/auditor"))
            .arg(auditor),
    )?;
    libraries(auditor, &tree)?;
    for name in PROGRAMS {
        let program = shell::which(name).with_context(|| format!("{name} is not installed"))?;
        fs::copy(&program, tree.join("bin").join(name))?;
        libraries(&program, &tree)?;
    }
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
