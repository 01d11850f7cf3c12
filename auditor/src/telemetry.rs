//! The daemon's own logs and metrics, and the ledger of losses. Standard output belongs to the
//! records.

#![forbid(unsafe_code)]

mod family;
mod health;
mod ledger;
mod lines;
mod metrics;
mod reloads;
mod shown;
mod standing;
mod throttle;
mod totals;

pub use family::{Family, Sample};
pub use health::{Health, Phase};
pub use ledger::{KernelLosses, Ledger, LossReport, Outcomes, Requests};
pub use lines::{Line, Lines};
pub use metrics::MetricsEndpoint;
pub use reloads::Reloads;
pub use shown::Shown;
pub use standing::{Delivered, Journaled, Standing};
pub use totals::{SharedTotals, Totals};

use std::io::{self, IsTerminal as _};

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{
    EnvFilter, Layer as _, fmt, layer::SubscriberExt as _, util::SubscriberInitExt as _,
};

use throttle::Throttle;

/// The client of the API server tells of every failed try as an error. The source tells of an
/// outage once, with what to do.
const OF_KUBERNETES: &str = "kube_client=off";

/// Sends logs to standard error, from INFO on or as `RUST_LOG` says, bounded in rate. If they are to
/// be sent to a collector as well, returns where they come out.
pub fn init_logs(to_collector: bool) -> Option<Lines> {
    let (tap, forwarded) = to_collector.then(lines::channel).unzip();
    let filter = EnvFilter::builder()
        .with_default_directive(LevelFilter::INFO.into())
        .from_env_lossy()
        .add_directive(OF_KUBERNETES.parse().expect("it is a directive"));
    let lines = fmt::layer()
        .with_writer(io::stderr)
        .with_target(false)
        .compact();
    // Left alone, it colours unless NO_COLOR is set, whoever reads.
    let lines = if io::stderr().is_terminal() {
        lines
    } else {
        lines.with_ansi(false)
    };
    tracing_subscriber::registry()
        .with(filter)
        .with(lines.and_then(tap).with_filter(Throttle::default()))
        .init();
    forwarded
}
