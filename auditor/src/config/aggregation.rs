//! Which classes of traffic are told in sum.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::file::AggregateKeys;
use super::period::Period;

/// Rare enough to be worth it, often enough to see that a probe still runs.
const INTERVAL: Duration = Duration::from_mins(1);
const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// What is being summed up is not told yet, and a crash takes it along.
const MAX_INTERVAL: Duration = Duration::from_hours(1);

/// Traffic that nodes and monitors make by themselves; `as_str` is the value of
/// `auditor.traffic.class`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum TrafficClass {
    HealthProbe,
    Scrape,
}

/// What is told in one record for many exchanges.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AggregationSettings {
    /// Empty: every exchange has a record of its own.
    pub classes: Vec<TrafficClass>,
    /// How long exchanges are summed up.
    pub interval: Duration,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum AggregationError {
    #[error("aggregate.interval: {0} is not between 1s and 1h")]
    Interval(Period),
}

// === impl TrafficClass ===

impl TrafficClass {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::HealthProbe => "health_probe",
            Self::Scrape => "scrape",
        }
    }
}

// === impl AggregationSettings ===

impl AggregationSettings {
    pub(super) fn checked(keys: &AggregateKeys) -> Result<Self, AggregationError> {
        let interval = keys.interval.map_or(INTERVAL, Period::get);
        if !(MIN_INTERVAL..=MAX_INTERVAL).contains(&interval) {
            return Err(AggregationError::Interval(interval.into()));
        }
        Ok(Self {
            classes: keys.classes.clone(),
            interval,
        })
    }

    /// The keys that ask for just these settings.
    pub(super) fn keys(&self) -> AggregateKeys {
        AggregateKeys {
            classes: self.classes.clone(),
            interval: Some(self.interval.into()),
        }
    }
}
