//! How a header block says its fields (RFC 7541, sections 5 and 6).

use super::{BlockError, MAX_FIELD};

/// Largest integer that is read; an index, a length or a size beyond it makes no sense.
const MAX_INTEGER: u64 = u32::MAX as u64;

/// One instruction of a block.
#[derive(Debug)]
pub(super) enum Representation<'a> {
    Indexed(u64),
    Literal {
        name: Name<'a>,
        value: Text<'a>,
        inserted: bool,
    },
    SizeUpdate(u64),
}

#[derive(Debug)]
pub(super) enum Name<'a> {
    Indexed(u64),
    Literal(Text<'a>),
}

/// A string as it is on the wire.
#[derive(Clone, Copy, Debug)]
pub(super) struct Text<'a> {
    pub(super) bytes: &'a [u8],
    pub(super) is_huffman: bool,
}

/// What is left to read; methods return `None` where more bytes are needed.
struct Cursor<'a>(&'a [u8]);

impl<'a> Representation<'a> {
    /// Reads one and says how many bytes it takes; `None` if it is not whole yet.
    pub(super) fn read(bytes: &'a [u8]) -> Result<Option<(Self, usize)>, BlockError> {
        let Some(first) = bytes.first() else {
            return Ok(None);
        };
        let mut cursor = Cursor(bytes);
        let read = match first {
            0x80.. => cursor.integer(7)?.map(Self::Indexed),
            0x40.. => cursor.literal(6, true)?,
            0x20.. => cursor.integer(5)?.map(Self::SizeUpdate),
            _ => cursor.literal(4, false)?,
        };
        if read.is_none() && bytes.len() > MAX_FIELD {
            return Err(BlockError::FieldTooLong);
        }
        let length = bytes.len() - cursor.0.len();
        Ok(read.map(|representation| (representation, length)))
    }
}

// === impl Cursor ===

impl<'a> Cursor<'a> {
    fn literal(
        &mut self,
        prefix: u32,
        inserted: bool,
    ) -> Result<Option<Representation<'a>>, BlockError> {
        let name = match self.integer(prefix)? {
            None => return Ok(None),
            Some(0) => self.text()?.map(Name::Literal),
            Some(index) => Some(Name::Indexed(index)),
        };
        let Some(name) = name else {
            return Ok(None);
        };
        let literal = self.text()?.map(|value| Representation::Literal {
            name,
            value,
            inserted,
        });
        Ok(literal)
    }

    fn text(&mut self) -> Result<Option<Text<'a>>, BlockError> {
        let is_huffman = self.0.first().is_some_and(|b| b & 0x80 != 0);
        let Some(length) = self.integer(7)? else {
            return Ok(None);
        };
        if length > MAX_FIELD as u64 {
            return Err(BlockError::FieldTooLong);
        }
        let Some((bytes, rest)) = self.0.split_at_checked(length as usize) else {
            return Ok(None);
        };
        self.0 = rest;
        Ok(Some(Text { bytes, is_huffman }))
    }

    /// An integer that begins in the last `prefix` bits of the next byte.
    fn integer(&mut self, prefix: u32) -> Result<Option<u64>, BlockError> {
        let Some((first, mut rest)) = self.0.split_first() else {
            return Ok(None);
        };
        let full = (1_u64 << prefix) - 1;
        let mut value = u64::from(*first) & full;
        let mut shift = 0;
        let mut more = value == full;
        while more {
            let Some((byte, after)) = rest.split_first() else {
                return Ok(None);
            };
            // Five bytes hold every integer that is read.
            if shift > 28 {
                return Err(BlockError::Integer);
            }
            value += u64::from(byte & 0x7f) << shift;
            shift += 7;
            more = byte & 0x80 != 0;
            rest = after;
        }
        if value > MAX_INTEGER {
            return Err(BlockError::Integer);
        }
        self.0 = rest;
        Ok(Some(value))
    }
}
