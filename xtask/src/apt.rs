//! Debian and Ubuntu packages.

use std::process::Command;

use anyhow::{Result, bail};

use crate::shell;

/// A package and the reason to have it.
pub(crate) struct Package {
    pub(crate) name: &'static str,
    pub(crate) why: &'static str,
}

/// Installs the packages that are missing. Only then are the package lists refreshed.
pub(crate) fn install(packages: &[Package]) -> Result<()> {
    let missing: Vec<_> = packages
        .iter()
        .filter(|package| !is_installed(package.name))
        .collect();
    if missing.is_empty() {
        return Ok(());
    }
    if shell::which("apt-get").is_none() {
        let names: Vec<_> = missing.iter().map(|package| package.name).collect();
        bail!(
            "not a Debian or Ubuntu machine; install by hand: {}",
            names.join(" ")
        );
    }
    for package in &missing {
        println!("setup: apt package {} ({})", package.name, package.why);
    }
    // Some packages start the service they bring, on the port they bring. A developer's machine
    // is not ours to serve from: for the time of the installation starting is forbidden, unless
    // the machine has a policy of its own.
    let script = r#"
        set -eu
        policy=/usr/sbin/policy-rc.d
        if [ ! -e "$policy" ]; then
            trap 'rm -f "$policy"' EXIT
            printf '#!/bin/sh\nexit 101\n' > "$policy"
            chmod 755 "$policy"
        fi
        export DEBIAN_FRONTEND=noninteractive
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends "$@"
    "#;
    let mut command = shell::as_root("sh")?;
    command
        .args(["-c", script, "apt"])
        .args(missing.iter().map(|package| package.name));
    shell::run(&mut command)
}

fn is_installed(package: &str) -> bool {
    Command::new("dpkg-query")
        .args(["--show", "--showformat=${Status}", package])
        .output()
        .is_ok_and(|output| output.stdout == b"install ok installed")
}
