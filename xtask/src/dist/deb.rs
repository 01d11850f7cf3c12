//! The package for Debian and Ubuntu.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use super::{Release, VERSION, architecture, output};
use crate::shell;

const SCRIPTS: [&str; 3] = ["postinst", "postrm", "prerm"];

/// Makes the package of these files.
pub(super) fn pack(release: &Release, tree: &Path) -> Result<PathBuf> {
    let folder = release.folder.join("deb");
    shell::run(Command::new("cp").arg("--archive").arg(tree).arg(&folder))?;
    let about = folder.join("DEBIAN");
    fs::create_dir(&about)?;
    fs::write(about.join("control"), control()?)?;
    fs::write(about.join("conffiles"), "/etc/auditor/auditor.yaml\n")?;
    for script in SCRIPTS {
        let to = about.join(script);
        fs::copy(shell::root().join("deploy/deb").join(script), &to)?;
        fs::set_permissions(to, fs::Permissions::from_mode(0o755))?;
    }
    let package = format!("auditor_{VERSION}_{}.deb", architecture());
    let package = release.folder.join(package);
    let mut command = Command::new("dpkg-deb");
    command.env("SOURCE_DATE_EPOCH", &release.time);
    // What is large in it is compressed already.
    command.args(["--root-owner-group", "-Zgzip", "--build"]);
    command.arg(&folder).arg(&package);
    // It names the package that it makes, which we do.
    output(&mut command).context("make the package")?;
    Ok(package)
}

fn control() -> Result<String> {
    // The binary asks for symbols of the library that it was linked against, at most.
    let query = ["--show", "--showformat=${Version}", "libc6"];
    let libc = String::from_utf8(output(Command::new("dpkg-query").args(query))?)?;
    let libc = libc.split('-').next().unwrap_or_default();
    let architecture = architecture();
    Ok(format!(
        "Package: auditor\n\
         Version: {VERSION}\n\
         Architecture: {architecture}\n\
         Maintainer: The auditor's contributors <contributors@auditor.invalid>\n\
         Section: admin\n\
         Priority: optional\n\
         Depends: libc6 (>= {libc}), libgcc-s1\n\
         Recommends: ca-certificates\n\
         Description: Node-level access auditor\n \
         One daemon that sees every HTTP and TCP access on the machine from kernel programs,\n \
         keeps it in a journal whose changes are found, and sends it on as OpenTelemetry logs.\n"
    ))
}
