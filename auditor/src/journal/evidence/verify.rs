//! Goes through a whole journal and holds it against what was signed.

use std::collections::VecDeque;
use std::ops::Range;

use super::checkpoint::{Checkpoint, CheckpointError};
use super::key::PublicKey;
use super::note::NoteError;
use super::report::{Finding, Problem, Report};
use crate::journal::catalogue::{self, Entry, catalogue, file_name};
use crate::journal::disk::Disk;
use crate::journal::error::JournalError;
use crate::journal::replay::{Anchor, Replay, State, Told};
use crate::journal::scan::{Item, Scanner};

/// Remembered between two points that can be compared; more is told by the comparison.
const MAX_MARKS: usize = 1000;

/// What a journal is held against.
#[derive(Clone, Copy, Debug)]
pub struct Trust<'a> {
    pub key: &'a PublicKey,
    /// Signed notes that were kept off the node.
    pub checkpoints: &'a [String],
    /// A daemon writes to the journal just now: the last frame may not be whole yet.
    pub growing: bool,
}

/// Verifies the journal in a directory. Needs memory for one frame, whatever the journal's size.
pub fn verify<D: Disk>(disk: &D, trust: Trust<'_>) -> Result<Report, JournalError> {
    let entries = catalogue(disk)?;
    let mut verifier = Verifier {
        trust,
        replay: Replay::default(),
        segment: None,
        agreed: 0,
        marks: Vec::new(),
        given: VecDeque::new(),
        announced: None,
        report: Report {
            key: trust.key.name().to_owned(),
            segments: entries.len(),
            ..Report::default()
        },
    };
    verifier.read_given();
    let ends = catalogue::ends(&entries);
    let mut expected = entries.first().map(|entry| entry.number);
    for (index, (entry, end)) in entries.iter().zip(ends).enumerate() {
        verifier.sequel(entry, expected);
        expected = entry.number.checked_add(1);
        verifier.report.remains += entry.bytes.saturating_sub(end);
        if end == 0 {
            continue;
        }
        verifier.segment = Some(entry.number);
        verifier.header(entry, index == 0);
        let last = index + 1 == entries.len();
        verifier.frames(disk, entry, end, last)?;
    }
    Ok(verifier.finish(entries.first()))
}

struct Verifier<'a> {
    trust: Trust<'a>,
    replay: Replay,
    segment: Option<u64>,
    /// Everything below this sequence agrees with what was signed.
    agreed: u64,
    /// Irregularities since then: scars if the next signature agrees with them.
    marks: Vec<Finding>,
    /// Checkpoints from outside that are still to be met, smallest first.
    given: VecDeque<Checkpoint>,
    /// The first segment that is kept: as the journal says, and no checkpoint yet covers.
    announced: Option<(u64, u64)>,
    report: Report,
}

// === impl Verifier ===

