//! The ways to compile for the BPF target, and which of them this machine has.
//!
//! `build.rs` takes them in order until one works; `cargo xtask setup` installs something only
//! where there is none.

use std::env;
use std::ffi::OsStr;
use std::fmt;
use std::path::PathBuf;
use std::process::Command;

pub(crate) const TARGET: &str = "bpfel-unknown-none";

/// Set by packagers who must know which compiler is used: `rustup` or `debian`.
pub(crate) const VARIABLE: &str = "AUDITOR_BPF_ROUTE";

/// Debian's own compiler; the package `rustc-web` puts it here whatever rustup has on `PATH`.
const DEBIAN_RUSTC: &str = "/usr/bin/rustc";

/// A compiler that can produce `core` for [`TARGET`].
#[derive(Debug)]
pub(crate) enum Route {
    /// A toolchain with the component `rust-src`: cargo compiles `core` itself.
    Rustup { rustc: PathBuf },
    /// A compiler that comes with `core` already compiled.
    Debian { rustc: PathBuf },
}

// === impl Route ===

impl fmt::Display for Route {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Rustup { rustc } => write!(f, "rustup ({})", rustc.display()),
            Self::Debian { rustc } => write!(f, "debian ({})", rustc.display()),
        }
    }
}

/// Whether the environment leaves this route open: without [`VARIABLE`] every one is.
pub(crate) fn allowed(name: &str) -> bool {
    env::var_os(VARIABLE).is_none_or(|only| only.is_empty() || only == name)
}

/// Every open route this machine has, best first: the toolchain that builds the daemon, then
/// nightly, then Debian's compiler.
pub(crate) fn available(rustc: &OsStr) -> Vec<Route> {
    let nightly = rustup_which("nightly");
    let with_source = [Some(PathBuf::from(rustc)), nightly]
        .into_iter()
        .flatten()
        .filter(|_| allowed("rustup"))
        .filter(|rustc| has(rustc, "src/rust/library/core/Cargo.toml"))
        .map(|rustc| Route::Rustup { rustc });
    let precompiled = [PathBuf::from(DEBIAN_RUSTC)]
        .into_iter()
        .filter(|_| allowed("debian"))
        .filter(|rustc| has(rustc, &format!("{TARGET}/lib")))
        .map(|rustc| Route::Debian { rustc });
    with_source.chain(precompiled).collect()
}

/// `PATH` with cargo's own binaries at the end, where `cargo install` leaves bpf-linker: a shell
/// that never sourced cargo's environment builds too.
pub(crate) fn search_path() -> Vec<PathBuf> {
    let cargo_home = env::var_os("CARGO_HOME").map(PathBuf::from);
    let cargo_home = cargo_home.or_else(|| Some(env::home_dir()?.join(".cargo")));
    let path = env::var_os("PATH").unwrap_or_default();
    env::split_paths(&path)
        .chain(cargo_home.map(|home| home.join("bin")))
        .collect()
}

/// Whether the compiler's own library folder holds `path`.
fn has(rustc: &PathBuf, path: &str) -> bool {
    output(Command::new(rustc).args(["--print", "sysroot"])).is_some_and(|sysroot| {
        PathBuf::from(sysroot)
            .join("lib/rustlib")
            .join(path)
            .exists()
    })
}

/// The compiler of an installed rustup toolchain. The proxies on `PATH` are not asked: they
/// follow the toolchain that is building us.
fn rustup_which(toolchain: &str) -> Option<PathBuf> {
    output(Command::new("rustup").args(["which", "--toolchain", toolchain, "rustc"]))
        .map(PathBuf::from)
}

/// What the command prints, or nothing where it is missing or fails.
fn output(command: &mut Command) -> Option<String> {
    let output = command
        .output()
        .ok()
        .filter(|output| output.status.success())?;
    Some(String::from_utf8(output.stdout).ok()?.trim().to_owned())
}
