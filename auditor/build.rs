//! Compiles the kernel programs, so that `cargo build -p auditor` is all it takes.
//!
//! Leaves the object at `$OUT_DIR/auditor`. The routes to a BPF compiler are tried in order; a
//! warning appears only for a route that was there and failed.

#![expect(
    clippy::disallowed_methods,
    reason = "cargo talks to build scripts through environment variables"
)]

#[path = "build/route.rs"]
mod route;

use std::env;
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode};

use route::{Route, TARGET};

const REMEDY: &str = "run `cargo xtask setup --build-only` and build again";

fn main() -> ExitCode {
    for path in ["auditor-ebpf", "auditor-common", "Cargo.toml", "Cargo.lock"] {
        println!("cargo:rerun-if-changed=../{path}");
    }
    println!("cargo:rerun-if-changed=build.rs");
    println!("cargo:rerun-if-changed=build/route.rs");
    println!("cargo:rerun-if-env-changed={}", route::VARIABLE);

    match build() {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("cannot compile the kernel programs: {problem}");
            ExitCode::FAILURE
        }
    }
}

fn build() -> Result<(), String> {
    let path = linker_path()?;
    let routes = routes()?;
    for route in &routes {
        match compile(route, &path) {
            Ok(object) => return install(&object),
            Err(problem) => {
                for line in problem.lines() {
                    println!("cargo:warning=route {route}: {line}");
                }
            }
        }
    }
    Err("every route failed, and the warnings say why".to_owned())
}

/// The routes to try. Fails where there is none.
fn routes() -> Result<Vec<Route>, String> {
    let routes = route::available(&cargo_variable("RUSTC")?);
    if !routes.is_empty() {
        return Ok(routes);
    }
    let missing = match (route::allowed("rustup"), route::allowed("debian")) {
        (true, true) => {
            "neither a rustup toolchain with the component rust-src nor the Debian package \
             libstd-rust-web-dev-bpf (with rustc-web) is installed"
        }
        (true, false) => "no rustup toolchain has the component rust-src",
        (false, true) => "the Debian package libstd-rust-web-dev-bpf (with rustc-web) is missing",
        (false, false) => return Err(format!("{} is rustup or debian", route::VARIABLE)),
    };
    Err(format!(
        "no compiler here has `core` for {TARGET}: {missing}; {REMEDY}"
    ))
}

/// The search path for the inner cargo. Fails unless bpf-linker is on it.
fn linker_path() -> Result<OsString, String> {
    let folders = route::search_path();
    if !folders
        .iter()
        .any(|folder| folder.join("bpf-linker").is_file())
    {
        return Err(format!(
            "bpf-linker is neither on PATH nor in ~/.cargo/bin; {REMEDY}"
        ));
    }
    env::join_paths(folders).map_err(|error| format!("PATH: {error}"))
}

/// Runs cargo for the kernel programs and returns where the object is.
fn compile(route: &Route, path: &OsString) -> Result<PathBuf, String> {
    // A folder of its own: the outer cargo holds the lock of the usual one. One per route, so
    // that a switch between them never mixes two builds of `core`.
    let target_dir = out_dir()?.join(match route {
        Route::Rustup { .. } => "bpf-rustup",
        Route::Debian { .. } => "bpf-debian",
    });
    let mut cargo = Command::new(cargo_variable("CARGO")?);
    cargo
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .args([
            "build",
            "--locked",
            "--release",
            "--package",
            "auditor-ebpf",
        ])
        .args(["--target", TARGET])
        .arg("--target-dir")
        .arg(&target_dir)
        // What the daemon is built with is not for the kernel: sanitizers, coverage, clippy.
        .env_remove("RUSTFLAGS")
        .env_remove("RUSTC_WORKSPACE_WRAPPER")
        .env("CARGO_ENCODED_RUSTFLAGS", rust_flags()?)
        .env("PATH", path)
        // The target is not a stable one, and aya-ebpf needs `asm_experimental_arch`.
        .env("RUSTC_BOOTSTRAP", "1");
    match route {
        Route::Rustup { rustc } => cargo.env("RUSTC", rustc).arg("-Zbuild-std=core"),
        Route::Debian { rustc } => cargo.env("RUSTC", rustc),
    };
    let output = cargo
        .output()
        .map_err(|error| format!("{cargo:?}: {error}"))?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into_owned());
    }
    Ok(target_dir.join(TARGET).join("release/auditor"))
}

/// The flags of the kernel programs, in cargo's encoding. `bpf_target_arch` is the machine the
/// programs will run on: `pt_regs` differ between architectures.
fn rust_flags() -> Result<String, String> {
    let arch = env::var("CARGO_CFG_TARGET_ARCH").map_err(|error| error.to_string())?;
    if !matches!(arch.as_str(), "x86_64" | "aarch64") {
        return Err(format!("{arch} is not supported: x86_64 and aarch64 are"));
    }
    let arch = format!("--cfg=bpf_target_arch=\"{arch}\"");
    Ok([arch.as_str(), "-Cdebuginfo=2", "-Clink-arg=--btf"].join("\x1f"))
}

/// Copies the object to the path that the daemon includes.
fn install(object: &Path) -> Result<(), String> {
    fs::copy(object, out_dir()?.join("auditor"))
        .map(|_| ())
        .map_err(|error| format!("{}: {error}", object.display()))
}

fn out_dir() -> Result<PathBuf, String> {
    cargo_variable("OUT_DIR").map(PathBuf::from)
}

fn cargo_variable(name: &str) -> Result<OsString, String> {
    env::var_os(name).ok_or_else(|| format!("cargo did not set {name}"))
}
