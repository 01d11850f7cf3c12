//! The dynamic table (RFC 7541, section 2.3.2), as far as it was seen being filled.

use std::collections::VecDeque;

use super::{BlockError, Field, static_table::STATIC_TABLE};

/// Size of a table until it is changed (RFC 9113, section 6.5.2).
const INITIAL_LIMIT: u64 = 4096;
/// What an entry counts beside its name and value (RFC 7541, section 4.1).
const ENTRY_OVERHEAD: u64 = 32;
/// Entries kept, counted as above. A peer may allow any size; older entries are then not known.
/// The memory they take is at most three times that.
const MAX_KEPT: u64 = 64 * 1024;

#[derive(Debug)]
struct Entry {
    name: Option<Box<[u8]>>,
    value: Box<[u8]>,
    /// Without a name that is not known.
    size: u64,
}

/// The newest entries of a peer's table.
#[derive(Debug)]
pub(super) struct Table {
    /// Newest first.
    entries: VecDeque<Entry>,
    /// They take at least so much in the peer's table.
    size: u64,
    /// What the peer's table may take, if it is known.
    limit: Option<u64>,
    /// The peer's table holds nothing older.
    is_whole: bool,
}

impl Table {
    /// A table at the beginning of its connection.
    pub(super) fn new() -> Self {
        Self {
            entries: VecDeque::new(),
            size: 0,
            limit: Some(INITIAL_LIMIT),
            is_whole: true,
        }
    }

    /// A table that may hold anything.
    pub(super) fn unknown() -> Self {
        Self {
            limit: None,
            is_whole: false,
            ..Self::new()
        }
    }

    /// The entry with an index, static ones first; without what is not known of it.
    pub(super) fn get(&self, index: u64) -> Result<Field<'_>, BlockError> {
        let at = usize::try_from(index).map_err(|_| BlockError::Index)?;
        let at = at.checked_sub(1).ok_or(BlockError::Index)?;
        if let Some((name, value)) = STATIC_TABLE.get(at) {
            return Ok(Field {
                name: Some(name),
                value: Some(value),
            });
        }
        match self.entries.get(at - STATIC_TABLE.len()) {
            Some(entry) => Ok(Field {
                name: entry.name.as_deref(),
                value: Some(&entry.value),
            }),
            None if self.is_whole => Err(BlockError::Index),
            None => Ok(Field {
                name: None,
                value: None,
            }),
        }
    }

    /// Adds an entry. One whose name is not known keeps the places of the others right. One that is
    /// larger than the table empties it; where that is not known the entry takes a place that no
    /// index can mean, because nothing older is left.
    pub(super) fn insert(&mut self, name: Option<Box<[u8]>>, value: &[u8]) {
        let named = name.as_ref().map_or(0, |name| name.len());
        let size = ENTRY_OVERHEAD + (named + value.len()) as u64;
        self.entries.push_front(Entry {
            name,
            value: value.into(),
            size,
        });
        self.size += size;
        self.evict();
    }

    /// The peer's table may take so much from now on.
    pub(super) fn resize(&mut self, limit: u64) {
        self.limit = Some(limit);
        // An empty table has no secrets.
        self.is_whole |= limit < ENTRY_OVERHEAD;
        self.evict();
    }

    #[cfg(test)]
    pub(super) fn size(&self) -> u64 {
        self.size
    }

    fn evict(&mut self) {
        // What the kept entries push out was the oldest that there was.
        while self.limit.is_some_and(|limit| self.size > limit) {
            self.drop_oldest();
            self.is_whole = true;
        }
        while self.size > MAX_KEPT {
            self.drop_oldest();
            self.is_whole = false;
        }
    }

    fn drop_oldest(&mut self) {
        if let Some(oldest) = self.entries.pop_back() {
            self.size -= oldest.size;
        }
    }
}
