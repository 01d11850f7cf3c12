//! What is given away, taken apart again.

use std::fs;
use std::process::Command;

use anyhow::{Result, ensure};

use super::{Release, VERSION, output};
use crate::{build, shell};

/// Packs the release binary that is there, twice, and looks at what came out.
pub(crate) fn check() -> Result<()> {
    let target = shell::root().join("target");
    let release = Release::new(build::binary(), target.join("dist-check"))?;
    let made = release.pack()?;
    let digests = || output(Command::new("sha256sum").args(&made));
    let first = digests()?;
    let release = Release::new(build::binary(), target.join("dist-check"))?;
    release.pack()?;
    ensure!(
        first == digests()?,
        "packing the same twice makes two things"
    );

    let [_, package, _] = &made;
    let installed = release.folder.join("installed");
    output(
        Command::new("dpkg-deb")
            .arg("--extract")
            .arg(package)
            .arg(&installed),
    )?;
    let version = output(Command::new(installed.join("usr/bin/auditor")).arg("--version"))?;
    ensure!(
        version == format!("auditor {VERSION}\n").as_bytes(),
        "the packaged binary says {:?}",
        String::from_utf8_lossy(&version)
    );
    for script in fs::read_dir(shell::root().join("deploy/deb"))? {
        shell::run(Command::new("sh").arg("-n").arg(script?.path()))?;
    }
    // It looks for the unit's program, which is not where it will be.
    let unit = "usr/lib/systemd/system/auditor.service";
    let text = fs::read_to_string(installed.join(unit))?;
    let program = installed.join("usr/bin/auditor");
    let text = text.replace("/usr/bin/auditor", &program.display().to_string());
    let here = release.folder.join("auditor.service");
    fs::write(&here, text)?;
    let mut verify = Command::new("systemd-analyze");
    shell::run(verify.args(["verify", "--man=no"]).arg(here))
}
