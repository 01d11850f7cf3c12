//! Running other programs: as the developer, or as root.

use std::env;
use std::ffi::OsStr;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result, bail};

use crate::route;

/// The repository root.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}

/// The cargo that runs us, in the repository root.
///
/// What `cargo run` told us about xtask is not passed on: build scripts watch these variables
/// (ring's does), and everything above them would be rebuilt whenever `cargo build` and
/// `cargo xtask` take turns.
pub(crate) fn cargo() -> Command {
    let mut cargo = Command::new(env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    cargo.current_dir(root());
    for (name, _) in env::vars_os() {
        let name = name.to_string_lossy();
        if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
            cargo.env_remove(&*name);
        }
    }
    cargo
}

/// Runs a command to its end with our terminal. Fails unless the command succeeds.
pub(crate) fn run(command: &mut Command) -> Result<()> {
    let status = command
        .status()
        .with_context(|| format!("start {}", line(command)))?;
    if !status.success() {
        bail!("{}: {status}", line(command));
    }
    Ok(())
}

/// `program`, with `sudo` before it unless we are root.
pub(crate) fn as_root(program: impl AsRef<OsStr>) -> Result<Command> {
    if is_root()? {
        return Ok(Command::new(program));
    }
    let sudo = which("sudo").context("this step needs root, and sudo is not installed")?;
    let mut command = Command::new(sudo);
    command.arg(program);
    Ok(command)
}

/// Makes cargo run what it builds as root, and build it as the developer.
pub(crate) fn as_root_under_cargo(cargo: &mut Command) -> Result<()> {
    if !is_root()? {
        let host = host()?.to_uppercase().replace('-', "_");
        cargo.env(format!("CARGO_TARGET_{host}_RUNNER"), "sudo --preserve-env");
    }
    Ok(())
}

pub(crate) fn is_root() -> Result<bool> {
    Ok(fs::metadata("/proc/self")
        .context("/proc is not mounted")?
        .uid()
        == 0)
}

/// Where `program` is on `PATH`, or in cargo's own folder, which a fresh shell may not have there.
pub(crate) fn which(program: &str) -> Option<PathBuf> {
    route::search_path()
        .into_iter()
        .map(|folder| folder.join(program))
        .find(|path| path.is_file())
}

/// The target triple that cargo builds for here.
pub(crate) fn host() -> Result<String> {
    let output = Command::new("rustc")
        .arg("-vV")
        .output()
        .context("start rustc")?;
    let version = String::from_utf8(output.stdout)?;
    let host = version.lines().find_map(|line| line.strip_prefix("host: "));
    Ok(host.context("rustc -vV names no host")?.to_owned())
}

/// The command as one would type it.
fn line(command: &Command) -> String {
    let words = [command.get_program()]
        .into_iter()
        .chain(command.get_args());
    words
        .map(OsStr::to_string_lossy)
        .collect::<Vec<_>>()
        .join(" ")
}
