//! HPACK (RFC 7541), read by one who may have come late.
//!
//! A dynamic index counts from the newest entry. Whoever has seen the last `n` insertions resolves
//! the indices of these exactly, whatever the table held before; fields that refer to older
//! entries are given without what is not known. Only a block that no recipient could read is an
//! error.

mod huffman;
mod representation;
mod static_table;
mod table;

use representation::{Name, Representation, Text};
use table::Table;

/// Longest field that is read, as it is on the wire. Common servers refuse such fields long before.
const MAX_FIELD: usize = 64 * 1024;

/// A header field; what is not known of it is absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Field<'a> {
    pub name: Option<&'a [u8]>,
    pub value: Option<&'a [u8]>,
}

/// Why a block can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BlockError {
    #[error("an integer of the header block is too large")]
    Integer,
    #[error("a field of the header block is longer than is read")]
    FieldTooLong,
    #[error("the header block refers to an entry that does not exist")]
    Index,
    #[error("a string of the header block is not Huffman coded as it says")]
    Huffman,
    #[error("the header block changes the table size after its first field")]
    LateSizeUpdate,
    #[error("the header block ends within a field")]
    Cut,
}

/// Reads the header blocks of one direction, in the order of the wire.
#[derive(Debug)]
pub struct Decoder {
    table: Table,
    /// The beginning of a field whose end is still to come.
    rest: Vec<u8>,
    /// The block has had a field.
    begun: bool,
    /// Strings of the field being read.
    name: Vec<u8>,
    value: Vec<u8>,
}

impl Decoder {
    /// The decoder of a direction that is seen from its beginning.
    pub fn new() -> Self {
        Self::with(Table::new())
    }

    /// The decoder of a direction that was joined midway.
    pub fn joined_midway() -> Self {
        Self::with(Table::unknown())
    }

    fn with(table: Table) -> Self {
        Self {
            table,
            rest: Vec::new(),
            begun: false,
            name: Vec::new(),
            value: Vec::new(),
        }
    }

    /// Some of a block was not seen, or could not be read: the entries so far have unknown places.
    pub fn lose(&mut self) {
        *self = Self::joined_midway();
    }

    /// Reads a piece of a block. After an error the decoder is lost.
    pub fn read(
        &mut self,
        piece: &[u8],
        give: &mut impl FnMut(Field<'_>),
    ) -> Result<(), BlockError> {
        let result = self.read_fields(piece, give);
        if result.is_err() {
            self.lose();
        }
        result
    }

    /// The block is over.
    pub fn end(&mut self) -> Result<(), BlockError> {
        self.begun = false;
        if self.rest.is_empty() {
            return Ok(());
        }
        self.lose();
        Err(BlockError::Cut)
    }

    fn read_fields(
        &mut self,
        piece: &[u8],
        give: &mut impl FnMut(Field<'_>),
    ) -> Result<(), BlockError> {
        if self.rest.is_empty() {
            let read = self.read_whole(piece, give)?;
            self.rest.extend_from_slice(&piece[read..]);
        } else {
            let mut bytes = std::mem::take(&mut self.rest);
            bytes.extend_from_slice(piece);
            let read = self.read_whole(&bytes, give)?;
            bytes.drain(..read);
            self.rest = bytes;
        }
        Ok(())
    }

    /// Reads the fields that are whole; returns how many bytes they take.
    fn read_whole(
        &mut self,
        bytes: &[u8],
        give: &mut impl FnMut(Field<'_>),
    ) -> Result<usize, BlockError> {
        let mut at = 0;
        while let Some((representation, length)) = Representation::read(&bytes[at..])? {
            self.apply(&representation, give)?;
            at += length;
        }
        Ok(at)
    }

    fn apply(
        &mut self,
        representation: &Representation<'_>,
        give: &mut impl FnMut(Field<'_>),
    ) -> Result<(), BlockError> {
        match representation {
            Representation::SizeUpdate(_) if self.begun => return Err(BlockError::LateSizeUpdate),
            Representation::SizeUpdate(size) => self.table.resize(*size),
            Representation::Indexed(index) => {
                self.begun = true;
                give(self.table.get(*index)?);
            }
            Representation::Literal {
                name,
                value,
                inserted,
            } => {
                self.begun = true;
                let name = match name {
                    Name::Indexed(index) => self.table.get(*index)?.name,
                    Name::Literal(text) => Some(decoded(*text, &mut self.name)?),
                };
                let value = decoded(*value, &mut self.value)?;
                give(Field {
                    name,
                    value: Some(value),
                });
                if *inserted {
                    let name = name.map(Box::from);
                    self.table.insert(name, value);
                }
            }
        }
        Ok(())
    }
}

impl Default for Decoder {
    fn default() -> Self {
        Self::new()
    }
}

fn decoded<'a>(text: Text<'a>, buffer: &'a mut Vec<u8>) -> Result<&'a [u8], BlockError> {
    if !text.is_huffman {
        return Ok(text.bytes);
    }
    buffer.clear();
    huffman::decode(text.bytes, buffer)?;
    Ok(buffer)
}

#[cfg(test)]
mod tests;
