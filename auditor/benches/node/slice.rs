//! One turn of one arm under one load.

use std::{
    fs, thread,
    time::{Duration, Instant},
};

use aya::programs::loaded_programs;

use crate::{
    arm::{Arm, Ended},
    collector::Collector,
    load::Load,
    processor::Busy,
    server::Server,
};

const STATISTICS: &str = "/proc/sys/kernel/bpf_stats_enabled";
/// What an arm does at its start is not what it costs.
const SETTLE: Duration = Duration::from_millis(500);

#[derive(Clone, Debug)]
pub struct Slice {
    pub arm: Arm,
    pub load: Load,
    pub requests_per_second: f64,
    /// Of all processors, for each request; microseconds.
    pub cpu_us: f64,
    pub p50: Option<f64>,
    pub p99: Option<f64>,
    /// Bytes.
    pub resident: Option<u64>,
    pub ended: Option<Ended>,
}

impl Slice {
    pub fn measure(
        arm: Arm,
        load: Load,
        seconds: u32,
        nginx: &Server,
        collector: &Collector,
    ) -> Self {
        let on = arm.start(nginx, collector);
        thread::sleep(SETTLE);
        let uncounted = on.uncounted();
        let (before, begun) = (Busy::now(&uncounted), Instant::now());
        let answered = load.run(on.ports, seconds);
        let elapsed = begun.elapsed();
        let busy = Busy::now(&uncounted).since(before);
        let resident = on.resident();
        let requests = answered.requests as f64;
        Self {
            arm,
            load,
            requests_per_second: requests / elapsed.as_secs_f64(),
            cpu_us: busy.as_secs_f64() * 1e6 / requests,
            p50: answered.p50,
            p99: answered.p99,
            resident,
            ended: on.stop(),
        }
    }
}

/// Nanoseconds that kernel programs ran for each request, by the kernel's own clock, which is a
/// part of what it measures.
pub fn program_time(arm: Arm, seconds: u32, nginx: &Server, collector: &Collector) -> f64 {
    let before = fs::read_to_string(STATISTICS).expect("the kernel has the switch");
    let on = arm.start(nginx, collector);
    fs::write(STATISTICS, "1").expect("root may switch it on");
    let begun = run_time();
    let answered = Load::KeepAlive.run(on.ports, seconds);
    let spent = run_time().saturating_sub(begun);
    fs::write(STATISTICS, before).expect("root may switch it back");
    on.stop();
    spent.as_nanos() as f64 / answered.requests as f64
}

fn run_time() -> Duration {
    let programs = loaded_programs().filter_map(Result::ok);
    programs.map(|program| program.run_time()).sum()
}
