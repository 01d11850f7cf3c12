//! How far the daemon is, for those who ask whether it runs.

use std::sync::{
    Arc,
    atomic::{AtomicU8, Ordering},
};

/// The daemon's phase, shared by the one who moves it and those who ask.
///
/// There is none for "stuck": a full journal and an absent collector hold the stages up, and a
/// restart would lose what is in the queues. A stage that panics ends the daemon.
#[derive(Clone, Debug, Default)]
pub struct Health(Arc<AtomicU8>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Phase {
    /// Nothing is attached yet.
    Starting,
    /// The node is audited.
    Ready,
    /// Nothing is attached any more; what was captured is being delivered.
    Stopping,
}

// === impl Health ===

impl Health {
    pub fn enter(&self, phase: Phase) {
        self.0.store(phase as u8, Ordering::Release);
    }

    pub fn phase(&self) -> Phase {
        match self.0.load(Ordering::Acquire) {
            0 => Phase::Starting,
            1 => Phase::Ready,
            _ => Phase::Stopping,
        }
    }
}

// === impl Phase ===

impl Phase {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Starting => "starting",
            Self::Ready => "ready",
            Self::Stopping => "stopping",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Health, Phase};

    #[test]
    fn everybody_sees_the_phase_that_was_entered() {
        let health = Health::default();
        let asked = health.clone();
        assert_eq!(asked.phase(), Phase::Starting);
        for phase in [Phase::Ready, Phase::Stopping] {
            health.enter(phase);
            assert_eq!(asked.phase(), phase);
        }
    }
}
