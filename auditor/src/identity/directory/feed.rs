//! How far one source can be believed at a time.

use std::collections::HashSet;
use std::mem;
use std::sync::Arc;

use super::LATENCY_NS;
use crate::identity::known::Why;
use crate::identity::metadata::Source;

/// What has been heard of one source.
#[derive(Debug, Default)]
pub(super) struct Feed {
    complete: bool,
    /// When it was last heard, nanoseconds of the boot-time clock.
    heard: u64,
    away_since: Option<u64>,
    /// What the list under way has named, by key.
    listed: Option<HashSet<Arc<str>>>,
}

impl Feed {
    pub(super) fn begin(&mut self) {
        self.listed = Some(HashSet::new());
    }

    /// What the list named, and when the source was last heard before it.
    pub(super) fn end(&mut self, now: u64) -> (HashSet<Arc<str>>, u64) {
        let listed = self.listed.take().unwrap_or_default();
        self.complete = true;
        self.away_since = None;
        (listed, mem::replace(&mut self.heard, now))
    }

    /// The source says something of `key`; `true` where it is no list that says so.
    pub(super) fn hear(&mut self, key: &Arc<str>, now: u64) -> bool {
        if let Some(listed) = &mut self.listed {
            listed.insert(Arc::clone(key));
            return false;
        }
        self.heard = now;
        true
    }

    pub(super) fn away(&mut self, now: u64) {
        self.listed = None;
        self.away_since.get_or_insert(now);
    }

    pub(super) fn back(&mut self, now: u64) {
        self.heard = now;
        self.away_since = None;
    }

    pub(super) fn in_use(&self) -> bool {
        self.complete || self.listed.is_some() || self.away_since.is_some()
    }

    /// Why the source can't be believed for `at`.
    pub(super) fn doubt(&self, source: Source, at: u64) -> Option<Why> {
        let away = match source {
            Source::Cri => Why::RuntimeAway,
            _ => Why::KubernetesAway,
        };
        let untold = |since: u64| since.saturating_sub(LATENCY_NS) <= at || !self.complete;
        if self.away_since.is_some_and(untold) {
            return Some(away);
        }
        (!self.complete).then_some(Why::NotYetKnown)
    }
}
