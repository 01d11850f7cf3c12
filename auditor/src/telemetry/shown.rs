//! The counts of all stages, gathered for whoever asks or is told.

use prometheus_client::{
    metrics::{counter::Counter, info::Info},
    registry::Registry,
};

use super::{health::Health, reloads::Reloads, standing::Standing, totals::SharedTotals};

/// What is shown. Clones show the same counts.
#[derive(Clone, Debug, Default)]
pub struct Shown {
    pub totals: SharedTotals,
    /// `None` without a journal.
    pub standing: Option<Standing>,
    pub health: Health,
    pub reloads: Reloads,
    /// Lines of the daemon's log that were to be sent and are not.
    pub lines_left_out: Counter,
}

// === impl Shown ===

impl Shown {
    /// The one list of metrics, whoever reads them.
    pub fn registry(&self) -> Registry {
        let mut registry = Registry::default();
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("auditor_build", "The daemon that answers", build);
        self.reloads.register(&mut registry);
        registry.register_collector(Box::new(self.totals.clone()));
        if let Some(standing) = &self.standing {
            registry.register_collector(Box::new(standing.clone()));
        }
        registry.register(
            "auditor_log_lines_left_out",
            "Lines of the daemon's log that were to be sent by OTLP and are not",
            self.lines_left_out.clone(),
        );
        registry
    }
}
