//! From ring bytes to records that a collector acknowledged: how many a second, with what CPU, and
//! whether memory grows.

use std::{
    fs,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use auditor::{
    clock::Clock,
    export::otlp::{Drain, Exporter, OtlpSettings},
    journal::{Directory, Limit, Now, Progress, Reader},
    kernel::EventBatch,
};
use rustix::time::{ClockId, clock_gettime};
use tokio::sync::watch;

use crate::{ROUNDS, collector::Collector, journal, ring::Ring, stages::Stages};

/// The criterion filter that asks for this.
pub const NAME: &str = "ring_to_acknowledged";

const RECORDS: u64 = 10_000_000;
/// How often memory is looked at.
const STEP: u64 = 1_000_000;
/// Records that may wait for the collector; beyond, the ring would have to wait too.
const MAX_BEHIND: u64 = 200_000;
const JOURNAL_BYTES: u64 = 1 << 30;
/// What the daemon reads at once.
const LIMIT: Limit = Limit {
    records: 512,
    bytes: 3 << 20,
};

/// Prints what ten million records took.
pub fn run() {
    let place = std::env::temp_dir().join(format!("auditor-delivery-{}", std::process::id()));
    let directory = Directory::own(&place).expect("a directory for the journal");
    let collector = Collector::start();
    let endpoint = format!("http://127.0.0.1:{}", collector.port);
    let (progress, durable) = watch::channel(Progress {
        written: 0,
        durable: 0,
    });
    let done = Arc::new(AtomicU64::new(0));
    let reader = Reader::new(directory.clone(), 0);
    let delivered = Arc::clone(&done);
    let delivery = thread::spawn(move || deliver(&endpoint, reader, durable, &delivered));
    keep(directory, &progress, &done);
    // Nobody writes any more.
    drop(progress);
    delivery.join().expect("everything is delivered");
    fs::remove_dir_all(&place).expect("the journal can go");
}

/// What the threads before the collector do: the ring is understood, and its records are kept.
fn keep(directory: Directory, progress: &watch::Sender<Progress>, done: &AtomicU64) {
    let mut clock = Clock::new();
    let mut writer = journal(directory, JOURNAL_BYTES, &mut clock);
    let mut ring = Ring::new(Clock::boot_now());
    let mut stages = Stages::new();
    let mut sealed = Vec::new();
    stages.take(&ring.opens(), &mut sealed);
    sealed.clear();

    let (begun, begun_cpu) = (Instant::now(), cpu(ClockId::ProcessCPUTime));
    // The work of the kernel programs, which is not measured here.
    let mut made = Duration::ZERO;
    let mut looked = 0;
    while writer.next() < RECORDS {
        let batch = timed(&mut made, || ring.exchanges(ROUNDS));
        stages.take(&batch, &mut sealed);
        for record in sealed.drain(..) {
            writer.append(record).expect("it fits");
        }
        writer.delivered(done.load(Ordering::Acquire));
        let kept = writer.commit(Now::read(&mut clock)).expect("a commit");
        progress.send_replace(kept);
        while kept.written.saturating_sub(done.load(Ordering::Acquire)) > MAX_BEHIND {
            writer.delivered(done.load(Ordering::Acquire));
            let kept = writer.sync(Now::read(&mut clock)).expect("a sync");
            progress.send_replace(kept);
            thread::sleep(Duration::from_millis(1));
        }
        if kept.written / STEP > looked {
            looked = kept.written / STEP;
            println!("{NAME}: {looked} million records, {} MB", resident_mb());
        }
    }
    let end = writer.next();
    progress.send_replace(writer.sync(Now::read(&mut clock)).expect("a sync"));
    while done.load(Ordering::Acquire) < end {
        thread::sleep(Duration::from_millis(1));
    }
    let took = begun.elapsed();
    let spent = cpu(ClockId::ProcessCPUTime).saturating_sub(begun_cpu + made);
    println!(
        "{NAME}: {:.0} records/s, {:.2} µs of CPU a record, the collector's not counted",
        end as f64 / took.as_secs_f64(),
        spent.as_secs_f64() * 1e6 / end as f64,
    );
}

/// What the daemon's task for a collector does. Ends when nobody writes any more.
fn deliver(
    endpoint: &str,
    mut reader: Reader<Directory>,
    mut durable: watch::Receiver<Progress>,
    done: &AtomicU64,
) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    runtime.block_on(async {
        let settings = OtlpSettings::from_lookup(Some(endpoint), |_| None);
        let settings = settings.expect("a URL").expect("an endpoint");
        let mut exporter = Exporter::new(settings).expect("no certificates are needed");
        let (_deadline, drain) = watch::channel(None);
        let mut drain = Drain::new(drain);
        loop {
            let until = durable.borrow_and_update().durable;
            while reader.next() < until {
                let batch = reader.read(until, LIMIT).expect("it can be read");
                assert!(batch.lost.is_empty(), "records are missing");
                let delivery = exporter.deliver(&batch.records, &mut drain).await;
                assert_eq!(delivery.acknowledged, batch.records.len() as u64);
                done.store(batch.next, Ordering::Release);
            }
            if durable.changed().await.is_err() {
                return;
            }
        }
    });
}

fn timed(spent: &mut Duration, work: impl FnOnce() -> EventBatch) -> EventBatch {
    let begun = cpu(ClockId::ThreadCPUTime);
    let batch = work();
    *spent += cpu(ClockId::ThreadCPUTime).saturating_sub(begun);
    batch
}

pub fn cpu(clock: ClockId) -> Duration {
    let time = clock_gettime(clock);
    Duration::new(time.tv_sec.unsigned_abs(), time.tv_nsec as u32)
}

/// Memory of this process that is not of a file.
fn resident_mb() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("proc is mounted");
    let line = status
        .lines()
        .find_map(|line| line.strip_prefix("RssAnon:"));
    let kib = line.and_then(|line| line.trim().strip_suffix(" kB")?.parse::<u64>().ok());
    kib.expect("the kernel says so") / 1024
}
