//! `cargo xtask test`: every check and every test, in the order of how soon each one fails.

use std::env;
use std::time::Instant;

use anyhow::{Result, bail};

use crate::{dist, fuzz, layers, manifests, route, schema, setup, shell, vm};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// Leave out the tests that load kernel programs and need root
    #[arg(long)]
    fast: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let mut steps = Steps::default();
    steps.step("setup", || setup::run(setup::Args { build_only: false }));
    // Nothing below says anything useful on a machine that lacks its tools.
    if steps.failed.is_empty() {
        checks(&mut steps);
        // Of the binary that the record schema was written by.
        steps.step("packages", dist::check);
        // In the profile of the kernel tests: what both need is built once.
        steps.step("unit tests", || {
            cargo(&["test", "--release", "--lib", "--bins"])
        });
        if !args.fast {
            steps.step("fuzz targets", || fuzz::run(&fuzz::Args::short()));
            steps.step("kernel tests", kernel_tests);
            steps.step("oldest kernel", || vm::run(&vm::Args::short()));
        }
    }
    steps.close()
}

fn checks(steps: &mut Steps) {
    steps.step("format", || cargo(&["fmt", "--all", "--check"]));
    steps.step("layers", layers::run);
    steps.step("licences and sources", licences);
    steps.step("clippy", || {
        // The kernel programs only build for their own target, which has no clippy.
        let packages = [
            "clippy",
            "--workspace",
            "--exclude",
            "auditor-ebpf",
            "--all-targets",
        ];
        shell::run(shell::cargo().args(packages).args(["--", "-D", "warnings"]))
    });
    steps.step("record schema", || {
        schema::run(&schema::Args { check: true })
    });
    steps.step("chart and manifests", || {
        manifests::run(&manifests::Args { check: true })
    });
}

/// Built as the developer, run as root: no file of root's is left in `target/`. One at a time,
/// because the programs are attached to the whole machine.
fn kernel_tests() -> Result<()> {
    let mut command = shell::cargo();
    command.args(["test", "--release", "--package", "auditor", "--test", "*"]);
    command.args(["--", "--test-threads=1"]);
    shell::as_root_under_cargo(&mut command)?;
    shell::run(&mut command)
}

fn licences() -> Result<()> {
    let mut command = shell::cargo();
    // Cargo looks for `cargo deny` on PATH, where a fresh shell may not have its folder.
    command.env("PATH", env::join_paths(route::search_path())?);
    // Two versions of a crate are worth a look in a review, not on every run.
    command.args([
        "deny",
        "--log-level",
        "error",
        "check",
        "bans",
        "licenses",
        "sources",
    ]);
    shell::run(&mut command)
}

fn cargo(args: &[&str]) -> Result<()> {
    shell::run(shell::cargo().args(args))
}

/// The steps that failed so far. One failure does not hide the next.
#[derive(Default)]
struct Steps {
    passed: usize,
    failed: Vec<&'static str>,
}

// === impl Steps ===

impl Steps {
    fn step(&mut self, name: &'static str, step: impl FnOnce() -> Result<()>) {
        println!("=== {name}");
        let start = Instant::now();
        let result = step();
        let seconds = start.elapsed().as_secs_f32();
        match result {
            Ok(()) => {
                self.passed += 1;
                println!("=== {name}: ok in {seconds:.1} s");
            }
            Err(error) => {
                self.failed.push(name);
                println!("=== {name}: FAILED after {seconds:.1} s: {error:#}");
            }
        }
    }

    fn close(self) -> Result<()> {
        if !self.failed.is_empty() {
            bail!("failed: {}", self.failed.join(", "));
        }
        println!("=== all {} steps passed", self.passed);
        Ok(())
    }
}