impl Verifier<'_> {
    fn read_given(&mut self) {
        let mut given = Vec::new();
        for note in self.trust.checkpoints {
            match Checkpoint::verified(note, self.trust.key) {
                Ok(checkpoint) => given.push(checkpoint),
                Err(error) => self.report.find(Finding {
                    segment: None,
                    records: 0..0,
                    problem: problem(&error),
                }),
            }
        }
        given.sort_by_key(|checkpoint| checkpoint.size);
        self.given = given.into();
    }

    /// Segments follow each other without a gap.
    fn sequel(&mut self, entry: &Entry, expected: Option<u64>) {
        if let Some(first) = expected.filter(|expected| *expected < entry.number) {
            let last = entry.number - 1;
            self.mark(self.here(), Problem::Segments { first, last });
        }
    }

    fn header(&mut self, entry: &Entry, oldest: bool) {
        let Some(header) = &entry.header else {
            self.mark(self.here(), Problem::Header);
            self.replay = Replay::new(std::mem::take(&mut self.replay.state));
            return;
        };
        if oldest && entry.number > 0 {
            // Whether that is legal is seen by the announcement; what is here, by the next
            // checkpoint.
            self.report.first = header.start();
            self.agreed = header.start();
            self.report.unchecked = self.drop_given(header.start());
        } else if !self.replay.state.continues_in(header) {
            self.disagree();
        }
        self.replay = Replay::new(State::at(header));
        self.confirm();
    }

    fn frames<D: Disk>(
        &mut self,
        disk: &D,
        entry: &Entry,
        end: u64,
        last: bool,
    ) -> Result<(), JournalError> {
        if let Some(bytes) = end.checked_sub(entry.bytes).filter(|_| end != u64::MAX)
            && bytes > 0
        {
            self.mark(self.here(), Problem::Shortened { bytes });
        }
        let name = file_name(entry.number);
        let file = disk.open(&name).map_err(JournalError::io("open", &name))?;
        let known = entry.header.is_some() || self.report.next > 0 || entry.number == 0;
        let next = known.then(|| self.replay.state.sequence());
        let mut scanner = Scanner::new(file, entry.frames_at(), next).until(end);
        loop {
            match scanner.next().map_err(JournalError::io("read", &name))? {
                Item::Frame(frame) => {
                    let lost = self.replay.lose(frame.sequence);
                    if !lost.is_empty() {
                        self.mark(lost, Problem::Missing);
                    }
                    let told = self.replay.take(&frame);
                    self.told(told, frame.sequence);
                    self.report.next = self.replay.state.sequence();
                    self.confirm();
                }
                Item::Damage(Range { start, end }) => {
                    let problem = Problem::Damaged {
                        from: start,
                        to: end,
                    };
                    self.mark(self.here(), problem);
                }
                Item::End { torn } => {
                    if torn > 0 && !(last && self.trust.growing) {
                        self.mark(self.here(), Problem::Torn { bytes: torn });
                    }
                    return Ok(());
                }
            }
        }
    }

    fn told(&mut self, told: Told<'_>, sequence: u64) {
        match told {
            Told::Resource | Told::Record => {}
            Told::Orphan => self.mark(sequence..sequence + 1, Problem::Resource),
            Told::Malformed => self.mark(self.here(), Problem::Content),
            Told::Removal(removal) => {
                self.announced = Some((removal.first_segment, removal.undelivered));
            }
            Told::Checkpoint(anchor) => self.anchor(&anchor),
        }
    }

    fn anchor(&mut self, anchor: &Anchor<'_>) {
        match anchor.checkpoint(self.trust.key) {
            Ok(checkpoint) if anchor.agrees() => self.agree(&checkpoint),
            Ok(_) => {
                self.disagree();
                self.replay.adopt(anchor);
            }
            Err(error) => self.find(self.here(), problem(&error)),
        }
    }

    fn agree(&mut self, checkpoint: &Checkpoint) {
        for mark in std::mem::take(&mut self.marks) {
            self.report.scar(mark);
        }
        self.agreed = checkpoint.size;
        self.report.checkpoints += 1;
        self.report.last_checkpoint = Some(checkpoint.time);
        self.report.covered = self.report.covered.max(checkpoint.size);
        if let Some((_, undelivered)) = self.announced {
            self.report.removed_undelivered += undelivered;
        }
    }

    fn disagree(&mut self) {
        let records = self.agreed..self.replay.state.sequence();
        self.find(records, Problem::Changed);
        for mark in std::mem::take(&mut self.marks) {
            self.report.find(mark);
        }
        self.agreed = self.replay.state.sequence();
    }

    /// Compares with the given checkpoints that are about the records so far.
    fn confirm(&mut self) {
        let sequence = self.replay.state.sequence();
        while let Some(given) = self.given.front().filter(|given| given.size <= sequence) {
            let records = given.size;
            if records == sequence && given.root == self.replay.state.frontier.root() {
                self.report.confirmed += 1;
                self.report.covered = self.report.covered.max(records);
            } else {
                self.find(
                    self.agreed.min(records)..records,
                    Problem::Differs { records },
                );
            }
            self.given.pop_front();
        }
    }

    /// Given checkpoints about records before the first one kept can't be compared.
    fn drop_given(&mut self, first: u64) -> u64 {
        let before = self.given.len();
        self.given.retain(|given| given.size >= first);
        (before - self.given.len()) as u64
    }

    fn finish(mut self, oldest: Option<&Entry>) -> Report {
        for mark in std::mem::take(&mut self.marks) {
            self.report.find(mark);
        }
        self.segment = None;
        let next = self.report.next.max(self.report.first);
        self.report.next = next;
        for given in std::mem::take(&mut self.given) {
            let records = given.size;
            self.find(next..records, Problem::Cut { records });
        }
        let announced = self.announced.map_or(0, |(first_segment, _)| first_segment);
        if let Some(oldest) = oldest.filter(|oldest| oldest.number > announced) {
            let last = oldest.number - 1;
            self.find(0..self.report.first, Problem::Beginning { last });
        }
        let signed = self.report.checkpoints + self.report.confirmed > 0;
        if next > self.report.first && !signed && !self.trust.growing {
            self.find(self.report.first..next, Problem::Unsigned);
        }
        self.report
    }

    /// No record, but a place among them.
    fn here(&self) -> Range<u64> {
        let sequence = self.replay.state.sequence();
        sequence..sequence
    }

    fn mark(&mut self, records: Range<u64>, problem: Problem) {
        if self.marks.len() < MAX_MARKS {
            self.marks.push(Finding {
                segment: self.segment,
                records,
                problem,
            });
        } else {
            self.report.unlisted += 1;
        }
    }

    fn find(&mut self, records: Range<u64>, problem: Problem) {
        self.report.find(Finding {
            segment: self.segment,
            records,
            problem,
        });
    }
}

fn problem(error: &CheckpointError) -> Problem {
    match error {
        CheckpointError::Note(NoteError::Foreign { signer, .. }) => Problem::ForeignKey {
            signer: signer.clone(),
        },
        other => Problem::Checkpoint {
            reason: other.to_string(),
        },
    }
}

#[cfg(test)]
mod tests;
