//! `cargo xtask fuzz`: bytes that nobody thought of, for what comes from outside.
//!
//! libFuzzer needs counters at every branch, which the stable compiler can put there; only the
//! sanitizers want a nightly one, and in safe code there is little for them to find.

use std::fs;
use std::path::PathBuf;

use anyhow::{Context as _, Result};

use crate::shell;

/// Every target, and the longest input that it is given.
const TARGETS: [(&str, u32); 3] = [("conversation", 4096), ("journal", 4096), ("ring", 4096)];
const SHORT_RUNS: u32 = 20_000;
/// What a target may take, in MB: several times what it needs.
const MEMORY: u32 = 512;
/// Counters for libFuzzer, checks of arithmetic, and panics that it sees.
const FLAGS: &str = "-Cpasses=sancov-module -Cllvm-args=-sanitizer-coverage-level=4 \
    -Cllvm-args=-sanitizer-coverage-inline-8bit-counters \
    -Cllvm-args=-sanitizer-coverage-pc-table -Cdebug-assertions -Coverflow-checks \
    --cfg fuzzing";

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Seconds for each target
    #[arg(long, default_value_t = 600)]
    seconds: u32,
    /// Inputs for each target, always the same ones, instead of a time
    #[arg(long)]
    runs: Option<u32>,
    /// Only this target
    target: Option<String>,
}

impl Args {
    /// Shows that the targets still build and hold.
    pub(crate) fn short() -> Self {
        Self {
            seconds: 0,
            runs: Some(SHORT_RUNS),
            target: None,
        }
    }
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let folder = shell::root().join("target/fuzz");
    let mut build = shell::cargo();
    build.args(["build", "--release", "--package", "auditor-fuzz", "--bins"]);
    // Named, so that build scripts and procedural macros go without the counters.
    let host = shell::host()?;
    build.args(["--target", &host, "--target-dir"]).arg(&folder);
    shell::run(build.env("RUSTFLAGS", FLAGS))?;
    let binaries = folder.join(host).join("release");
    let wanted = |name: &str| args.target.as_ref().is_none_or(|target| target == name);
    for (name, longest) in TARGETS.iter().filter(|(name, _)| wanted(name)) {
        let mut target = shell::as_root(binaries.join(name))?;
        if let Some(runs) = args.runs {
            target.args([format!("-runs={runs}"), "-seed=1".to_owned()]);
        } else {
            // What was found to be of interest is begun with the next time.
            let corpus: PathBuf = folder.join("corpus").join(name);
            fs::create_dir_all(&corpus).with_context(|| format!("make {}", corpus.display()))?;
            target.arg(&corpus);
            target.arg(format!("-max_total_time={}", args.seconds));
        }
        target.arg(format!("-max_len={longest}"));
        target.arg(format!("-rss_limit_mb={MEMORY}"));
        target.arg(format!("-artifact_prefix={}/", folder.display()));
        target.args(["-timeout=10", "-print_final_stats=1", "-verbosity=0"]);
        println!("fuzz {name}");
        shell::run(&mut target)?;
    }
    Ok(())
}
