//! Project tasks. `cargo xtask run` shows the auditor at work, `cargo xtask test` proves it.

#![forbid(unsafe_code)]
#![expect(
    clippy::disallowed_methods,
    reason = "a developer's tool, not the daemon: the environment is its configuration"
)]

mod apt;
mod bench;
mod build;
mod demo;
mod dist;
mod fuzz;
mod layers;
mod manifests;
#[path = "../../auditor/build/route.rs"]
mod route;
mod run;
mod schema;
mod setup;
mod shell;
mod test;
mod tools;
mod vm;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

#[derive(Parser)]
#[command(
    name = "cargo xtask",
    bin_name = "cargo xtask",
    about = "Project tasks",
    version
)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Subcommand)]
enum Verb {
    /// Install what a fresh Debian or Ubuntu machine needs; skips what is there
    Setup(setup::Args),
    /// Build the release binary at target/release/auditor
    Build,
    /// Build and run the auditor as root
    Run(run::Args),
    /// Run every check and every test, kernel tests included
    Test(test::Args),
    /// Measure what auditing costs, beside nothing and beside a sidecar
    Bench(bench::Args),
    /// Count the instructions that auditing adds to a request, in a virtual machine
    Count,
    /// Feed the fuzz targets for a while
    Fuzz(fuzz::Args),
    /// Run the auditor in virtual machines, one per supported kernel
    Vm(vm::Args),
    /// Check that modules only use what their layer may use
    Layers,
    /// Write docs/record-schema.md from the code
    Schema(schema::Args),
    /// Make the tarball, the Debian package and the image in target/dist
    Dist(dist::Args),
    /// Write deploy/daemonset.yaml from the Helm chart
    Manifests(manifests::Args),
}

fn main() -> ExitCode {
    let result = match Cli::parse().verb {
        Verb::Setup(args) => setup::run(args),
        Verb::Build => build::run(),
        Verb::Run(args) => run::run(&args),
        Verb::Test(args) => test::run(&args),
        Verb::Bench(args) => bench::run(&args),
        Verb::Count => vm::count::run(),
        Verb::Fuzz(args) => fuzz::run(&args),
        Verb::Vm(args) => vm::run(&args),
        Verb::Layers => layers::run(),
        Verb::Schema(args) => schema::run(&args),
        Verb::Dist(args) => dist::run(&args),
        Verb::Manifests(args) => manifests::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}
