//! Accesses over time, in steps that fit the period.

use std::collections::BTreeMap;

use serde::Serialize;

use super::moment::Moment;
use super::ranking::grow;

/// Bars that can be told apart on a page.
const MAX_STEPS: u64 = 120;
const SECOND: u64 = 1_000_000_000;
const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;
/// In seconds. The last one reaches over all that 64 bits of nanoseconds can tell.
const STEPS: [u64; 12] = [
    1,
    10,
    MINUTE,
    5 * MINUTE,
    15 * MINUTE,
    HOUR,
    6 * HOUR,
    DAY,
    7 * DAY,
    30 * DAY,
    365 * DAY,
    5 * 365 * DAY,
];

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Volume {
    pub succeeded: u64,
    pub refused: u64,
    pub failed: u64,
    /// Told in loss records.
    pub lost: u64,
}

/// Counts by step; the step grows with the period.
#[derive(Clone, Debug, Default)]
pub(super) struct Volumes {
    step: usize,
    by_step: BTreeMap<u64, Volume>,
}

/// The steps in which something was.
#[derive(Clone, Debug, Serialize)]
pub struct Course {
    pub step_seconds: u64,
    pub steps: Vec<Step>,
}

#[derive(Clone, Copy, Debug, Serialize)]
pub struct Step {
    pub begin: Moment,
    #[serde(flatten)]
    pub volume: Volume,
}

// === impl Volume ===

impl Volume {
    /// What was done; what was lost is counted in units that need not be accesses.
    pub(super) fn accesses(&self) -> u64 {
        let known = self.succeeded.saturating_add(self.refused);
        known.saturating_add(self.failed)
    }

    fn add(&mut self, other: Self) {
        grow(&mut self.succeeded, other.succeeded);
        grow(&mut self.refused, other.refused);
        grow(&mut self.failed, other.failed);
        grow(&mut self.lost, other.lost);
    }
}

// === impl Volumes ===

impl Volumes {
    pub(super) fn add(&mut self, unix_nano: u64, volume: Volume) {
        let seconds = unix_nano / SECOND;
        let begin = seconds - seconds % STEPS[self.step];
        self.by_step.entry(begin).or_default().add(volume);
        while self.is_crowded() {
            self.coarsen();
        }
    }

    pub(super) fn course(self) -> Course {
        let step = |(begin, volume): (u64, Volume)| Step {
            begin: Moment(begin * SECOND),
            volume,
        };
        Course {
            step_seconds: STEPS[self.step],
            steps: self.by_step.into_iter().map(step).collect(),
        }
    }

    fn is_crowded(&self) -> bool {
        let first = self.by_step.keys().next();
        let last = self.by_step.keys().next_back();
        let span = first.zip(last).map_or(0, |(first, last)| last - first);
        span / STEPS[self.step] >= MAX_STEPS && self.step + 1 < STEPS.len()
    }

    fn coarsen(&mut self) {
        self.step += 1;
        for (begin, volume) in std::mem::take(&mut self.by_step) {
            let begin = begin - begin % STEPS[self.step];
            self.by_step.entry(begin).or_default().add(volume);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ONE: Volume = Volume {
        succeeded: 1,
        refused: 0,
        failed: 0,
        lost: 0,
    };

    #[test]
    fn the_step_grows_with_the_period_and_no_count_is_lost() {
        let mut volumes = Volumes::default();
        for n in 0..86_400 {
            volumes.add(1_790_000_000 * SECOND + n * SECOND, ONE);
        }
        let course = volumes.course();
        assert_eq!(course.step_seconds, 15 * MINUTE);
        let total: u64 = course.steps.iter().map(|step| step.volume.succeeded).sum();
        assert_eq!(total, 86_400);
        assert!(course.steps.len() as u64 <= MAX_STEPS);
    }

    #[test]
    fn a_clock_that_was_wrong_costs_detail_and_nothing_else() {
        let mut volumes = Volumes::default();
        for nanoseconds in [0, u64::MAX, 1_790_000_000 * SECOND] {
            volumes.add(nanoseconds, ONE);
        }
        assert_eq!(volumes.course().steps.len(), 3);
    }
}
