//! The files as they lie on a machine, for the tarball and the package.

use std::fs;
use std::path::Path;
use std::process::Command;

use anyhow::{Context as _, Result};

use super::output;
use crate::shell;

/// Files of the repository, and where they go.
const FILES: [(&str, &str); 6] = [
    (
        "deploy/systemd/auditor.service",
        "usr/lib/systemd/system/auditor.service",
    ),
    ("deploy/systemd/auditor.yaml", "etc/auditor/auditor.yaml"),
    ("README.md", "usr/share/doc/auditor/README.md"),
    ("LICENSE-MIT", "usr/share/doc/auditor/LICENSE-MIT"),
    ("LICENSE-APACHE", "usr/share/doc/auditor/LICENSE-APACHE"),
    (
        "auditor-ebpf/LICENSE-GPL2",
        "usr/share/doc/auditor/LICENSE-GPL2",
    ),
];

/// What the binary says of itself: arguments, and where the answer goes.
const SAID: [(&[&str], &str); 4] = [
    (&["man"], "usr/share/man/man1/auditor.1"),
    (
        &["completions", "bash"],
        "usr/share/bash-completion/completions/auditor",
    ),
    (
        &["completions", "zsh"],
        "usr/share/zsh/vendor-completions/_auditor",
    ),
    (
        &["completions", "fish"],
        "usr/share/fish/vendor_completions.d/auditor.fish",
    ),
];

pub(super) fn lay_out(binary: &Path, tree: &Path) -> Result<()> {
    let installed = tree.join("usr/bin/auditor");
    make_parent(&installed)?;
    // As in the image.
    shell::run(
        Command::new("objcopy")
            .arg("--compress-debug-sections=zlib")
            .arg(binary)
            .arg(&installed),
    )?;
    for (from, to) in FILES {
        let to = tree.join(to);
        make_parent(&to)?;
        fs::copy(shell::root().join(from), &to).with_context(|| format!("copy {from}"))?;
    }
    for (arguments, to) in SAID {
        let to = tree.join(to);
        make_parent(&to)?;
        fs::write(&to, output(Command::new(binary).args(arguments))?)?;
    }
    let manual = tree.join("usr/share/man/man1/auditor.1");
    shell::run(
        Command::new("gzip")
            .args(["--no-name", "--best"])
            .arg(manual),
    )
}

fn make_parent(path: &Path) -> Result<()> {
    let parent = path.parent().context("a file is in a folder")?;
    fs::create_dir_all(parent).with_context(|| format!("make {}", parent.display()))
}
