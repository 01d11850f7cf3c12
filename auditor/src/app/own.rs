//! What the daemon tells of itself to a collector: its metrics, and the lines of its log.

use std::time::Duration;

use prometheus_client::{metrics::counter::Counter, registry::Registry};
use tokio::{
    runtime::Runtime,
    sync::oneshot,
    task,
    time::{MissedTickBehavior, interval, timeout},
};

use super::{
    AppError,
    downstream::{finished, variable_of},
};
use crate::{
    clock::Clock,
    config::{self, Settings},
    export::otlp::{OtlpSettings, TelemetryExporter, Untaken},
    identity::Workload,
    telemetry::{Family, Line, Lines, Shown},
};

/// Often enough for an alert, and a few kilobytes each time.
const INTERVAL: Duration = Duration::from_secs(10);
/// How long the last of it may take once everything else has ended.
const FAREWELL: Duration = Duration::from_secs(2);

/// Stands between the variables' prefix and `OTLP_HEADERS` and the like.
const NAME: &str = "telemetry";
/// Lines that are held for a collector that is away, besides those in the queue.
const MAX_PENDING: usize = 1024;

/// The sending, if it is configured.
pub(super) struct Own(Option<(TelemetryExporter, Lines)>);

/// It goes on until it is told to end.
pub(super) struct Sending(Option<(oneshot::Sender<()>, task::JoinHandle<()>)>);

struct Sender {
    exporter: TelemetryExporter,
    registry: Registry,
    lines: Lines,
    /// Taken out of the queue, and not yet by the collector.
    pending: Vec<Line>,
    trouble: Trouble,
}

/// What the collector does not take, as far as that was told. Every line about it is sent, too: one
/// for each failure would never end.
#[derive(Default)]
struct Trouble {
    metrics: bool,
    lines: bool,
}

// === impl Own ===

impl Own {
    pub(super) fn new(
        settings: &Settings,
        auditor: &Workload,
        lines: Option<Lines>,
    ) -> Result<Self, AppError> {
        let endpoint = settings.telemetry_endpoint.as_deref();
        let (Some(endpoint), Some(lines)) = (endpoint, lines) else {
            return Ok(Self(None));
        };
        let lookup = |variable: &str| config::variable(&variable_of(NAME, variable));
        let Some(collector) = OtlpSettings::from_lookup(Some(endpoint), lookup)? else {
            return Ok(Self(None));
        };
        let exporter = TelemetryExporter::new(collector, auditor.resource(), now_ns())?;
        Ok(Self(Some((exporter, lines))))
    }

    /// Counts the lines that are not sent.
    pub(super) fn left_out(&self) -> Counter {
        let lines = self.0.as_ref().map(|(_, lines)| lines.left_out().clone());
        lines.unwrap_or_default()
    }

    /// To be called within the runtime.
    pub(super) fn start(self, shown: &Shown) -> Sending {
        Sending(self.0.map(|(exporter, lines)| {
            let sender = Sender {
                exporter,
                registry: shown.registry(),
                lines,
                pending: Vec::new(),
                trouble: Trouble::default(),
            };
            let (end, ended) = oneshot::channel();
            (end, tokio::spawn(sender.run(ended)))
        }))
    }
}

// === impl Sending ===

impl Sending {
    /// Sends what there is to tell once everything else has ended.
    pub(super) fn end(self, runtime: &Runtime) {
        if let Some((end, task)) = self.0 {
            // If nobody listens it has panicked, which is told by the next line.
            let _ = end.send(());
            finished(runtime.block_on(task));
        }
    }
}

// === impl Sender ===

impl Sender {
    async fn run(mut self, mut stopping: oneshot::Receiver<()>) {
        let mut due = interval(INTERVAL);
        due.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                biased;
                _ = &mut stopping => break,
                _ = due.tick() => {}
            }
            tokio::select! {
                biased;
                _ = &mut stopping => break,
                () = self.send() => {}
            }
        }
        if timeout(FAREWELL, self.send()).await.is_err() {
            tracing::warn!("the last metrics and lines of the log were not taken in time");
        }
    }

    async fn send(&mut self) {
        if self.pending.len() < MAX_PENDING {
            self.pending.extend(self.lines.take());
        }
        if !self.pending.is_empty() {
            let sent = self.exporter.lines(&self.pending).await;
            match sent {
                Ok(()) => self.pending.clear(),
                Err(Untaken { for_good: true, .. }) => {
                    self.lines.left_out().inc_by(self.pending.len() as u64);
                    self.pending.clear();
                }
                Err(_) => {}
            }
            tell(&mut self.trouble.lines, "lines of the log", sent);
        }
        if let Ok(families) = Family::all(&self.registry) {
            let sent = self.exporter.metrics(families, now_ns()).await;
            tell(&mut self.trouble.metrics, "metrics", sent);
        }
    }
}

/// Says when the collector ceases to take something, and when it does again.
fn tell(is_trouble: &mut bool, what: &str, sent: Result<(), Untaken>) {
    let was_trouble = std::mem::replace(is_trouble, sent.is_err());
    match sent {
        Err(Untaken { reason, .. }) if !was_trouble => {
            tracing::warn!(reason, what, "the collector does not take the daemon's own");
        }
        Ok(()) if was_trouble => {
            tracing::info!(what, "the collector takes the daemon's own again");
        }
        _ => {}
    }
}

fn now_ns() -> u64 {
    Clock::new().wall(Clock::boot_now())
}
