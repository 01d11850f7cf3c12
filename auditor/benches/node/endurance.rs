//! What lasts: a hundred thousand open connections, and minutes of every load.

use std::{fmt, fs, thread, time::Duration};

use serde::Serialize;

use crate::{
    arm::Arm,
    collector::Collector,
    holder::{self, Holder},
    load::Load,
    server::Server,
};

/// Processes that hold connections; one may not have as many files as all of them take.
const HOLDERS: usize = 20;
/// Each has two ends on the node, and both are audited.
const CONNECTIONS: usize = HOLDERS * holder::HELD;
/// In which the auditor catches up, and lets go of what it holds no more.
const PAUSE: Duration = Duration::from_secs(3);

/// Memory in bytes.
#[derive(Debug, Serialize)]
pub struct Endurance {
    pub connections: usize,
    /// For each end of a connection that was used once and is idle: of the daemon, and of the kernel.
    pub daemon_per_end: f64,
    pub kernel_per_end: f64,
    /// Of the daemon: before the connections, with them, and when they are gone.
    pub idle: [u64; 3],
    /// Seconds of load.
    pub soaked: u32,
    /// Of the daemon with a journal and a collector: after the first turn of loads, and after the last.
    pub soak: [u64; 2],
    pub lost: u64,
}

impl Endurance {
    pub fn measure(seconds: u32, nginx: &Server, collector: &Collector) -> Self {
        let without = hold(Arm::Nothing, nginx, collector);
        let with = hold(Arm::Auditor, nginx, collector);
        let ends = 2.0 * CONNECTIONS as f64;
        let (soak, soak_lost) = soak(seconds, nginx, collector);
        Self {
            connections: CONNECTIONS,
            daemon_per_end: with.daemon[1].saturating_sub(with.daemon[0]) as f64 / ends,
            kernel_per_end: (with.kernel as f64 - without.kernel as f64) / ends,
            idle: with.daemon,
            soaked: seconds,
            soak,
            lost: with.lost + soak_lost,
        }
    }
}

impl fmt::Display for Endurance {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mb = |bytes: u64| bytes as f64 / 1e6;
        let [before, within, after] = self.idle.map(mb);
        let [first, last] = self.soak.map(mb);
        writeln!(
            to,
            "{} idle connections, recorded at both ends: {:.0} bytes of the daemon for each end, {:.0} of \
             the kernel. Memory of the daemon before, within and after: {before:.0}, {within:.0}, \
             {after:.0} MB.\n\n\
             {} seconds of all loads in turn, with journal and OTLP: {first:.0} MB after the first turn, \
             {last:.0} MB after the last.\n\n\
             Lost in both: {}",
            self.connections, self.daemon_per_end, self.kernel_per_end, self.soaked, self.lost
        )
    }
}

struct Held {
    daemon: [u64; 3],
    /// What the kernel took for all connections.
    kernel: u64,
    lost: u64,
}

/// Opens the connections, asks once on each, and lets them be.
fn hold(arm: Arm, nginx: &Server, collector: &Collector) -> Held {
    let on = arm.start(nginx, collector);
    thread::sleep(PAUSE);
    let daemon = || on.resident().unwrap_or_default();
    let (before, kernel) = (daemon(), kernel_memory());
    let mut holders: Vec<_> = (0..HOLDERS).map(|_| Holder::start()).collect();
    thread::sleep(PAUSE);
    let (within, kernel) = (daemon(), kernel_memory().saturating_sub(kernel));
    holders.clear();
    thread::sleep(PAUSE);
    let daemon = [before, within, daemon()];
    Held {
        daemon,
        kernel,
        lost: on.stop().map_or(0, |ended| ended.lost),
    }
}

/// Every load in turn, again and again.
fn soak(seconds: u32, nginx: &Server, collector: &Collector) -> ([u64; 2], u64) {
    const TURN: u32 = 2;
    let on = Arm::Delivering.start(nginx, collector);
    let turn = || {
        for load in Load::SATURATING {
            load.run(on.ports, TURN);
        }
        thread::sleep(PAUSE);
        on.resident().unwrap_or_default()
    };
    let first = turn();
    let mut last = first;
    for _ in 0..seconds / (TURN * Load::SATURATING.len() as u32) {
        last = turn();
    }
    let ended = on.stop().unwrap_or_default();
    ([first, last], ended.lost + ended.undelivered)
}

/// What the kernel has allocated and can't give back, bytes.
fn kernel_memory() -> u64 {
    let text = fs::read_to_string("/proc/meminfo").expect("/proc is mounted");
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("SUnreclaim:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.expect("the kernel tells") * 1024
}
