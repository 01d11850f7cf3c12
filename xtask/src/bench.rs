//! `cargo xtask bench`: what auditing costs, measured on this machine.

use anyhow::Result;

use crate::{setup, shell, vm};

#[derive(clap::Args)]
pub(crate) struct Args {
    /// How often every arm has its turn
    #[arg(long, default_value_t = 5)]
    rounds: u32,
    /// Length of a turn
    #[arg(long, default_value_t = 4)]
    seconds: u32,
    /// How long the loads go on in turn to see whether memory grows; 0 for not at all
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    soak: u32,
    /// Write the report to docs/benchmarks
    #[arg(long)]
    write: bool,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    setup::run(setup::Args { build_only: false })?;
    vm::count::run()?;
    let mut stages = shell::cargo();
    shell::run(stages.args(["bench", "--package", "auditor", "--bench", "pipeline"]))?;
    let mut node = shell::cargo();
    node.args(["bench", "--package", "auditor", "--bench", "node", "--"]);
    node.args(["--rounds", &args.rounds.to_string()]);
    node.args(["--seconds", &args.seconds.to_string()]);
    node.args(["--soak", &args.soak.to_string()]);
    if args.write {
        node.arg("--write")
            .arg(shell::root().join("docs/benchmarks"));
    }
    shell::as_root_under_cargo(&mut node)?;
    shell::run(&mut node)
}
