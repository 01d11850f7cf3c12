//! Services and nodes: what has a name, addresses, and no uid that a record shows.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use super::peer::Peer;
use super::tenancy::Holder;
use crate::identity::metadata::Source;

/// All services and nodes, those that are gone included until they are removed.
#[derive(Debug, Default)]
pub(super) struct Named {
    entries: HashMap<Holder, Entry>,
}

#[derive(Debug)]
struct Entry {
    peer: Peer,
    addresses: Vec<IpAddr>,
    /// Nanoseconds of the boot-time clock.
    gone: Option<u64>,
}

impl Named {
    pub(super) fn peer(&self, holder: &Holder) -> Option<&Peer> {
        self.entries.get(holder).map(|entry| &entry.peer)
    }

    /// The addresses that it has at present.
    pub(super) fn addresses(&self, holder: &Holder) -> &[IpAddr] {
        let entry = self.entries.get(holder);
        let present = entry.filter(|entry| entry.gone.is_none());
        present.map_or(&[], |entry| &entry.addresses)
    }

    pub(super) fn has(&self, holder: &Holder) -> bool {
        self.entries.contains_key(holder)
    }

    pub(super) fn len(&self) -> usize {
        self.entries.len()
    }

    /// The keys that `source` names at present.
    pub(super) fn named_by(&self, source: Source) -> impl Iterator<Item = &Arc<str>> {
        let present = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.gone.is_none());
        let keys = present.map(|(holder, _)| (holder, holder.key()));
        keys.filter_map(move |(holder, key)| (Holder::of(source, key) == *holder).then_some(key))
    }

    /// Returns the addresses that it had before.
    pub(super) fn insert(
        &mut self,
        holder: &Holder,
        peer: Peer,
        addresses: Vec<IpAddr>,
    ) -> Vec<IpAddr> {
        let entry = Entry {
            peer,
            addresses,
            gone: None,
        };
        let before = self.entries.insert(holder.clone(), entry);
        let present = before.filter(|entry| entry.gone.is_none());
        present.map_or(Vec::new(), |entry| entry.addresses)
    }

    /// Returns the addresses that it had.
    pub(super) fn withdraw(&mut self, holder: &Holder, now: u64) -> Option<&[IpAddr]> {
        let entry = self.entries.get_mut(holder)?;
        if entry.gone.is_some() {
            return None;
        }
        entry.gone = Some(now);
        Some(&entry.addresses)
    }

    /// Forgets what went at `gone` and has not come back.
    pub(super) fn remove(&mut self, holder: &Holder, gone: u64) {
        if self
            .entries
            .get(holder)
            .is_some_and(|entry| entry.gone == Some(gone))
        {
            self.entries.remove(holder);
        }
    }
}
