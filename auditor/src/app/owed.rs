//! Notes of a destination on their way into the journal. Until they are durable there, they are
//! kept with its place: what it will not get is told, and after a crash by the same record.

use std::{
    collections::VecDeque,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
        mpsc::{Receiver, SyncSender, sync_channel},
    },
};

use crate::redact::Sealed;

/// Notes of one destination that are on their way; some kilobytes. What it misses while that many
/// are is told in sum.
const MAX_OWED: usize = 64;

/// A note, and whether it has arrived.
#[derive(Clone, Debug)]
pub(super) struct Note {
    sealed: Sealed,
    durable: Arc<AtomicBool>,
}

/// What one destination owes.
#[derive(Debug)]
pub(super) struct Owed {
    notes: Vec<Note>,
    /// How many of them were sent.
    sent: usize,
    destination_to_journal: SyncSender<Note>,
}

/// Where notes arrive.
#[derive(Debug)]
pub(super) struct Arrivals {
    notes: Receiver<Note>,
    /// By sequence, those that were appended and are not durable.
    appended: VecDeque<(u64, Arc<AtomicBool>)>,
}

/// For so many destinations.
pub(super) fn channel(destinations: usize) -> (SyncSender<Note>, Arrivals) {
    // There is room for all that may be on their way, so nobody waits.
    let (destination_to_journal, notes) = sync_channel(MAX_OWED * destinations);
    let arrivals = Arrivals {
        notes,
        appended: VecDeque::new(),
    };
    (destination_to_journal, arrivals)
}

// === impl Owed ===

impl Owed {
    /// Begins with what a daemon before this one owed.
    pub(super) fn new(left: Vec<Sealed>, destination_to_journal: SyncSender<Note>) -> Self {
        let mut owed = Self {
            notes: Vec::new(),
            sent: 0,
            destination_to_journal,
        };
        for sealed in left.into_iter().take(MAX_OWED) {
            owed.push(sealed);
        }
        owed
    }

    pub(super) fn has_room(&self) -> bool {
        self.notes.len() < MAX_OWED
    }

    pub(super) fn push(&mut self, sealed: Sealed) {
        self.notes.push(Note {
            sealed,
            durable: Arc::default(),
        });
    }

    /// What is to be kept with the place.
    pub(super) fn sealed(&self) -> impl Iterator<Item = &Sealed> {
        self.notes.iter().map(|note| &note.sealed)
    }

    /// Hands over what was not handed over yet.
    pub(super) fn send(&mut self) {
        for note in &self.notes[self.sent..] {
            // Without a journal they are still kept with the place.
            let _ = self.destination_to_journal.send(note.clone());
        }
        self.sent = self.notes.len();
    }

    /// Forgets what is durable in the journal. True if there was any.
    pub(super) fn settle(&mut self) -> bool {
        let durable = |note: &Note| note.durable.load(Ordering::Acquire);
        let settled = self.notes.iter().take_while(|note| durable(note)).count();
        self.notes.drain(..settled);
        self.sent -= settled;
        settled > 0
    }
}

// === impl Arrivals ===

impl Arrivals {
    /// The next note, to be appended as the record with this sequence.
    pub(super) fn next(&mut self, sequence: u64) -> Option<Sealed> {
        let note = self.notes.try_recv().ok()?;
        self.appended.push_back((sequence, note.durable));
        Some(note.sealed)
    }

    /// Records below the sequence are durable.
    pub(super) fn durable(&mut self, below: u64) {
        while let Some((_, durable)) = self.appended.pop_front_if(|(at, _)| *at < below) {
            durable.store(true, Ordering::Release);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn note(number: u8) -> Sealed {
        Sealed::for_test(Arc::from(*b"node"), vec![number])
    }

    fn kept(owed: &Owed) -> Vec<u8> {
        owed.sealed().map(|note| note.record()[0]).collect()
    }

    #[test]
    fn a_note_is_kept_until_it_is_durable_and_sent_once() {
        let (to_journal, mut arrivals) = channel(1);
        let mut owed = Owed::new(vec![note(1)], to_journal);
        owed.push(note(2));
        owed.send();
        owed.send();
        assert!(arrivals.next(70).is_some_and(|note| note.record() == [1]));
        assert!(arrivals.next(71).is_some_and(|note| note.record() == [2]));
        assert!(arrivals.next(72).is_none());
        arrivals.durable(70);
        assert!(!owed.settle());
        arrivals.durable(71);
        assert!(owed.settle());
        owed.push(note(3));
        assert_eq!(kept(&owed), [2, 3]);
        owed.send();
        assert!(arrivals.next(72).is_some_and(|note| note.record() == [3]));
        arrivals.durable(100);
        assert!(owed.settle());
        assert!(kept(&owed).is_empty());
    }

    #[test]
    fn there_is_room_for_all_that_may_be_on_their_way() {
        let (to_journal, mut arrivals) = channel(2);
        let mut both = [to_journal.clone(), to_journal].map(|to| Owed::new(Vec::new(), to));
        for owed in &mut both {
            while owed.has_room() {
                owed.push(note(0));
            }
            owed.send();
        }
        let arrived = std::iter::from_fn(|| arrivals.next(0)).count();
        assert_eq!(arrived, 2 * MAX_OWED);
    }
}
