//! Which losses were told already.

use std::collections::{HashSet, VecDeque};

/// Ids that are remembered. A note comes twice where a crash came between it and the place that it
/// was kept with; then what the destinations owed (64 notes each) and the losses of a second lie in
/// between.
const MAX_IDS: usize = 16_384;

/// The latest ids of loss records.
#[derive(Debug, Default)]
pub(super) struct Told {
    ids: HashSet<Box<str>>,
    in_order: VecDeque<Box<str>>,
}

impl Told {
    /// False if this id was told shortly before. Without an id every record stands for itself.
    pub(super) fn is_new(&mut self, id: &str) -> bool {
        if id.is_empty() {
            return true;
        }
        if !self.ids.insert(id.into()) {
            return false;
        }
        if self.in_order.len() == MAX_IDS
            && let Some(oldest) = self.in_order.pop_front()
        {
            self.ids.remove(&oldest);
        }
        self.in_order.push_back(id.into());
        true
    }
}

#[cfg(test)]
mod tests {
    use super::{MAX_IDS, Told};

    #[test]
    fn an_id_counts_once_in_bounded_memory() {
        let mut told = Told::default();
        assert!(told.is_new("a") && !told.is_new("a"));
        assert!(told.is_new("") && told.is_new(""));
        for number in 0..2 * MAX_IDS {
            assert!(told.is_new(&number.to_string()));
        }
        assert_eq!((told.ids.len(), told.in_order.len()), (MAX_IDS, MAX_IDS));
    }
}
