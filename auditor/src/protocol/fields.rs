//! The header fields of a head.

use std::ops::Range;

use smallvec::SmallVec;

use super::head::MAX_HEAD;

/// Most heads have no more; those that do take an allocation for it.
const USUAL: usize = 12;

/// Fields in their order, as places in the bytes of their head.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Fields {
    list: SmallVec<[Field; USUAL]>,
    names: Names,
}

/// Name and value of a field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Field {
    name: Place,
    value: Place,
}

/// A part of a head, which is never longer than that.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Place {
    start: u16,
    end: u16,
}

const _: () = assert!(MAX_HEAD < u16::MAX as usize);

/// What names there may be. Two dozen are asked for of each head, and most of them are not there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Names(u64);

// === impl Fields ===

impl Fields {
    /// Adds a field whose name and value stand there in `bytes`.
    pub(super) fn push(&mut self, bytes: &[u8], name: Range<u32>, value: Range<u32>) {
        let field = Field {
            name: Place::of(name),
            value: Place::of(value),
        };
        self.names.add(field.name.within(bytes));
        self.list.push(field);
    }

    /// The value of the last field goes on there; false if there is none.
    pub(super) fn fold(&mut self, more: Range<u32>) -> bool {
        let Some(field) = self.list.last_mut() else {
            return false;
        };
        let more = Place::of(more);
        if more.start < more.end {
            if field.value.start == field.value.end {
                field.value.start = more.start;
            }
            field.value.end = more.end;
        }
        true
    }

    pub(super) fn len(&self) -> usize {
        self.list.len()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// Bytes of memory beside itself.
    pub(super) fn footprint(&self) -> usize {
        if self.list.spilled() {
            self.list.capacity() * size_of::<Field>()
        } else {
            0
        }
    }

    pub(super) fn values<'a>(
        &'a self,
        bytes: &'a [u8],
        name: &'a str,
    ) -> impl Iterator<Item = &'a [u8]> {
        let name = name.as_bytes();
        let list = if self.names.may_hold(name) {
            self.list.as_slice()
        } else {
            &[]
        };
        list.iter()
            .filter(move |field| field.name.within(bytes).eq_ignore_ascii_case(name))
            .map(move |field| field.value.within(bytes))
    }

    pub(super) fn iter<'a>(
        &'a self,
        bytes: &'a [u8],
    ) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
        self.list
            .iter()
            .map(move |field| (field.name.within(bytes), field.value.within(bytes)))
    }
}

// === impl Place ===

impl Place {
    fn of(range: Range<u32>) -> Self {
        Self {
            start: range.start as u16,
            end: range.end as u16,
        }
    }

    fn within(self, bytes: &[u8]) -> &[u8] {
        let range = usize::from(self.start)..usize::from(self.end);
        bytes.get(range).unwrap_or_default()
    }
}

// === impl Names ===

impl Names {
    fn add(&mut self, name: &[u8]) {
        self.0 |= Self::bit(name);
    }

    fn may_hold(self, name: &[u8]) -> bool {
        self.0 & Self::bit(name) != 0
    }

    /// Equal for names that are equal but for their case.
    fn bit(name: &[u8]) -> u64 {
        let first = name.first().map_or(0, u8::to_ascii_lowercase);
        1 << ((usize::from(first) + 7 * name.len()) % 64)
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;

    #[test]
    fn names_are_found_in_any_case_and_only_they() {
        let bytes = b"HostABhostCX-Request-Id7";
        let mut fields = Fields::default();
        for (name, value) in [(0..4, 4..6), (6..10, 10..11), (11..23, 23..24)] {
            fields.push(bytes, name, value);
        }
        let values = |name| fields.values(bytes, name).collect::<Vec<_>>();
        assert_eq!(values("host"), [b"AB".as_slice(), b"C"]);
        assert_eq!(values("x-request-id"), [b"7"]);
        assert!(values("hos").is_empty() && values("cookie").is_empty());
        assert_eq!(fields.iter(bytes).count(), 3);
    }

    #[test]
    fn a_folded_line_goes_on_with_the_value_before() {
        let bytes = b"a  one two";
        let mut fields = Fields::default();
        assert!(!fields.fold(3..6));
        fields.push(bytes, 0..1, 2..2);
        assert!(fields.fold(3..6) && fields.fold(6..6) && fields.fold(7..10));
        assert!(fields.values(bytes, "a").eq([b"one two".as_slice()]));
    }
}
