//! What processors did, and for whom.

use std::{fs, time::Duration};

/// Time of all processors together.
#[derive(Clone, Copy)]
pub struct Busy {
    /// With interrupts and softirqs, in which the programs of a packet may run.
    pub node: Duration,
    /// Of the processes that only measure.
    pub uncounted: Duration,
}

impl Busy {
    /// Up to now. `uncounted` is a process that is a part of the measurement and not of the node.
    pub fn now(uncounted: &[u32]) -> Self {
        let stat = fs::read_to_string("/proc/stat").expect("/proc is mounted");
        let line = stat.lines().next().unwrap_or_default();
        let ticks: Vec<u64> = line
            .split_whitespace()
            .skip(1)
            .filter_map(|field| field.parse().ok())
            .collect();
        // user, nice, system, idle, iowait, irq, softirq; what is stolen is nobody's work.
        let busy = ticks[0] + ticks[1] + ticks[2] + ticks[5] + ticks[6];
        Self {
            node: of_ticks(busy),
            uncounted: uncounted.iter().map(|pid| of_process(*pid)).sum(),
        }
    }

    /// What was counted since then.
    pub fn since(self, before: Self) -> Duration {
        let uncounted = self.uncounted.saturating_sub(before.uncounted);
        self.node
            .saturating_sub(before.node)
            .saturating_sub(uncounted)
    }
}

/// Memory of a process, with the ring that it shares with the kernel, bytes. The ring is mapped
/// twice, one behind the other, and counts once.
pub fn resident(pid: u32) -> u64 {
    let rollup = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).unwrap_or_default();
    let line = rollup.lines().find_map(|line| line.strip_prefix("Pss:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or_default() * 1024
}

fn of_process(pid: u32) -> Duration {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold anything.
    let fields = stat.rsplit_once(')').map_or("", |(_, fields)| fields);
    let ticks = |n: usize| -> u64 {
        let field = fields.split_whitespace().nth(n);
        field
            .and_then(|field| field.parse().ok())
            .unwrap_or_default()
    };
    of_ticks(ticks(11) + ticks(12))
}

fn of_ticks(ticks: u64) -> Duration {
    Duration::from_secs_f64(ticks as f64 / rustix::param::clock_ticks_per_second() as f64)
}
