//! `cargo xtask dist`: everything that is given away, in `target/dist`.
//!
//! For one binary and one `SOURCE_DATE_EPOCH` every file comes out the same, byte for byte.

mod check;
mod deb;
mod image;
mod tree;

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::{build, setup, shell, tools};

pub(crate) use check::check;

const VERSION: &str = env!("CARGO_PKG_VERSION");

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Pack this binary, in place of building one with the list of its crates inside
    #[arg(long, value_name = "FILE")]
    binary: Option<PathBuf>,
}

/// What is packed, and where to.
struct Release {
    binary: PathBuf,
    folder: PathBuf,
    /// Of every file, seconds since the epoch.
    time: String,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let binary = match &args.binary {
        Some(binary) => binary.clone(),
        None => listed()?,
    };
    let release = Release::new(binary, shell::root().join("target/dist"))?;
    for file in release.pack()? {
        println!("made {}", file.display());
    }
    Ok(())
}

/// Builds a release binary that has the list of its crates inside, for `cargo audit bin` and scanners
/// of images.
fn listed() -> Result<PathBuf> {
    setup::run(setup::Args { build_only: true })?;
    tools::cargo_auditable()?;
    let arguments = ["auditable", "build", "--release", "--package", "auditor"];
    let mut command = shell::cargo();
    command.env("PATH", env::join_paths(crate::route::search_path())?);
    shell::run(command.args(arguments))?;
    let sections = Command::new("readelf")
        .args(["--section-headers", "--wide"])
        .arg(build::binary())
        .output()
        .context("start readelf: install binutils")?;
    let listed = String::from_utf8_lossy(&sections.stdout).contains(".dep-v0");
    ensure!(listed, "the binary has no list of its crates");
    Ok(build::binary())
}

// === impl Release ===

impl Release {
    /// Empties the folder.
    fn new(binary: PathBuf, folder: PathBuf) -> Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
        }
        fs::create_dir_all(&folder)?;
        Ok(Self {
            binary,
            folder,
            time: time(),
        })
    }

    /// The files that were made.
    fn pack(&self) -> Result<[PathBuf; 3]> {
        let tree = self.folder.join("tree");
        tree::lay_out(&self.binary, &tree)?;
        let root = self.folder.join("rootfs");
        shell::run(
            Command::new(shell::root().join("deploy/image/rootfs.sh"))
                .arg(&self.binary)
                .arg(&root),
        )?;
        let name = format!("auditor-{VERSION}-{}-linux", env::consts::ARCH);
        let tarball = self.folder.join(format!("{name}.tar.gz"));
        self.tar(&tree, &tarball, &format!("s,^\\.,{name},"))?;
        Ok([tarball, deb::pack(self, &tree)?, image::pack(self, &root)?])
    }

    /// Packs a folder, compressed if the archive is called so, with `rename` done to the paths.
    fn tar(&self, folder: &Path, archive: &Path, rename: &str) -> Result<()> {
        let mut command = Command::new("tar");
        command.args(["--sort=name", "--owner=0", "--group=0", "--numeric-owner"]);
        command.arg(format!("--mtime=@{}", self.time));
        command.arg(format!("--transform={rename}"));
        if archive
            .extension()
            .is_some_and(|extension| extension == "gz")
        {
            command.arg("--use-compress-program=gzip --no-name");
        }
        command.arg("--create").arg("--file").arg(archive);
        shell::run(command.arg("--directory").arg(folder).arg("."))
    }
}

/// That of the last commit, unless the environment has one; without a repository the epoch.
fn time() -> String {
    let of_commit = || {
        let mut git = Command::new("git");
        git.current_dir(shell::root());
        let output = git.args(["log", "-1", "--format=%ct"]).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        Some(text.trim().to_owned()).filter(|time| !time.is_empty())
    };
    let given = env::var("SOURCE_DATE_EPOCH").ok();
    given.or_else(of_commit).unwrap_or_else(|| "0".to_owned())
}

/// What Debian and Go call the machine.
fn architecture() -> &'static str {
    match env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        other => other,
    }
}

/// What a program prints.
fn output(command: &mut Command) -> Result<Vec<u8>> {
    let output = command
        .output()
        .with_context(|| format!("start {}", command.get_program().display()))?;
    ensure!(
        output.status.success(),
        "{}: {}",
        command.get_program().display(),
        String::from_utf8_lossy(&output.stderr)
    );
    Ok(output.stdout)
}
