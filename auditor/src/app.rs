//! The only file that knows every stage: it names the channels after the edge they join, spawns,
//! and owns the order of start and drain.

mod account;
mod aside;
mod capture;
mod delivery;
mod downstream;
mod follow;
mod gaps;
mod journal;
mod memory;
mod missed;
mod notes;
mod outputs;
mod owed;
mod own;
mod plaintext;
mod reload;
mod rules;
mod understand;

use std::{
    io,
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::sync_channel,
    },
    thread,
    time::{Duration, Instant},
};

use tokio::{
    runtime::Handle,
    signal::unix::{SignalKind, signal},
    sync::mpsc,
};

use crate::{
    aggregate::Aggregator,
    clock::Clock,
    config::{PeerScope, Settings, WatchedFile},
    exit::Exit,
    export::otlp::{SettingsError, SetupError},
    identity::{
        Catalog, CgroupPaths, Cri, CriSettings, CriSettingsError, Directory, Host, Identifier,
        Kubernetes, KubernetesError, Listeners, Processes, Resolver, Sources, Update, Wanted,
    },
    journal::JournalError,
    kernel::{Capture, CaptureError, CaptureOptions, CgroupError, CgroupRoot, ExistingConnections},
    record::RecordIds,
    redact::{PolicyError, Redactor},
    scope::SelectorError,
    telemetry::{Lines, MetricsEndpoint, Phase, Shown},
};
use account::Account;
use downstream::{Downstream, Outcome, collectors};
use notes::Notes;
use own::Own;
use plaintext::Tap;
use reload::Reload;
use rules::Rules;
use understand::{LeftOut, Understanding};

/// Ring batches that may wait to be understood.
const RING_QUEUE: usize = 256;
/// Updates of metadata that may wait to be learned.
const UPDATE_QUEUE: usize = 1024;
/// Ids, and pods whose owner is wanted, that may wait to be looked up.
const WANTED_QUEUE: usize = 256;

