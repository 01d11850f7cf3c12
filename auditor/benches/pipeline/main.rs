//! From ring bytes to sealed records, to the journal and to a collector: `cargo bench -p auditor`.
//!
//! Times are of the CPU and not of the clock on the wall, so that waiting for a disk, or for other
//! processes, is not in them.

#[path = "../node/collector.rs"]
#[allow(dead_code, reason = "only the bench of a node asks for its pid")]
mod collector;
mod delivery;
mod ring;
mod stages;

use std::{hint::black_box, time::Duration};

use auditor::{
    clock::Clock,
    decode::decode,
    journal::{Directory, Now, Options, Retention, Writer, signer},
    kernel::EventBatch,
    session::Sessions,
};
use criterion::{BenchmarkGroup, Criterion, Throughput, criterion_group, measurement::WallTime};
use delivery::cpu;
use ring::Ring;
use rustix::time::ClockId;
use stages::Stages;

/// Exchanges on each connection in one batch: about what one emptying of a busy ring gives.
const ROUNDS: u32 = 8;
const JOURNAL_BYTES: u64 = 256 << 20;

/// What `work` costs for each batch of a ring that goes on and on.
fn measure(
    group: &mut BenchmarkGroup<'_, WallTime>,
    name: &str,
    mut ring: Ring,
    mut work: impl FnMut(&EventBatch),
) {
    work(&ring.opens());
    group.bench_function(name, |bencher| {
        bencher.iter_custom(|iterations| {
            let mut spent = Duration::ZERO;
            for _ in 0..iterations {
                let batch = ring.exchanges(ROUNDS);
                let begun = cpu(ClockId::ThreadCPUTime);
                work(&batch);
                spent += cpu(ClockId::ThreadCPUTime).saturating_sub(begun);
            }
            spent
        });
    });
}

/// A journal of at most so many bytes.
fn journal(directory: Directory, max_bytes: u64, clock: &mut Clock) -> Writer<Directory> {
    let signer = signer(&directory, "bench").expect("a key");
    let mut options = Options::default();
    options.retention = Retention {
        max_bytes,
        ..options.retention
    };
    let opened = Writer::open(directory, options, signer, Now::read(clock));
    opened.expect("a journal").0
}

fn benches(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("pipeline");
    group.throughput(Throughput::Elements(Ring::exchanges_in(ROUNDS)));
    let ring = || Ring::new(Clock::boot_now());

    measure(&mut group, "decode", ring(), |batch| {
        for bytes in batch.iter() {
            let _ = black_box(decode(bytes));
        }
    });

    let mut sessions = Sessions::default();
    let mut found = Vec::new();
    measure(&mut group, "session_http1", ring(), |batch| {
        for bytes in batch.iter() {
            sessions.step(decode(bytes).expect("an event"), &mut found);
        }
        found.clear();
    });

    let mut stages = Stages::new();
    let mut sealed = Vec::new();
    measure(&mut group, "ring_to_sealed", ring(), |batch| {
        stages.take(batch, &mut sealed);
        sealed.clear();
    });

    let place = std::env::temp_dir().join(format!("auditor-bench-{}", std::process::id()));
    let directory = Directory::own(&place).expect("a directory for the journal");
    let mut clock = Clock::new();
    let mut writer = journal(directory, JOURNAL_BYTES, &mut clock);
    writer.delivered(u64::MAX);
    let mut stages = Stages::new();
    measure(&mut group, "ring_to_journal", ring(), |batch| {
        stages.take(batch, &mut sealed);
        for record in sealed.drain(..) {
            writer.append(record).expect("it fits");
        }
        writer.commit(Now::read(&mut clock)).expect("a commit");
    });
    std::fs::remove_dir_all(&place).expect("the journal can go");
}

criterion_group!(pipeline, benches);

fn main() {
    let arguments: Vec<_> = std::env::args().skip(1).collect();
    if arguments.iter().any(|argument| argument == collector::ROLE) {
        return collector::serve();
    }
    pipeline();
    // As criterion takes it: the first word that is no option is a filter.
    let filter = arguments.iter().find(|argument| !argument.starts_with('-'));
    if filter.is_none_or(|filter| delivery::NAME.contains(filter.as_str())) {
        delivery::run();
    }
    Criterion::default().configure_from_args().final_summary();
}
