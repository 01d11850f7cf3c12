//! One holder's time at one address.

use std::sync::Arc;

use super::LATENCY_NS;
use crate::identity::metadata::Source;

/// What can hold an address, by its key in the directory.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) enum Holder {
    Pod(Arc<str>),
    /// `namespace/name`
    Service(Arc<str>),
    Node(Arc<str>),
}

/// From when until when an address was somebody's. Sources tell of both ends late, so each is a
/// span and not a point. Nanoseconds of the boot-time clock.
#[derive(Clone, Debug)]
pub(super) struct Tenancy {
    pub(super) holder: Holder,
    /// It can't have begun before.
    pub(super) earliest: u64,
    /// It had begun by then, as the holder itself shows.
    pub(super) proven: Option<u64>,
    /// It had begun by then, as the source was seen to say, and no earlier holder was left.
    pub(super) observed: Option<u64>,
    pub(super) end: Option<End>,
}

/// The end of a tenancy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct End {
    /// Nothing was heard of an end before.
    pub(super) not_before: u64,
    /// It had ended by then.
    pub(super) by: u64,
}

impl Holder {
    pub(super) fn service(namespace: &str, name: &str) -> Self {
        Self::Service(format!("{namespace}/{name}").into())
    }

    /// What `source` calls by this key.
    pub(super) fn of(source: Source, key: &Arc<str>) -> Self {
        let key = Arc::clone(key);
        match source {
            Source::Services => Self::Service(key),
            Source::Nodes => Self::Node(key),
            _ => Self::Pod(key),
        }
    }

    pub(super) fn key(&self) -> &Arc<str> {
        match self {
            Self::Pod(key) | Self::Service(key) | Self::Node(key) => key,
        }
    }
}

impl End {
    /// The end was told at `by`, and not yet at `heard`.
    pub(super) fn between(heard: u64, by: u64) -> Self {
        Self {
            not_before: heard.saturating_sub(LATENCY_NS),
            by,
        }
    }
}

impl Tenancy {
    /// The address may have been this holder's.
    pub(super) fn may_hold(&self, at: u64) -> bool {
        let begun = self.earliest <= at || self.begun(at);
        begun && self.end.is_none_or(|end| at < end.by)
    }

    /// The address was this holder's, if it was nobody's who came later.
    pub(super) fn holds(&self, at: u64) -> bool {
        self.begun(at) && self.end.is_none_or(|end| at < end.not_before)
    }

    /// The address has passed on from `earlier` to this holder, even though nothing has been
    /// heard yet of an end of the earlier tenancy.
    ///
    /// Only pods follow each other like this: an address is free before the next pod gets it,
    /// while a node and a pod that both have it contradict each other. The order of creation is
    /// asked too, because a slow node may report an old pod's address after a fast one a new's.
    pub(super) fn succeeds(&self, earlier: &Self) -> bool {
        let (Holder::Pod(own), Holder::Pod(other)) = (&self.holder, &earlier.holder) else {
            return false;
        };
        let (Some(begin), Some(before)) = (self.observed, earlier.observed) else {
            return false;
        };
        own != other && begin > before && self.earliest >= earlier.earliest
    }

    fn begun(&self, at: u64) -> bool {
        let mut begins = [self.observed, self.proven].into_iter().flatten();
        begins.any(|begin| begin <= at)
    }
}
