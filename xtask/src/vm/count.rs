//! Instructions that the auditor adds to a request: counted by an emulated processor, so that they
//! are the same on every machine and in every run, to a percent.

use anyhow::{Context as _, Result, ensure};

use super::architecture::Architecture;
use super::archive::Archive;
use super::initramfs::{self, Userland};
use super::kernel::Kernel;
use super::machine::{self, Processors};
use super::transcript::Transcript;
use crate::shell;

/// Of Debian; its newest kernel is taken.
const SUITE: &str = "trixie";
/// Added to a request on an open connection between two processes of a node: the kernel programs
/// and the daemon, which records both ends. As counted when this was written.
const RECORDED: u64 = 82_400;

pub(crate) fn run() -> Result<()> {
    let architecture = Architecture::Amd64;
    let binary = architecture.build()?;
    let folder = shell::root().join("target/vm");
    let kernel = Kernel::unpacked(&Archive::new(&folder, None), SUITE, architecture)?;
    let packed = folder.join("initramfs").join("count");
    initramfs::pack(&kernel, &Userland::Host, &binary, &packed)?;
    println!("count: booting {}", kernel.release);
    let said = machine::boot(
        &kernel,
        &packed,
        "play=count",
        architecture,
        Processors::Counting,
    )?;
    said.keep(&folder.join("said/count"))?;
    let counted = Counted::of(&said).context("see target/vm/said/count")?;
    let Counted {
        nothing,
        added,
        daemon,
    } = counted;
    println!(
        "a request with nothing: {nothing} instructions; the auditor adds {added}, {daemon} of them in \
         its daemon"
    );
    ensure!(
        added * 10 <= RECORDED * 11,
        "{RECORDED} are recorded; if the growth is worth it, write that down in xtask/src/vm/count.rs"
    );
    Ok(())
}

/// Instructions of a request.
#[derive(Debug, PartialEq, Eq)]
struct Counted {
    nothing: u64,
    /// By the auditor, its kernel programs included.
    added: u64,
    daemon: u64,
}

impl Counted {
    fn of(said: &Transcript) -> Result<Self> {
        let number = |name| -> Result<u64> {
            let said = said.one(name).with_context(|| format!("no {name}"))?;
            said.parse().with_context(|| format!("{name}: {said}"))
        };
        let time = |name| {
            let said = said.one(name).with_context(|| format!("no {name}"))?;
            nanoseconds(said).with_context(|| format!("{name}: {said}"))
        };
        ensure!(number("run-exit")? == 0, "the auditor failed");
        let requests = number("requests")?;
        let (nothing, auditor) = (time("nothing")?, time("auditor")?);
        let added = (auditor + number("behind")?).saturating_sub(nothing);
        Ok(Self {
            nothing: nothing / requests,
            added: added / requests,
            daemon: number("daemon")? / requests,
        })
    }
}

/// A time as h2load writes it.
fn nanoseconds(text: &str) -> Option<u64> {
    let (number, unit) = match text.strip_suffix("ms") {
        Some(number) => (number, 1e6),
        None => (text.strip_suffix('s')?, 1e9),
    };
    let number: f64 = number.parse().ok()?;
    Some((number * unit) as u64)
}

#[cfg(test)]
mod tests {
    use super::Counted;
    use crate::vm::transcript::Transcript;

    #[test]
    fn what_the_auditor_has_not_come_to_counts_too() {
        let console = b"@requests 1000\n@nothing 100.50ms\n@auditor 1.20s\n@behind 500000\n\
            @daemon 900000000\n@run-exit 0\n";
        let counted = Counted {
            nothing: 100_500,
            added: 1_100_000,
            daemon: 900_000,
        };
        assert_eq!(Counted::of(&Transcript::of(console)).unwrap(), counted);
    }
}
