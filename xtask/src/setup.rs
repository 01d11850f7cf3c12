//! `cargo xtask setup`: everything a fresh Debian or Ubuntu machine with Rust still needs.
//!
//! Idempotent: a second run installs nothing and takes a second.

use std::env;
use std::process::Command;

use anyhow::{Context as _, Result, ensure};

use crate::apt::{self, Package};
use crate::{route, shell, tools};

#[derive(clap::Args, Clone, Copy)]
pub(crate) struct Args {
    /// Only what building needs, nothing for the tests
    #[arg(long)]
    pub(crate) build_only: bool,
}

/// `core` for the BPF target, compiled by Debian.
const BPF_COMPILER: &[Package] = &[
    Package {
        name: "rustc-web",
        why: "compiles the kernel programs",
    },
    Package {
        name: "libstd-rust-web-dev-bpf",
        why: "`core` for the kernel programs",
    },
];

/// What the end-to-end tests drive.
const TEST_PROGRAMS: &[Package] = &[
    Package {
        name: "apache2-utils",
        why: "HTTP client with exact request counts",
    },
    Package {
        name: "bpftool",
        why: "shows what is loaded and attached",
    },
    Package {
        name: "busybox-static",
        why: "what containers and virtual machines of the tests are made of",
    },
    Package {
        name: "chromium",
        why: "opens reports as their readers do",
    },
    Package {
        name: "containerd",
        why: "runs the pods of the tests",
    },
    Package {
        name: "containernetworking-plugins",
        why: "puts pods on a network",
    },
    Package {
        name: "cpio",
        why: "packs what the virtual machines boot",
    },
    Package {
        name: "crun",
        why: "starts the containers of the tests, as a second runtime",
    },
    Package {
        name: "curl",
        why: "HTTP client",
    },
    Package {
        name: "debian-archive-keyring",
        why: "verifies the kernels of the virtual machines",
    },
    Package {
        name: "gnutls-bin",
        why: "TLS of another library",
    },
    Package {
        name: "golang-go",
        why: "TLS of another library",
    },
    Package {
        name: "iproute2",
        why: "network namespaces that stand in for pods",
    },
    Package {
        name: "iptables",
        why: "address translation as Kubernetes services do it",
    },
    Package {
        name: "nghttp2-client",
        why: "HTTP/2 client and load",
    },
    Package {
        name: "nghttp2-proxy",
        why: "upgrades from HTTP/1.1 to HTTP/2",
    },
    Package {
        name: "nghttp2-server",
        why: "HTTP/2 server",
    },
    Package {
        name: "nginx-light",
        why: "HTTP server",
    },
    Package {
        name: "openssl",
        why: "certificates and TLS clients",
    },
    Package {
        name: "python3",
        why: "runs the OTLP receiver of the tests",
    },
    Package {
        name: "python3-venv",
        why: "keeps Python tools inside target/",
    },
    Package {
        name: "qemu-system-x86",
        why: "boots the kernels that the tests run on",
    },
    Package {
        name: "runc",
        why: "starts the containers of the tests",
    },
    Package {
        name: "socat",
        why: "clients that send half a message",
    },
    Package {
        name: "systemd",
        why: "checks the service unit",
    },
    Package {
        name: "wrk",
        why: "HTTP load",
    },
];

pub(crate) fn run(args: Args) -> Result<()> {
    bpf_compiler()?;
    tools::bpf_linker()?;
    if !args.build_only {
        apt::install(TEST_PROGRAMS)?;
        tools::cargo_deny()?;
        tools::python()?;
        tools::kubernetes_clients()?;
    }
    Ok(())
}

/// Leaves the machine with at least one route to a BPF object. The rustup component is tried
/// first: it is a few megabytes, and it is there on every distribution.
fn bpf_compiler() -> Result<()> {
    let rustc = env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    if let Some(route) = route::available(&rustc).first() {
        println!("setup: kernel programs are compiled by {route}");
        return Ok(());
    }
    if route::allowed("rustup")
        && let Some(rustup) = shell::which("rustup")
    {
        println!("setup: rustup component rust-src (`core` for the kernel programs)");
        match shell::run(Command::new(rustup).args(["component", "add", "rust-src"])) {
            Ok(()) => return Ok(()),
            Err(error) => println!("setup: {error}"),
        }
    }
    ensure!(
        route::allowed("debian"),
        "{} leaves no compiler for the kernel programs that could be installed here",
        route::VARIABLE
    );
    apt::install(BPF_COMPILER).context(
        "the kernel programs need a rustup toolchain with rust-src, or Debian's compiler for BPF",
    )
}
