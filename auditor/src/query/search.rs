//! Goes through the part of a journal in which something can be found.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use super::filter::Filter;
use crate::export::view::{Malformed, RecordView};
use crate::journal::{Disk, JournalError, Stored, Stretch, stretches};

/// By how much a wall clock may have been set back between an access and its being written.
const CLOCK_SLACK_NS: u64 = 600_000_000_000;

/// The stretches of a journal that a filter can find something in.
#[derive(Debug)]
pub struct Search<'a, D> {
    disk: &'a D,
    filter: &'a Filter,
    stretches: Vec<Stretch>,
}

/// What stands between the answer and the whole truth.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gaps {
    /// Records that the journal does not have any more: damaged, or in a segment that is gone.
    pub missing: u64,
    /// Records whose bytes are not one.
    pub unreadable: u64,
}

// === impl Search ===

impl<'a, D: Disk> Search<'a, D> {
    /// Leaves out segments that were closed before the window: what was written before began
    /// before. What was written after it may have begun in it, as long as the access lasted.
    pub fn new(disk: &'a D, filter: &'a Filter) -> Result<Self, JournalError> {
        let mut stretches = stretches(disk)?;
        let earliest = filter.window.since.saturating_sub(CLOCK_SLACK_NS);
        stretches.retain(|stretch| stretch.closed_ns().is_none_or(|closed| closed >= earliest));
        Ok(Self {
            disk,
            filter,
            stretches,
        })
    }

    /// Oldest first.
    pub fn stretches(&self) -> &[Stretch] {
        &self.stretches
    }

    /// Gives what the filter takes of one stretch to `each`, until that breaks off.
    pub fn read(
        &self,
        stretch: &Stretch,
        mut each: impl FnMut(Stored<'_>, &RecordView<'_>) -> ControlFlow<()>,
    ) -> Result<Gaps, JournalError> {
        let mut unreadable = 0;
        let mut verdicts = Verdicts::new(self.filter);
        let missing = stretch.read(self.disk, |stored| {
            let Ok(taken) = verdicts.of(stored) else {
                unreadable += 1;
                return ControlFlow::Continue(());
            };
            match taken {
                Some(view) => each(stored, &view),
                None => ControlFlow::Continue(()),
            }
        })?;
        Ok(Gaps {
            missing,
            unreadable,
        })
    }
}

// === impl Gaps ===

impl Gaps {
    pub fn add(&mut self, other: Self) {
        self.missing += other.missing;
        self.unreadable += other.unreadable;
    }

    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}

/// What the filter says of each resource, which many records share.
struct Verdicts<'a> {
    filter: &'a Filter,
    /// By address; the resource is kept, so its address stays its own.
    resources: HashMap<usize, (Arc<[u8]>, bool)>,
}

// === impl Verdicts ===

impl Verdicts<'_> {
    fn new(filter: &Filter) -> Verdicts<'_> {
        Verdicts {
            filter,
            resources: HashMap::new(),
        }
    }

    fn of<'a>(&mut self, stored: Stored<'a>) -> Result<Option<RecordView<'a>>, Malformed> {
        let address = stored.resource.as_ptr() as usize;
        let taken = if let Some((_, taken)) = self.resources.get(&address) {
            *taken
        } else {
            let taken = self.filter.takes_resource(stored.resource)?;
            let entry = (Arc::clone(stored.resource), taken);
            self.resources.insert(address, entry);
            taken
        };
        if !taken || !self.filter.may_take(stored.record) {
            return Ok(None);
        }
        let view = RecordView::parse(stored.record)?;
        Ok(self.filter.takes_record(&view)?.then_some(view))
    }
}
