//! `cargo xtask vm`: the same end-to-end check on every supported kernel, under emulation.
//!
//! Nothing is installed and nothing needs root or KVM: kernels are unpacked below `target/vm`, and
//! the machine's whole world is an archive in memory.

mod architecture;
mod archive;
mod complexity;
pub(crate) mod count;
mod initramfs;
mod kernel;
mod machine;
mod scene;
mod transcript;
mod verdict;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use anyhow::{Context as _, Result, bail};

use crate::shell;
use architecture::Architecture;
use archive::Archive;
use complexity::Table;
use initramfs::Userland;
use kernel::Kernel;
use machine::Processors;
use scene::Scene;

#[derive(clap::Args, Default)]
pub(crate) struct Args {
    /// Only scenes whose name contains this; every one otherwise
    #[arg(value_name = "NAME")]
    only: Option<String>,
    /// Only the oldest supported kernel
    #[arg(long, conflicts_with = "only")]
    short: bool,
    /// Fetch the kernels again: Debian's suites move on
    #[arg(long)]
    update: bool,
    /// Debian's archive, where apt on this machine uses another distribution's
    #[arg(long, value_name = "URL")]
    mirror: Option<String>,
    /// This binary instead of the one that is built; with NAME, where processors differ
    #[arg(long, value_name = "PATH")]
    binary: Option<PathBuf>,
    /// Write the verified instructions that were seen into docs/kernels.md
    #[arg(long)]
    record: bool,
}

// === impl Args ===

impl Args {
    pub(crate) fn short() -> Self {
        Self {
            short: true,
            ..Self::default()
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = shell::root().join("target/vm");
    if args.update && folder.exists() {
        fs::remove_dir_all(&folder).with_context(|| format!("remove {}", folder.display()))?;
    }
    let mut table = Table::read()?;
    let mut built = BTreeMap::new();
    let mut failed = Vec::new();
    for scene in scene::ALL.iter().filter(|scene| is_wanted(args, scene)) {
        let start = Instant::now();
        let problems = match play(args, scene, &folder, &mut built, &mut table) {
            Ok(problems) => problems,
            Err(error) => vec![format!("{error:#}")],
        };
        let seconds = start.elapsed().as_secs();
        if problems.is_empty() {
            println!("{}: ok in {seconds} s", scene.name);
            continue;
        }
        println!("{}: FAILED after {seconds} s", scene.name);
        for problem in &problems {
            println!("    {problem}");
        }
        failed.push(scene.name);
    }
    if args.record {
        table.write()?;
    }
    if !failed.is_empty() {
        bail!(
            "failed: {}; what was said is below target/vm/said",
            failed.join(", ")
        );
    }
    Ok(())
}

fn is_wanted(args: &Args, scene: &Scene) -> bool {
    match &args.only {
        Some(part) => scene.name.contains(part.as_str()),
        None => !args.short || scene.is_short,
    }
}

/// Boots a kernel and lets it play the scene. Returns what was not as it should be.
fn play(
    args: &Args,
    scene: &Scene,
    folder: &Path,
    built: &mut BTreeMap<Architecture, PathBuf>,
    table: &mut Table,
) -> Result<Vec<String>> {
    let archive = Archive::new(folder, args.mirror.clone());
    let architecture = scene.architecture;
    let binary = match (&args.binary, built.get(&architecture)) {
        (Some(binary), _) | (None, Some(binary)) => binary.clone(),
        (None, None) => architecture.build()?,
    };
    built.insert(architecture, binary.clone());
    let userland = Userland::of(architecture, &archive)?;
    let kernel = Kernel::unpacked(&archive, scene.suite, architecture)?;
    println!("{}: booting {}", scene.name, kernel.release);
    let packed = folder.join("initramfs").join(scene.name);
    initramfs::pack(&kernel, &userland, &binary, &packed)?;
    let said = machine::boot(&kernel, &packed, scene.words, architecture, Processors::Two)?;
    said.keep(&folder.join("said").join(scene.name))?;
    let problems = verdict::judge(scene, &kernel.release, &said);
    if !problems.is_empty() {
        return Ok(problems);
    }
    let seen = verdict::instructions(&said);
    if args.record {
        table.record(&kernel.release, &seen);
        return Ok(Vec::new());
    }
    Ok(table.growth(&kernel.release, &seen))
}
