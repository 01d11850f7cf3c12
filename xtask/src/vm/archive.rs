//! Debian's archive, without installing from it: an apt configuration of our own, so that neither
//! the machine's package lists nor its sources are touched.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use super::architecture::Architecture;
use crate::shell;

const KEYRING: &str = "/usr/share/keyrings/debian-archive-keyring.gpg";

pub(crate) struct Archive {
    folder: PathBuf,
    mirror: Option<String>,
}

// === impl Archive ===

impl Archive {
    /// Everything is kept below `folder`. The mirror is the one of apt on this machine unless it
    /// is named.
    pub(crate) fn new(folder: &Path, mirror: Option<String>) -> Self {
        Self {
            folder: folder.to_owned(),
            mirror,
        }
    }

    /// Packages of a suite and what they depend on, as far as the names contain `part`, below the
    /// folder that is returned; as of when they were first fetched.
    pub(crate) fn unpacked(
        &self,
        name: &str,
        suite: &str,
        architecture: Architecture,
        packages: &[&str],
        part: &str,
    ) -> Result<PathBuf> {
        let place = self.folder.join(name);
        let root = place.join("root");
        // Written last, so an interrupted download starts over.
        let marker = place.join("unpacked");
        if marker.exists() {
            return Ok(root);
        }
        // What an interrupted run left is not trusted.
        if place.exists() {
            fs::remove_dir_all(&place).with_context(|| format!("remove {}", place.display()))?;
        }
        let config = self.configure(&place, suite, architecture)?;
        let apt = |program: &str| {
            let mut command = Command::new(program);
            command.env("APT_CONFIG", &config).current_dir(&place);
            command
        };
        shell::run(apt("apt-get").args(["update", "-qq"]))?;
        let names = dependencies(&mut apt("apt-cache"), packages, part)?;
        println!("vm: {} from Debian {suite}", names.join(" "));
        shell::run(apt("apt-get").args(["download", "-qq"]).args(&names))?;
        for entry in fs::read_dir(&place)? {
            let path = entry?.path();
            if path.extension().is_some_and(|extension| extension == "deb") {
                shell::run(Command::new("dpkg").arg("-x").arg(&path).arg(&root))?;
                fs::remove_file(&path)?;
            }
        }
        // Megabytes that only the download needed.
        fs::remove_dir_all(place.join("lists"))?;
        fs::remove_dir_all(place.join("cache"))?;
        fs::write(&marker, "")?;
        Ok(root)
    }

    /// Writes the configuration and returns its path.
    fn configure(&self, place: &Path, suite: &str, architecture: Architecture) -> Result<PathBuf> {
        for folder in ["lists/partial", "cache/archives/partial"] {
            fs::create_dir_all(place.join(folder))?;
        }
        let mirror = match &self.mirror {
            Some(mirror) => mirror.clone(),
            None => configured_mirror()?,
        };
        let sources = format!("deb [signed-by={KEYRING}] {mirror} {suite} main\n");
        fs::write(place.join("sources.list"), sources)?;
        // Nothing counts as installed.
        fs::write(place.join("status"), "")?;
        let config = place.join("apt.conf");
        let at = place.display();
        let text = format!(
            "Dir::Etc::sourcelist \"{at}/sources.list\";\n\
             Dir::Etc::sourceparts \"-\";\n\
             Dir::State \"{at}\";\n\
             Dir::State::lists \"{at}/lists\";\n\
             Dir::State::status \"{at}/status\";\n\
             Dir::Cache \"{at}/cache\";\n\
             APT::Architecture \"{}\";\n\
             Acquire::Languages \"none\";\n\
             APT::Sandbox::User \"root\";\n",
            architecture.as_str()
        );
        fs::write(&config, text).with_context(|| format!("write {}", config.display()))?;
        Ok(config)
    }
}

/// Where apt on this machine gets Debian from.
fn configured_mirror() -> Result<String> {
    let output = Command::new("apt-get")
        .args(["indextargets", "--format", "$(LABEL) $(REPO_URI)"])
        .arg("Created-By: Packages")
        .output()
        .context("start apt-get")?;
    let targets = String::from_utf8(output.stdout)?;
    // "Debian-Security" is another archive.
    let mirror = targets
        .lines()
        .find_map(|line| line.strip_prefix("Debian "));
    let mirror = mirror.context(
        "apt on this machine knows no archive of Debian (or its lists were never fetched: apt-get \
         update); name one with --mirror",
    )?;
    Ok(mirror.to_owned())
}

fn dependencies(apt_cache: &mut Command, packages: &[&str], part: &str) -> Result<Vec<String>> {
    let ignored = [
        "--no-recommends",
        "--no-suggests",
        "--no-conflicts",
        "--no-breaks",
        "--no-replaces",
        "--no-enhances",
    ];
    let output = apt_cache
        .args(["depends", "--recurse"])
        .args(ignored)
        .args(packages)
        .output()
        .context("start apt-cache")?;
    let text = String::from_utf8(output.stdout)?;
    // Each package stands at the beginning of a line, what it depends on behind an indent.
    let names: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with(|c: char| c.is_ascii_alphanumeric()))
        .filter(|name| name.contains(part))
        .map(str::to_owned)
        .collect();
    if names.is_empty() {
        bail!("the archive has no package {}", packages.join(" "));
    }
    Ok(names)
}
