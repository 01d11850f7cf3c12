//! Finds the intact frames of a segment, whatever is between them.

use std::io::{self, ErrorKind};
use std::ops::Range;

use super::disk::DiskFile;
use super::frame::{Frame, HEAD, Head, Kind, MAGIC};

/// Read at once: large against a frame, small against the memory of a node.
const CHUNK: usize = 256 * 1024;

/// Goes through the frames of one segment. At the end it may be asked again, when the file has
/// grown.
#[derive(Debug)]
pub(super) struct Scanner<F> {
    file: F,
    /// What belongs to the journal ends here; `u64::MAX` where that is not known.
    end: u64,
    buffer: Vec<u8>,
    /// How much of the buffer was passed over.
    taken: usize,
    /// Where in the file that is.
    offset: u64,
    /// The sequence that the frames so far lead to. `None`: the first frame will say.
    next: Option<u64>,
}

#[derive(Debug)]
pub(super) enum Item<'a> {
    Frame(Frame<'a>),
    /// Bytes that are no frame; an intact one follows.
    Damage(Range<u64>),
    /// Nothing, or no intact frame, in this many bytes that are left.
    End {
        torn: u64,
    },
}

// === impl Scanner ===

impl<F: DiskFile> Scanner<F> {
    /// Begins at `offset`, where the first frame stands.
    pub(super) fn new(file: F, offset: u64, next: Option<u64>) -> Self {
        Self {
            file,
            end: u64::MAX,
            buffer: Vec::new(),
            taken: 0,
            offset,
            next,
        }
    }

    /// Lets the segment end at `end` even if the file is longer.
    pub(super) fn until(mut self, end: u64) -> Self {
        self.end = end;
        self
    }

    /// Behind what was passed over.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    pub(super) fn next(&mut self) -> io::Result<Item<'_>> {
        if let Some(head) = self.frame_at(0)? {
            return Ok(Item::Frame(self.take(head)));
        }
        self.damage()
    }

    fn take(&mut self, head: Head) -> Frame<'_> {
        let (start, offset) = (self.taken + HEAD, self.offset);
        self.advance(HEAD + head.length);
        let after = head
            .sequence
            .saturating_add(u64::from(head.kind == Kind::Record));
        self.next = Some(after);
        Frame {
            kind: head.kind,
            sequence: head.sequence,
            offset,
            payload: &self.buffer[start..start + head.length],
        }
    }

    /// Looks for the next intact frame. Stays where it is if there is none: the file may grow.
    fn damage(&mut self) -> io::Result<Item<'_>> {
        let start = self.offset;
        loop {
            if self.fill(1 + HEAD)? < 1 + HEAD {
                let torn = self.offset - start + (self.buffer.len() - self.taken) as u64;
                self.offset = start;
                self.buffer.clear();
                self.taken = 0;
                return Ok(Item::End { torn });
            }
            let rest = &self.buffer[self.taken + 1..];
            let skipped = rest.iter().position(|byte| *byte == MAGIC[0]);
            self.advance(1 + skipped.unwrap_or(rest.len()));
            if self.frame_at(0)?.is_some() {
                return Ok(Item::Damage(start..self.offset));
            }
        }
    }

    /// The head of the intact frame that begins so many bytes further on.
    fn frame_at(&mut self, distance: usize) -> io::Result<Option<Head>> {
        if self.fill(distance + HEAD)? < distance + HEAD {
            return Ok(None);
        }
        let start = self.taken + distance;
        let head = self.buffer[start..].first_chunk().and_then(Head::parse);
        let Some(head) = head else {
            return Ok(None);
        };
        let whole = distance + HEAD + head.length;
        if !self.is_plausible(head.sequence)? || self.fill(whole)? < whole {
            return Ok(None);
        }
        let start = self.taken + distance + HEAD;
        let payload = &self.buffer[start..start + head.length];
        Ok(head.fits(payload).then_some(head))
    }

    /// Frames that were lost must have had room in the file.
    fn is_plausible(&self, sequence: u64) -> io::Result<bool> {
        let Some(next) = self.next else {
            return Ok(sequence < u64::MAX);
        };
        if sequence == next {
            return Ok(true);
        }
        let room = self.file.length()? / HEAD as u64;
        Ok(sequence > next && sequence < next.saturating_add(room))
    }

    fn advance(&mut self, bytes: usize) {
        self.taken += bytes;
        self.offset += bytes as u64;
    }

    /// Sees to it that so many bytes are in the buffer, and says how many are.
    fn fill(&mut self, wanted: usize) -> io::Result<usize> {
        if self.buffer.len() - self.taken < wanted {
            self.buffer.drain(..self.taken);
            self.taken = 0;
        }
        while self.buffer.len() - self.taken < wanted {
            let filled = self.buffer.len();
            let offset = self.offset + filled as u64;
            let room = usize::try_from(self.end.saturating_sub(offset)).unwrap_or(usize::MAX);
            self.buffer.resize(filled + room.min(CHUNK), 0);
            let read = self.file.read_at(&mut self.buffer[filled..], offset);
            self.buffer.truncate(filled + *read.as_ref().unwrap_or(&0));
            match read {
                Ok(0) => break,
                Ok(_) => {}
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(self.buffer.len() - self.taken)
    }
}
