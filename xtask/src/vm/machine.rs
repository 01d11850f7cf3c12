//! A virtual machine, emulated: slow, but the same wherever it runs.

use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context as _, Result, bail};

use super::architecture::Architecture;
use super::kernel::Kernel;
use super::transcript::Transcript;

/// Several times what the check takes on two shared cores.
const SECONDS: &str = "300";
const MEBIBYTES: &str = "512";

#[derive(Clone, Copy, Debug)]
pub(crate) enum Processors {
    /// The programs run on both at once.
    Two,
    /// Its clock counts instructions: each is a nanosecond, and idle time takes none.
    Counting,
}

/// Boots the kernel with these words on its command line and returns what was said until it
/// switched itself off.
pub(crate) fn boot(
    kernel: &Kernel,
    initramfs: &Path,
    words: &str,
    architecture: Architecture,
    processors: Processors,
) -> Result<Transcript> {
    let mut command = Command::new("timeout");
    command
        .arg(SECONDS)
        .args(architecture.emulator())
        // Threads for the processors run into what one of them writes for the other to execute,
        // as kernels do while they boot, and then a kernel dies now and then.
        .args(["-accel", "tcg,thread=single"])
        .args(["-m", MEBIBYTES])
        .args(processors.arguments())
        .args(["-nographic", "-nodefaults", "-serial", "stdio"])
        .arg("-no-reboot")
        .arg("-kernel")
        .arg(&kernel.image)
        .arg("-initrd")
        .arg(initramfs)
        // After a panic there is nothing to wait for.
        .arg("-append")
        .arg(format!(
            "console={} panic=-1 quiet {words}",
            architecture.console()
        ));
    let output = command
        .stdin(Stdio::null())
        .output()
        .context("start timeout")?;
    let transcript = Transcript::of(&output.stdout);
    // The emulator's status says nothing of a kernel that died.
    if !output.status.success() || transcript.one("end").is_none() {
        bail!(
            "the virtual machine did not come to its end within {SECONDS} s ({}): {}; last it \
             said:\n{}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim(),
            transcript.tail()
        );
    }
    Ok(transcript)
}

// === impl Processors ===

impl Processors {
    fn arguments(self) -> &'static [&'static str] {
        match self {
            Self::Two => &["-smp", "2"],
            Self::Counting => &["-smp", "1", "-icount", "shift=0,sleep=off"],
        }
    }
}
