//! What differs between the processors that kernels are run on.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, Result};

use crate::apt::{self, Package};
use crate::{build, shell};

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Architecture {
    /// That of the machines this is developed on: what runs there runs in the guest.
    Amd64,
    /// Emulated as a whole, with programs of Debian's.
    Arm64,
}

const ARM64_TARGET: &str = "aarch64-unknown-linux-gnu";
const ARM64_LINKER: &str = "aarch64-linux-gnu-gcc";
const ARM64_PACKAGES: &[Package] = &[
    Package {
        name: "gcc-aarch64-linux-gnu",
        why: "links the auditor for arm64",
    },
    Package {
        name: "libc6-dev-arm64-cross",
        why: "the C library of arm64",
    },
    Package {
        name: "qemu-system-arm",
        why: "boots kernels for arm64",
    },
];

// === impl Architecture ===

impl Architecture {
    /// As Debian calls it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Amd64 => "amd64",
            Self::Arm64 => "arm64",
        }
    }

    /// Builds the auditor and returns its binary.
    pub(crate) fn build(self) -> Result<PathBuf> {
        if self == Self::Amd64 {
            build::run()?;
            return Ok(build::binary());
        }
        apt::install(ARM64_PACKAGES)?;
        let rustup = shell::which("rustup").context("building for arm64 needs rustup")?;
        shell::run(Command::new(rustup).args(["target", "add", ARM64_TARGET]))?;
        let mut cargo = shell::cargo();
        cargo.env(
            "CARGO_TARGET_AARCH64_UNKNOWN_LINUX_GNU_LINKER",
            ARM64_LINKER,
        );
        cargo.args(["build", "--release", "--package", "auditor"]);
        shell::run(cargo.args(["--target", ARM64_TARGET]))?;
        Ok(shell::root().join(format!("target/{ARM64_TARGET}/release/auditor")))
    }

    pub(crate) fn strip(self, from: &Path, to: &Path) -> Result<()> {
        let program = match self {
            Self::Amd64 => "strip",
            Self::Arm64 => "aarch64-linux-gnu-strip",
        };
        shell::run(Command::new(program).arg("-o").arg(to).arg(from))
    }

    /// The emulator, with a processor and a console.
    pub(crate) fn emulator(self) -> &'static [&'static str] {
        match self {
            Self::Amd64 => &["qemu-system-x86_64", "-cpu", "max"],
            Self::Arm64 => &[
                "qemu-system-aarch64",
                "-machine",
                "virt",
                "-cpu",
                "cortex-a57",
            ],
        }
    }

    pub(crate) fn console(self) -> &'static str {
        match self {
            Self::Amd64 => "ttyS0",
            Self::Arm64 => "ttyAMA0",
        }
    }
}
