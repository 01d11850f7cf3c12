//! A map that never grows past its capacity: the entry inserted first leaves first.
//!
//! First-in-first-out costs nothing on a hit, and whatever leaves too early is looked up again.

use std::borrow::Borrow;
use std::collections::{HashMap, VecDeque};
use std::hash::Hash;

#[derive(Debug)]
pub(super) struct Bounded<K, V> {
    capacity: usize,
    entries: HashMap<K, V>,
    /// Keys of `entries`, oldest first, each once.
    order: VecDeque<K>,
}

impl<K: Eq + Hash + Clone, V> Bounded<K, V> {
    pub(super) fn new(capacity: usize) -> Self {
        Self {
            capacity,
            entries: HashMap::new(),
            order: VecDeque::new(),
        }
    }

    pub(super) fn get<Q>(&self, key: &Q) -> Option<&V>
    where
        K: Borrow<Q>,
        Q: Eq + Hash + ?Sized,
    {
        self.entries.get(key)
    }

    /// Replaces the value of a key that is already there and leaves its age as it is.
    pub(super) fn insert(&mut self, key: K, value: V) {
        if self.entries.insert(key.clone(), value).is_some() {
            return;
        }
        self.order.push_back(key);
        if self.order.len() > self.capacity
            && let Some(oldest) = self.order.pop_front()
        {
            self.entries.remove(&oldest);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Bounded;

    #[test]
    fn the_oldest_entry_leaves_first() {
        let mut map = Bounded::new(2);
        map.insert(1, "one");
        map.insert(2, "two");
        map.insert(3, "three");
        assert_eq!(map.get(&1), None);
        assert_eq!(map.get(&2), Some(&"two"));
        assert_eq!(map.get(&3), Some(&"three"));
    }

    #[test]
    fn replacing_a_value_evicts_nothing() {
        let mut map = Bounded::new(2);
        map.insert(1, "one");
        map.insert(2, "two");
        map.insert(2, "zwei");
        map.insert(2, "deux");
        assert_eq!(map.get(&1), Some(&"one"));
        assert_eq!(map.get(&2), Some(&"deux"));
        map.insert(3, "three");
        assert_eq!(map.get(&1), None);
        assert_eq!(map.get(&2), Some(&"deux"));
    }
}
