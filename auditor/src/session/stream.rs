//! One direction put in order by TCP sequence number.

use std::collections::BTreeMap;

use crate::decode::{BootTime, Data};

/// Bytes held ahead of a gap; more, and the gap is taken for a hole.
const MAX_HELD_BYTES: usize = 512 * 1024;
/// Pieces held ahead of a gap.
const MAX_HELD_PIECES: usize = 256;

/// What the stream yields, in order.
#[derive(Debug)]
pub enum Part<'a> {
    /// The kernel passed over so many bytes, of which it knows what they were.
    Skipped(u64),
    /// So many bytes were not copied, whatever they were.
    Truncated(u64),
    /// So many bytes were there and will not be seen.
    Hole(u64),
    Bytes {
        bytes: &'a [u8],
        start: Start,
        /// The kernel follows the framing.
        framed: bool,
    },
}

/// What the first of some bytes is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Start {
    /// The kernel says that message number so and so begins with it.
    Message(u32),
    /// The kernel says that a frame of HTTP/2 begins with it, or the preface of the client.
    Frame,
    /// It is the first of a segment whose framing the kernel does not follow.
    Segment,
    Nothing,
}

/// Captured bytes and how many follow them that were passed over.
#[derive(Clone, Copy, Debug)]
struct Piece<'a> {
    bytes: &'a [u8],
    start: Start,
    framed: bool,
    skipped_after: u64,
    time: BootTime,
}

/// A piece that came ahead of a gap.
#[derive(Debug)]
struct Held {
    bytes: Box<[u8]>,
    start: Start,
    framed: bool,
    skipped_before: u64,
    skipped_after: u64,
    time: BootTime,
}

/// Orders the pieces of one direction.
#[derive(Debug)]
pub struct Stream {
    /// Sequence number of the next byte; `None` until the first piece.
    next: Option<u32>,
    /// Events lost so far, as the kernel counts.
    lost: u32,
    /// Some were lost, and the gap that they leave has not been met yet.
    gap_is_due: bool,
    /// By position in the stream, which does not wrap.
    held: BTreeMap<u64, Held>,
    held_bytes: usize,
    /// Total bytes yielded: position of `next` from the beginning.
    position: u64,
}

impl Stream {
    /// A direction whose first byte has number `next`.
    pub fn new(next: Option<u32>) -> Self {
        Self {
            next,
            lost: 0,
            gap_is_due: false,
            held: BTreeMap::new(),
            held_bytes: 0,
            position: 0,
        }
    }

    /// Sequence number of the next byte.
    pub fn next(&self) -> Option<u32> {
        self.next
    }

    /// Bytes of the direction so far, whether they were copied or not.
    pub fn position(&self) -> u64 {
        self.position
    }

    /// Something waits for a gap to be filled.
    pub fn is_waiting(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes a piece and yields what is in order now.
    pub fn push(&mut self, data: &Data<'_>, mut yield_part: impl FnMut(Part<'_>, BootTime)) {
        self.gap_is_due |= data.lost != self.lost;
        self.lost = data.lost;
        let piece = Piece::of(data);
        let before = data.sequence.wrapping_sub(data.skipped_before as u32);
        let next = *self.next.get_or_insert(before);
        // What was passed over may be longer than the sequence space.
        let ahead = i64::try_from(data.skipped_before)
            .unwrap_or(i64::MAX)
            .saturating_add(distance(next, before));
        let gap = ahead.max(0).unsigned_abs();
        let skipped = data.skipped_before.min(gap);
        if skipped == gap {
            // What waits before it was copied beside what the kernel passed over.
            let at = self.position.saturating_add(gap);
            self.skip_to(at, data.time, &mut yield_part);
            let behind = match u64::try_from(ahead) {
                Ok(_) => self.position.saturating_sub(at),
                Err(_) => ahead.unsigned_abs(),
            };
            self.yield_piece(&piece, behind, &mut yield_part);
            self.release(&mut yield_part);
            return;
        }
        self.hold(&piece, gap, skipped);
        // Where the kernel follows the framing it takes bytes in order: what it did not tell of
        // was lost on the way here. Elsewhere it may still come, unless events were lost.
        let full = self.held_bytes > MAX_HELD_BYTES || self.held.len() > MAX_HELD_PIECES;
        if piece.framed || self.gap_is_due || full {
            self.give_up_gaps(&mut yield_part);
        }
    }

