//! Who held which address when.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;

use super::tenancy::{End, Holder, Tenancy};
use super::{RETENTION_NS, TOMBSTONES};

/// Tenancies of one address: a look-up reads them all. Nothing changes hands this often.
const PER_ADDRESS: usize = 64;

/// Who held an address.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Verdict<'a> {
    Holder(&'a Holder),
    /// Nobody else is known who may have had it.
    Only(&'a Holder),
    Several,
    /// It is somebody's at other times, or one may have held it whose traces are lost.
    Unclear,
    /// Nobody is known to have had it at any time.
    Nobody,
}

/// Every tenancy of every address, those that ended for as long as late records may ask.
#[derive(Debug, Default)]
pub(super) struct Addresses {
    tenancies: HashMap<IpAddr, Vec<Tenancy>>,
    /// The ended ones, in the order of their ends.
    ended: VecDeque<(u64, IpAddr)>,
    /// No tenancy since then is missing here.
    complete_since: u64,
}

impl Addresses {
    /// `false` where there is no room.
    pub(super) fn hold(&mut self, address: IpAddr, tenancy: Tenancy) -> bool {
        let tenancies = self.tenancies.entry(address).or_default();
        if tenancies.len() >= PER_ADDRESS {
            let Some(oldest) = tenancies.iter().position(|known| known.end.is_some()) else {
                return false;
            };
            let end = tenancies.remove(oldest).end;
            self.complete_since = self.complete_since.max(end.map_or(0, |end| end.by));
        }
        let (holder, observed) = (tenancy.holder.clone(), tenancy.observed);
        tenancies.push(tenancy);
        if let Some(now) = observed {
            self.settle(address, &holder, now);
        }
        true
    }

    /// The source has been seen to say that the address is the holder's: who had it before has
    /// it no more.
    pub(super) fn settle(&mut self, address: IpAddr, holder: &Holder, now: u64) {
        let Some(tenancies) = self.tenancies.get_mut(&address) else {
            return;
        };
        let is_open = |known: &Tenancy| known.end.is_none();
        let own = |known: &&mut Tenancy| is_open(known) && known.holder == *holder;
        let Some(own) = tenancies.iter_mut().find(own) else {
            return;
        };
        own.observed.get_or_insert(now);
        let own = own.clone();
        for earlier in tenancies.iter_mut().filter(|known| is_open(known)) {
            if own.succeeds(earlier) {
                earlier.end = Some(End {
                    not_before: own.earliest,
                    by: now,
                });
                self.ended.push_back((now, address));
            }
        }
    }

    pub(super) fn release(&mut self, address: IpAddr, holder: &Holder, end: End) {
        if let Some(open) = self.open(address, holder) {
            open.end = Some(end);
            self.ended.push_back((end.by, address));
        }
    }

    /// What happened before `at` was not all told: a list took the place of changes.
    pub(super) fn begin_anew(&mut self, at: u64) {
        self.complete_since = self.complete_since.max(at);
    }

    /// Forgets tenancies that ended too long ago, or that are too many.
    pub(super) fn expire(&mut self, now: u64) {
        while let Some(&(ended, address)) = self.ended.front() {
            if self.ended.len() <= TOMBSTONES && now.saturating_sub(ended) <= RETENTION_NS {
                return;
            }
            self.ended.pop_front();
            self.complete_since = self.complete_since.max(ended);
            if let Some(tenancies) = self.tenancies.get_mut(&address) {
                tenancies.retain(|tenancy| tenancy.end.is_none_or(|end| end.by > ended));
                if tenancies.is_empty() {
                    self.tenancies.remove(&address);
                }
            }
        }
    }

    pub(super) fn holder(&self, address: IpAddr, at: u64) -> Verdict<'_> {
        let Some(tenancies) = self.tenancies.get(&address) else {
            return if at >= self.complete_since {
                Verdict::Nobody
            } else {
                Verdict::Unclear
            };
        };
        let mut candidates = candidates(tenancies, at);
        let Some(first) = candidates.next() else {
            return Verdict::Unclear;
        };
        if candidates.next().is_some() {
            return Verdict::Several;
        }
        if first.holds(at) {
            Verdict::Holder(&first.holder)
        } else if at >= self.complete_since {
            Verdict::Only(&first.holder)
        } else {
            Verdict::Unclear
        }
    }

    /// All who may have held it.
    pub(super) fn candidates(&self, address: IpAddr, at: u64) -> impl Iterator<Item = &Holder> {
        let tenancies = self.tenancies.get(&address);
        let tenancies = tenancies.map(Vec::as_slice).unwrap_or_default();
        candidates(tenancies, at).map(|tenancy| &tenancy.holder)
    }

    fn open(&mut self, address: IpAddr, holder: &Holder) -> Option<&mut Tenancy> {
        let tenancies = self.tenancies.get_mut(&address)?;
        tenancies
            .iter_mut()
            .find(|tenancy| tenancy.end.is_none() && tenancy.holder == *holder)
    }
}

fn candidates(tenancies: &[Tenancy], at: u64) -> impl Iterator<Item = &Tenancy> {
    tenancies.iter().filter(move |tenancy| tenancy.may_hold(at))
}
