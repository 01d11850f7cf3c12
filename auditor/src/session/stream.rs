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
    /// The kernel passed over so many bytes.
    Skipped(u64),
    /// So many bytes were there and will not be seen.
    Hole(u64),
    Bytes {
        bytes: &'a [u8],
        /// Number of the message that begins with the first byte, where the kernel says so.
        message_start: Option<u32>,
        /// The first byte is the first of a segment whose framing the kernel does not follow.
        segment_start: bool,
    },
}

/// A piece that came ahead of a gap.
#[derive(Debug)]
struct Held {
    bytes: Box<[u8]>,
    skipped_after: u32,
    time: BootTime,
}

/// Orders the pieces of one direction.
#[derive(Debug)]
pub struct Stream {
    /// Sequence number of the next byte; `None` until the first piece.
    next: Option<u32>,
    /// Events lost so far, as the kernel counts.
    lost: u32,
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
            held: BTreeMap::new(),
            held_bytes: 0,
            position: 0,
        }
    }

    /// Sequence number of the next byte.
    pub fn next(&self) -> Option<u32> {
        self.next
    }

    /// Something waits for a gap to be filled.
    pub fn is_waiting(&self) -> bool {
        !self.held.is_empty()
    }

    /// Takes a piece and yields what is in order now.
    pub fn push(&mut self, data: &Data<'_>, yield_part: impl FnMut(Part<'_>, BootTime)) {
        // Lost events leave gaps that nothing will fill.
        let lost = data.lost != self.lost;
        self.lost = data.lost;
        self.place(data, lost, yield_part);
    }

    fn place(
        &mut self,
        data: &Data<'_>,
        lost: bool,
        mut yield_part: impl FnMut(Part<'_>, BootTime),
    ) {
        let before = data.sequence.wrapping_sub(data.skipped_before as u32);
        let next = *self.next.get_or_insert(before);
        // What was passed over may be longer than the sequence space.
        let ahead = (data.skipped_before as i64).saturating_add(distance(next, before));
        if ahead <= 0 {
            let behind = ahead.unsigned_abs();
            let end = data.bytes.len() as u64 + u64::from(data.skipped_after);
            if behind >= end {
                // Seen before, or only a marker.
                return;
            }
            let cut = behind.min(data.bytes.len() as u64);
            let start = cut == 0;
            self.yield_bytes(
                &data.bytes[cut as usize..],
                data.message_start
                    .then_some(data.messages)
                    .filter(|_| start),
                data.unframed && start,
                data.time,
                &mut yield_part,
            );
            self.yield_skipped(
                u64::from(data.skipped_after) - (behind - cut),
                data.time,
                &mut yield_part,
            );
            self.release(&mut yield_part);
            return;
        }
        let gap = ahead.unsigned_abs();
        let skipped = data.skipped_before.min(gap);
        let hole = gap - skipped;
        // Where the kernel follows the framing it takes bytes in order: what it did not tell of
        // was lost on the way here. Elsewhere it may still come.
        if hole == 0 || !data.unframed || lost {
            if !self.held.is_empty() {
                self.give_up_gaps(&mut yield_part);
                return self.place(data, lost, yield_part);
            }
            self.yield_hole(hole, data.time, &mut yield_part);
            self.yield_skipped(skipped, data.time, &mut yield_part);
            self.yield_bytes(
                data.bytes,
                data.message_start.then_some(data.messages),
                data.unframed,
                data.time,
                &mut yield_part,
            );
            self.yield_skipped(u64::from(data.skipped_after), data.time, &mut yield_part);
            self.release(&mut yield_part);
            return;
        }
        self.hold(data, gap);
        if self.held_bytes > MAX_HELD_BYTES || self.held.len() > MAX_HELD_PIECES {
            self.give_up_gaps(&mut yield_part);
        }
    }

    /// Takes every gap for a hole and yields all that waits.
    pub fn give_up_gaps(&mut self, yield_part: &mut impl FnMut(Part<'_>, BootTime)) {
        while let Some((&at, held)) = self.held.first_key_value() {
            let hole = at.saturating_sub(self.position);
            let time = held.time;
            self.yield_hole(hole, time, yield_part);
            self.release(yield_part);
        }
    }

    fn hold(&mut self, data: &Data<'_>, gap: u64) {
        let at = self.position + gap;
        let bytes: Box<[u8]> = data.bytes.into();
        // Of two pieces at one place the longer says more.
        if self
            .held
            .get(&at)
            .is_some_and(|held| held.bytes.len() >= bytes.len())
        {
            return;
        }
        self.held_bytes += bytes.len();
        let held = Held {
            bytes,
            skipped_after: data.skipped_after,
            time: data.time,
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
            let behind = self.position - at;
            let cut = behind.min(held.bytes.len() as u64);
            self.yield_bytes(
                &held.bytes[cut as usize..],
                None,
                cut == 0,
                held.time,
                yield_part,
            );
            let rest = u64::from(held.skipped_after).saturating_sub(behind - cut);
            self.yield_skipped(rest, held.time, yield_part);
        }
    }

    fn yield_bytes(
        &mut self,
        bytes: &[u8],
        message_start: Option<u32>,
        segment_start: bool,
        time: BootTime,
        yield_part: &mut impl FnMut(Part<'_>, BootTime),
    ) {
        if bytes.is_empty() {
            return;
        }
        yield_part(
            Part::Bytes {
                bytes,
                message_start,
                segment_start,
            },
            time,
        );
        self.advance(bytes.len() as u64);
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
            yield_part(Part::Hole(n), time);
            self.advance(n);
        }
    }

    fn advance(&mut self, n: u64) {
        self.position += n;
        self.next = self.next.map(|next| next.wrapping_add(n as u32));
    }
}

/// From `a` to `b`, in a number space that wraps.
fn distance(a: u32, b: u32) -> i64 {
    i64::from(b.wrapping_sub(a) as i32)
}