    /// Yields what waits before this position, and takes what is between for passed over.
    fn skip_to(
        &mut self,
        position: u64,
        time: BootTime,
        yield_part: &mut impl FnMut(Part<'_>, BootTime),
    ) {
        while let Some((&at, held)) = self.held.first_key_value()
            && at < position
        {
            let time = held.time;
            self.yield_skipped(at.saturating_sub(self.position), time, yield_part);
            self.release(yield_part);
        }
        self.yield_skipped(position.saturating_sub(self.position), time, yield_part);
    }

    /// Takes every gap for a hole and yields all that waits.
    pub fn give_up_gaps(&mut self, yield_part: &mut impl FnMut(Part<'_>, BootTime)) {
        while let Some((&at, held)) = self.held.first_key_value() {
            let gap = at.saturating_sub(self.position);
            let skipped = held.skipped_before.min(gap);
            let time = held.time;
            self.yield_hole(gap - skipped, time, yield_part);
            self.yield_skipped(skipped, time, yield_part);
            self.release(yield_part);
        }
    }

    /// The direction is over after `total` bytes, the last `skipped` of which were passed over.
    pub fn finish(
        &mut self,
        total: u64,
        skipped: u64,
        time: BootTime,
        yield_part: &mut impl FnMut(Part<'_>, BootTime),
    ) {
        self.give_up_gaps(yield_part);
        let rest = total.saturating_sub(self.position);
        let skipped = skipped.min(rest);
        self.yield_hole(rest - skipped, time, yield_part);
        self.yield_skipped(skipped, time, yield_part);
    }

    fn hold(&mut self, piece: &Piece<'_>, gap: u64, skipped_before: u64) {
        let at = self.position.saturating_add(gap);
        // Of two pieces at one place the longer says more.
        let known = self.held.get(&at);
        if known.is_some_and(|held| held.bytes.len() >= piece.bytes.len()) {
            return;
        }
        self.held_bytes += piece.bytes.len();
        let held = Held {
            bytes: piece.bytes.into(),
            start: piece.start,
            framed: piece.framed,
            skipped_before,
            skipped_after: piece.skipped_after,
            time: piece.time,
        };
        if let Some(old) = self.held.insert(at, held) {
            self.held_bytes -= old.bytes.len();
        }
    }

    /// Yields held pieces that the stream has reached.
    fn release(&mut self, yield_part: &mut impl FnMut(Part<'_>, BootTime)) {
        while let Some(entry) = self.held.first_entry() {
            let at = *entry.key();
            if at > self.position {
                return;
            }
            let held = entry.remove();
            self.held_bytes -= held.bytes.len();
            self.yield_piece(&held.piece(), self.position - at, yield_part);
        }
    }

    /// Yields a piece of which the first `behind` bytes were yielded before.
    fn yield_piece(
        &mut self,
        piece: &Piece<'_>,
        behind: u64,
        yield_part: &mut impl FnMut(Part<'_>, BootTime),
    ) {
        let cut = behind.min(piece.bytes.len() as u64);
        let bytes = &piece.bytes[cut as usize..];
        if !bytes.is_empty() {
            let start = if cut == 0 {
                piece.start
            } else {
                Start::Nothing
            };
            let framed = piece.framed;
            yield_part(
                Part::Bytes {
                    bytes,
                    start,
                    framed,
                },
                piece.time,
            );
            self.advance(bytes.len() as u64);
        }
        let skipped = piece.skipped_after.saturating_sub(behind - cut);
        if piece.framed {
            self.yield_skipped(skipped, piece.time, yield_part);
        } else if skipped != 0 {
            yield_part(Part::Truncated(skipped), piece.time);
            self.advance(skipped);
        }
    }

    fn yield_skipped(
        &mut self,
        n: u64,
        time: BootTime,
        yield_part: &mut impl FnMut(Part<'_>, BootTime),
    ) {
        if n != 0 {
            yield_part(Part::Skipped(n), time);
            self.advance(n);
        }
    }

    fn yield_hole(
        &mut self,
        n: u64,
        time: BootTime,
        yield_part: &mut impl FnMut(Part<'_>, BootTime),
    ) {
        if n != 0 {
            self.gap_is_due = false;
            yield_part(Part::Hole(n), time);
            self.advance(n);
        }
    }

    fn advance(&mut self, n: u64) {
        self.position = self.position.saturating_add(n);
        self.next = self.next.map(|next| next.wrapping_add(n as u32));
    }
}

// === impl Piece ===

impl<'a> Piece<'a> {
    fn of(data: &Data<'a>) -> Self {
        let start = match (data.message_start, data.unframed) {
            (true, _) if data.frames => Start::Frame,
            (true, _) => Start::Message(data.messages),
            (false, true) => Start::Segment,
            (false, false) => Start::Nothing,
        };
        Self {
            bytes: data.bytes,
            start,
            framed: !data.unframed,
            skipped_after: u64::from(data.skipped_after),
            time: data.time,
        }
    }
}

// === impl Held ===

impl Held {
    fn piece(&self) -> Piece<'_> {
        Piece {
            bytes: &self.bytes,
            start: self.start,
            framed: self.framed,
            skipped_after: self.skipped_after,
            time: self.time,
        }
    }
}

/// From `a` to `b`, in a number space that wraps.
fn distance(a: u32, b: u32) -> i64 {
    i64::from(b.wrapping_sub(a) as i32)
}
