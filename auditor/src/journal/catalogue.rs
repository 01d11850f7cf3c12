//! Which segments there are.

use super::disk::{self, Disk, DiskFile as _};
use super::error::JournalError;
use super::header::{Beginning, Header, MAX_HEADER};

const SUFFIX: &str = ".segment";
const DIGITS: usize = 20;

/// A segment as its file shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) number: u64,
    pub(super) bytes: u64,
    /// `None` if it is damaged.
    pub(super) header: Option<Header>,
}

// === impl Entry ===

impl Entry {
    /// Where the first frame stands, or is looked for.
    pub(super) fn frames_at(&self) -> u64 {
        self.header.as_ref().map_or(0, Header::length)
    }
}

/// The segments in order of number, with their headers.
pub(super) fn catalogue(disk: &impl Disk) -> Result<Vec<Entry>, JournalError> {
    let names = disk.names();
    let names = names.map_err(JournalError::io("list", "the directory"))?;
    let mut numbers: Vec<_> = names.iter().filter_map(|name| number(name)).collect();
    numbers.sort_unstable();
    let entries = numbers.into_iter().map(|number| entry(disk, number));
    // Retention may have removed one meanwhile.
    entries.filter(|entry| !is_gone(entry)).collect()
}

/// Where each segment ends by what later headers say: 0 if it is none of the journal's, `u64::MAX`
/// if nobody says.
pub(super) fn ends(entries: &[Entry]) -> Vec<u64> {
    let mut ends = vec![u64::MAX; entries.len()];
    for (index, entry) in entries.iter().enumerate().rev() {
        let Some(header) = entry.header.as_ref().filter(|_| ends[index] != 0) else {
            continue;
        };
        for (end, before) in ends.iter_mut().zip(&entries[..index]) {
            if before.number == header.continues {
                *end = header.end;
            } else if before.number > header.continues {
                *end = 0;
            }
        }
    }
    ends
}

fn entry(disk: &impl Disk, number: u64) -> Result<Entry, JournalError> {
    let name = file_name(number);
    let file = disk.open(&name);
    let bytes = file.and_then(|file| file.length());
    let bytes = bytes.map_err(JournalError::io("open", &name))?;
    let first = disk::read(disk, &name, MAX_HEADER);
    let header = match Beginning::parse(&first.map_err(JournalError::io("read", &name))?) {
        Beginning::Version(version) => return Err(JournalError::Version { name, version }),
        // Under another's name it says nothing about this one.
        Beginning::Intact(header) if header.number == number => Some(header),
        Beginning::Intact(_) | Beginning::Damaged => None,
    };
    Ok(Entry {
        number,
        bytes,
        header,
    })
}

fn is_gone(entry: &Result<Entry, JournalError>) -> bool {
    let error = entry.as_ref().err();
    error.is_some_and(JournalError::is_not_found)
}

pub(super) fn file_name(number: u64) -> String {
    format!("{number:0DIGITS$}{SUFFIX}")
}

fn number(name: &str) -> Option<u64> {
    let digits = name.strip_suffix(SUFFIX)?;
    let all = digits.len() == DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
    digits.parse().ok().filter(|_| all)
}

#[cfg(test)]
mod tests {
    use super::{file_name, number};

    #[test]
    fn names_are_numbers_and_other_names_are_none() {
        for n in [0, 7, u64::MAX] {
            assert_eq!(number(&file_name(n)), Some(n));
        }
        for name in [
            "1.segment",
            "key",
            "0000000000000000000a.segment",
            ".segment",
        ] {
            assert_eq!(number(name), None, "{name}");
        }
    }
}
