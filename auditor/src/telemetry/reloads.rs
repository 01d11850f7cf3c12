//! How changes of the configuration file fared.

use prometheus_client::{
    metrics::{counter::Counter, gauge::Gauge},
    registry::Registry,
};

/// Counts shared by the one who takes changes over and those who ask.
#[derive(Clone, Debug, Default)]
pub struct Reloads {
    taken: Counter,
    refused: Counter,
    is_refused: Gauge,
}

// === impl Reloads ===

impl Reloads {
    pub fn taken(&self) {
        self.taken.inc();
        self.is_refused.set(0);
    }

    pub fn refused(&self) {
        self.refused.inc();
        self.is_refused.set(1);
    }

    /// The file says again what is in force.
    pub fn unchanged(&self) {
        self.is_refused.set(0);
    }

    /// Taken over, refused, and whether it is refused now.
    #[cfg(test)]
    pub fn counts(&self) -> (u64, u64, i64) {
        (self.taken.get(), self.refused.get(), self.is_refused.get())
    }

    pub(super) fn register(&self, registry: &mut Registry) {
        registry.register(
            "auditor_config_reloads",
            "Changes of the configuration file that were taken over",
            self.taken.clone(),
        );
        registry.register(
            "auditor_config_refusals",
            "Changes of the configuration file that were refused",
            self.refused.clone(),
        );
        registry.register(
            "auditor_config_refused",
            "1 while the configuration file says something that was refused",
            self.is_refused.clone(),
        );
    }
}
