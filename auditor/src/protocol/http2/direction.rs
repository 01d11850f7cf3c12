//! One direction of a connection: its frames, its header table, what is half read.

use super::{
    block::Block,
    frame::{FrameHeader, Kind},
    hpack::Decoder,
    reader::Reader,
};
use crate::protocol::Nanos;

/// Payload of a control frame that is looked at: of GOAWAY a stream and an error code.
const MAX_CONTROL: usize = 8;

/// A header block that is being read.
#[derive(Debug)]
pub(super) struct OpenBlock {
    /// The stream that it is about; `None` if it is not known, or if its beginning was not seen.
    pub(super) stream: Option<u32>,
    /// The stream whose frames carry it.
    carrier: u32,
    pub(super) is_promise: bool,
    pub(super) ends_stream: bool,
    pub(super) fields: Block,
    /// A part is missing or makes no sense, so nothing after it is read.
    is_cut: bool,
    pub(super) began: Nanos,
    /// Bytes of its frames so far.
    pub(super) wire: u64,
}

/// Payload of a control frame.
#[derive(Debug, Default)]
pub(super) struct Control {
    bytes: [u8; MAX_CONTROL],
    length: usize,
}

/// The state of one direction.
#[derive(Debug)]
pub(super) struct Direction {
    pub(super) reader: Reader,
    pub(super) decoder: Decoder,
    /// The frame that is being read.
    pub(super) frame: Option<FrameHeader>,
    /// When it began.
    pub(super) began: Nanos,
    pub(super) block: Option<OpenBlock>,
    /// `None` where not all of it was seen.
    pub(super) control: Option<Control>,
    /// The next frame is the first that is read since the direction was joined, so it may continue
    /// something.
    pub(super) is_joining: bool,
    /// Bytes that were told of, see [`Direction::uncounted`].
    counted: u64,
}

impl Direction {
    pub(super) fn new(reader: Reader) -> Self {
        Self {
            reader,
            decoder: Decoder::new(),
            frame: None,
            began: 0,
            block: None,
            control: None,
            is_joining: false,
            counted: 0,
        }
    }

    pub(super) fn joined_midway() -> Self {
        let mut direction = Self::new(Reader::new());
        direction.lose();
        direction
    }

    /// Nothing is read until a frame start is certain, and what the table holds then is not known.
    pub(super) fn lose(&mut self) {
        self.reader.set_lost();
        self.decoder.lose();
        self.frame = None;
        self.block = None;
    }

    /// A frame begins here for certain.
    pub(super) fn resynchronize(&mut self) {
        self.reader.resynchronize();
        self.counted = self.reader.position();
        self.is_joining = true;
    }

    /// The frame may stand here: nothing comes between the frames of a header block.
    pub(super) fn may_follow(&self, header: &FrameHeader) -> bool {
        match &self.block {
            Some(block) => header.kind == Kind::Continuation && header.stream == block.carrier,
            None => header.kind != Kind::Continuation || self.is_joining,
        }
    }

    /// Takes note of a frame; one with a header block opens it.
    pub(super) fn begin(&mut self, header: FrameHeader, promised: Option<u32>) {
        self.frame = Some(header);
        self.control = Some(Control::default());
        if header.is_block() && self.block.is_none() {
            let is_promise = header.kind == Kind::PushPromise;
            self.block = Some(OpenBlock {
                stream: match header.kind {
                    Kind::Headers => Some(header.stream),
                    _ => promised,
                },
                carrier: header.stream,
                is_promise,
                ends_stream: header.ends_stream(),
                fields: Block::default(),
                is_cut: false,
                began: self.began,
                wire: 0,
            });
            if header.kind == Kind::Continuation {
                self.cut_block();
            }
        }
        self.is_joining = false;
    }

    /// Reads a piece of the open header block.
    pub(super) fn read_block(&mut self, piece: &[u8]) {
        let Some(block) = self.block.as_mut().filter(|block| !block.is_cut) else {
            return;
        };
        let fields = &mut block.fields;
        if self
            .decoder
            .read(piece, &mut |field| fields.push(field))
            .is_err()
        {
            self.cut_block();
        }
    }

    /// The rest of the open header block is not known, and neither is what it does to the table.
    pub(super) fn cut_block(&mut self) {
        self.decoder.lose();
        if let Some(block) = &mut self.block {
            block.is_cut = true;
            block.fields.cut();
        }
    }

    /// The header block is over.
    pub(super) fn finish_block(&mut self) -> Option<OpenBlock> {
        let mut block = self.block.take()?;
        if !block.is_cut && self.decoder.end().is_err() {
            block.fields.cut();
        }
        Some(block)
    }

    /// Bytes that were read since this was asked last.
    pub(super) fn uncounted(&mut self) -> u64 {
        let position = self.reader.position();
        position - std::mem::replace(&mut self.counted, position)
    }
}

// === impl Control ===

impl Control {
    pub(super) fn read(&mut self, bytes: &[u8]) {
        let n = bytes.len().min(MAX_CONTROL - self.length);
        self.bytes[self.length..][..n].copy_from_slice(&bytes[..n]);
        self.length += n;
    }

    /// Its first number, if that was seen: an error code or a stream.
    pub(super) fn number(&self) -> Option<u32> {
        let seen = &self.bytes[..self.length];
        seen.first_chunk().map(|bytes| u32::from_be_bytes(*bytes))
    }
}
