//! What auditing costs a node, beside nothing, beside empty hooks and beside a sidecar:
//! `cargo xtask bench`.
//!
//! Arms take turns within each round, in another order each time, and every figure is a ratio to
//! what the node did with nothing in the same round: what other tenants of the machine do changes
//! more from minute to minute than what is measured.

mod arm;
mod collector;
mod endurance;
mod holder;
mod hooks;
mod load;
mod plot;
mod processor;
mod report;
mod server;
mod slice;
#[expect(dead_code, reason = "the tests use the rest of it")]
#[path = "../../tests/e2e/support"]
mod support {
    pub(crate) mod group;
    pub(crate) mod kernel;
    pub(crate) mod ports;
    pub(crate) mod process;
    pub(crate) mod temp;
    pub(crate) mod until;
}

use std::path::PathBuf;

use arm::Arm;
use clap::Parser;
use collector::Collector;
use endurance::Endurance;
use load::Load;
use report::Report;
use server::Server;
use slice::Slice;
use support::group::Group;

#[derive(Parser)]
struct Arguments {
    /// Take records and nothing else
    #[arg(long)]
    collector: bool,
    /// Hold connections and nothing else
    #[arg(long)]
    hold: bool,
    /// How often every arm has its turn
    #[arg(long, default_value_t = 5)]
    rounds: usize,
    /// Length of a turn
    #[arg(long, default_value_t = 4)]
    seconds: u32,
    /// How long the loads go on in turn to see whether memory grows; 0 for not at all
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    soak: u32,
    /// Write the report to this folder
    #[arg(long)]
    write: Option<PathBuf>,
    /// What cargo tells every benchmark
    #[arg(long, hide = true)]
    bench: bool,
}

fn main() {
    let arguments = Arguments::parse();
    if arguments.collector {
        collector::serve();
        return;
    }
    if arguments.hold {
        holder::hold_here();
        return;
    }
    // As on a node, where what serves is a unit or a pod.
    let _group = Group::enter("auditor-bench.service");
    let nginx = Server::nginx();
    let collector = Collector::start();
    let mut report = Report::default();
    let take_turns = |load, report: &mut Report| {
        for round in 0..arguments.rounds {
            let mut arms = Arm::ALL;
            arms.rotate_left(round % Arm::ALL.len());
            for arm in arms {
                let slice = Slice::measure(arm, load, arguments.seconds, &nginx, &collector);
                report.add(round, slice);
            }
        }
    };
    for load in Load::SATURATING {
        take_turns(load, &mut report);
    }
    for arm in [Arm::EmptyHooks, Arm::Auditor] {
        let time = slice::program_time(arm, arguments.seconds, &nginx, &collector);
        report.program_times.insert(arm.name(), time);
    }
    let full = load::capacity(nginx.ports, arguments.seconds);
    take_turns(Load::Steady((full / 2.0) as u32), &mut report);
    if arguments.soak != 0 {
        let endurance = Endurance::measure(arguments.soak, &nginx, &collector);
        report.endurance = Some(endurance);
    }
    print!("{}", report.table());
    if let Some(folder) = arguments.write {
        report.write(&folder).expect("the report can be written");
    }
}