#[derive(Debug, thiserror::Error)]
pub enum AppError {
    #[error(transparent)]
    Selector(#[from] SelectorError),
    #[error(transparent)]
    Redaction(#[from] PolicyError),
    #[error(transparent)]
    Cri(#[from] CriSettingsError),
    #[error(transparent)]
    Kubernetes(#[from] KubernetesError),
    #[error(transparent)]
    Otlp(#[from] SettingsError),
    #[error(transparent)]
    OtlpSetup(#[from] SetupError),
    #[error(transparent)]
    Journal(#[from] JournalError),
    #[error(transparent)]
    Capture(#[from] CaptureError),
    #[error(transparent)]
    Cgroup(#[from] CgroupError),
    #[error("metrics_address {address}: {source}; choose an address of this node and a free port")]
    Metrics {
        address: SocketAddr,
        source: io::Error,
    },
    #[error("{what}: {source}")]
    System {
        what: &'static str,
        source: io::Error,
    },
}

impl AppError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Selector(_)
            | Self::Redaction(_)
            | Self::Cri(_)
            | Self::Kubernetes(_)
            | Self::Otlp(_) => Exit::Usage,
            Self::Capture(_) | Self::Cgroup(_) => Exit::Missing,
            Self::Journal(error) if error.is_denied() => Exit::Missing,
            Self::Journal(_) | Self::OtlpSetup(_) | Self::Metrics { .. } | Self::System { .. } => {
                Exit::Failed
            }
        }
    }
}

/// Runs the daemon until it is told to stop. Drains are opened before the tap.
///
/// `file` is where the settings came from, if they came from a file; `lines` is the log, if it is
/// to be sent to a collector.
pub fn run(
    settings: &Settings,
    file: Option<WatchedFile>,
    lines: Option<Lines>,
) -> Result<(), AppError> {
    let rules = Rules::of(settings)?;
    tracing::info!(
        version = env!("CARGO_PKG_VERSION"),
        digest = &*rules.settings,
        "settings:\n{}",
        settings.to_yaml().trim_end()
    );
    let collectors = collectors(settings)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(system("start the runtime"))?;
    let _guard = runtime.enter();
    let mut stop = Stop::listen(settings.duration)?;

    let root = CgroupRoot::find()?;
    let (source_to_understand, updates) = mpsc::channel(UPDATE_QUEUE);
    let catalog = catalog(settings, source_to_understand)?;
    let identifier = identifier(settings, &root, catalog)?;
    let ids = RecordIds::read(&settings.proc_root).map_err(system("read the boot id"))?;

    let own = Own::new(settings, identifier.auditor(), lines)?;

    let notes = Notes::new(
        Redactor::new(rules.headers.clone(), rules.policies.clone(), ids.clone()),
        Arc::clone(identifier.auditor()),
    );
    let gone = &stop.reader_gone;
    let (downstream, outputs) = match &settings.journal {
        Some(kept) => Downstream::kept(settings, kept, collectors, notes, gone)?,
        None => Downstream::direct(settings.output, collectors, gone)?,
    };

    let shown = Shown {
        standing: downstream.standing(),
        lines_left_out: own.left_out(),
        ..Shown::default()
    };
    if let Some(address) = settings.metrics_address {
        runtime.block_on(serve_metrics(address, &shown))?;
    }
    let (reload_to_understand, changed_rules) = mpsc::channel(1);

    // The tap. From here on nothing fails.
    let options = CaptureOptions {
        ring_bytes: settings.ring_bytes,
        own_pid: std::process::id(),
        plaintext: settings.tls_plaintext,
    };
    let existing = ExistingConnections::list(&settings.proc_root);
    let capture = Capture::start(&root, options)?;
    let (tap, libraries) = Tap::open(capture.attached, settings)?;
    let gaps = gaps::gaps(&root, &existing, &tap);
    let understanding = Understanding {
        counters: capture.counters,
        directives: capture.directives,
        left_out: LeftOut::new(capture.left_out),
        identifier,
        updates,
        scope: rules.scope,
        aggregator: Aggregator::new(rules.aggregation),
        redactor: Redactor::new(rules.headers, rules.policies, ids),
        plaintext: tap.tier(),
        libraries,
        connection_records: settings.connection_records,
        periodic_interval: settings.periodic_interval,
        outputs,
        totals: shown.totals.clone(),
        gaps,
        settings: rules.settings,
        rules: changed_rules,
    };
    let (ring_to_understand, batches) = sync_channel(RING_QUEUE);
    let understander = spawn("understand", move || {
        understanding.run(&existing.found, &batches)
    })?;
    let detached = Arc::new(AtomicBool::new(false));
    let emptied = Arc::clone(&detached);
    let capturer = spawn("capture", move || {
        capture::run(capture.ring, &ring_to_understand, &emptied);
    })?;
    if let Some(file) = file {
        let reload = Reload {
            file,
            in_force: settings.clone(),
            to_understand: reload_to_understand,
            reloads: shown.reloads.clone(),
        };
        tokio::spawn(reload.run());
    }
    // Behind the tap, which leaves the daemon's own connections out from when they are made.
    let own = own.start(&shown);
    shown.health.enter(Phase::Ready);
    tracing::info!("ready");

    runtime.block_on(stop.wait());

    // Drain, in the order in which the data flows.
    shown.health.enter(Phase::Stopping);
    tracing::info!("stopping");
    downstream.stopping(Instant::now() + settings.drain_timeout);
    tap.detach();
    detached.store(true, Ordering::Release);
    joined(capturer);
    let account = joined(understander);
    let outcome = downstream.drain(&runtime, settings.drain_timeout);
    summarize(&account, &outcome);
    own.end(&runtime);
    Ok(())
}

/// What ends a run.
struct Stop {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    duration: Option<Duration>,
    reader_gone: mpsc::Sender<()>,
    nobody_reads: mpsc::Receiver<()>,
}

impl Stop {
    fn listen(duration: Option<Duration>) -> Result<Self, AppError> {
        let (reader_gone, nobody_reads) = mpsc::channel(1);
        Ok(Self {
            interrupt: signal(SignalKind::interrupt()).map_err(system("listen for SIGINT"))?,
            terminate: signal(SignalKind::terminate()).map_err(system("listen for SIGTERM"))?,
            duration,
            reader_gone,
            nobody_reads,
        })
    }

    async fn wait(&mut self) {
        let elapsed = async {
            match self.duration {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            _ = self.nobody_reads.recv() => {}
            () = elapsed => {}
        }
    }
}

/// Answers scrapers and probes from now on, for as long as the runtime lasts.
async fn serve_metrics(address: SocketAddr, shown: &Shown) -> Result<(), AppError> {
    let failed = |source| AppError::Metrics { address, source };
    let endpoint = MetricsEndpoint::bind(address, shown)
        .await
        .map_err(failed)?;
    let address = endpoint.address().map_err(failed)?;
    tracing::info!(%address, "metrics at /metrics, probes at /healthz and /readyz");
    tokio::spawn(endpoint.run());
    Ok(())
}

/// Starts the sources of metadata that are there.
fn catalog(
    settings: &Settings,
    source_to_understand: mpsc::Sender<Update>,
) -> Result<Catalog, AppError> {
    let runtime = CriSettings::new(settings.cri_endpoint.as_deref())?;
    let kubernetes = Kubernetes::new(&settings.kubernetes, settings.node_name.as_deref());
    let kubernetes = Handle::current().block_on(kubernetes)?;
    let sources = Sources {
        cri: runtime.is_there(),
        kubernetes: kubernetes.is_some(),
    };
    let peers = if sources.kubernetes {
        settings.kubernetes.peers
    } else {
        PeerScope::None
    };
    let mut wanted = Wanted::default();
    if let Some(kubernetes) = kubernetes {
        let (understand_to_owners, pods) = mpsc::channel(WANTED_QUEUE);
        tokio::spawn(kubernetes.run(source_to_understand.clone(), pods));
        wanted.owners = Some(understand_to_owners);
    }
    if sources.cri {
        let (understand_to_cri, ids) = mpsc::channel(WANTED_QUEUE);
        tokio::spawn(Cri::new(runtime, source_to_understand, ids).run());
        wanted.ids = Some(understand_to_cri);
    }
    if sources == Sources::default() {
        tracing::info!("no names of pods: no API server, and no container runtime's socket");
    }
    Ok(Catalog::new(Directory::new(peers), sources, wanted))
}

fn identifier(
    settings: &Settings,
    root: &CgroupRoot,
    catalog: Catalog,
) -> Result<Identifier, AppError> {
    let proc = &settings.proc_root;
    let cgroups = CgroupPaths::new(root).map_err(system("open the cgroup-v2 root"))?;
    let (node, cluster) = (settings.node_name.clone(), settings.cluster_name.clone());
    let host = Host::read("/".as_ref(), proc, node, cluster);
    let mut resolver = Resolver::new(
        cgroups,
        Processes::new(proc),
        Listeners::scan(proc),
        host,
        catalog,
    );
    resolver.learn_cgroups(Duration::from_nanos(Clock::boot_now()));
    Ok(Identifier::new(resolver, settings.identity.clone()))
}

fn summarize(account: &Account, outcome: &Outcome) {
    eprintln!("{}", account.summary(outcome.notes, outcome.undelivered));
    eprintln!("{}", account.kernel_summary());
    for line in &outcome.lines {
        eprintln!("{line}");
    }
}

fn spawn<T: Send + 'static>(
    name: &'static str,
    run: impl FnOnce() -> T + Send + 'static,
) -> Result<thread::JoinHandle<T>, AppError> {
    thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)
        .map_err(system("start a thread"))
}

/// A stage that panicked takes the daemon with it: going on would lose records in silence.
fn joined<T>(stage: thread::JoinHandle<T>) -> T {
    stage
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

fn system(what: &'static str) -> impl FnOnce(io::Error) -> AppError {
    move |source| AppError::System { what, source }
}
