//! What a record takes of the allocator, from ring bytes to its sealed form: with all else it is
//! what its cost is made of, and unlike time it is the same on every machine.

#[path = "../../benches/pipeline/ring.rs"]
mod ring;
#[path = "../../benches/pipeline/stages.rs"]
mod stages;

use auditor::clock::Clock;
use ring::Ring;
use stages::Stages;

/// Exchanges on each connection.
const ROUNDS: u32 = 64;
/// For each record.
const BOUND: f64 = 4.2;

#[test]
fn a_record_takes_few_allocations() {
    let mut ring = Ring::new(Clock::boot_now());
    let mut stages = Stages::new();
    let mut sealed = Vec::new();
    stages.take(&ring.opens(), &mut sealed);
    // Tables grow, and what is looked up once is looked up.
    stages.take(&ring.exchanges(ROUNDS), &mut sealed);
    sealed.clear();

    let batch = ring.exchanges(ROUNDS);
    let taken = allocation_counter::measure(|| stages.take(&batch, &mut sealed));

    assert_eq!(sealed.len() as u64, Ring::exchanges_in(ROUNDS));
    let each = taken.count_total as f64 / sealed.len() as f64;
    println!("{each:.2} allocations for each record");
    assert!(each <= BOUND, "{each:.2} allocations for each record");
}
