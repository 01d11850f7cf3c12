//! Stable identifiers.

use std::{fs, io, path::Path};

use super::Phase;

/// Makes identifiers that are unique over boots and nodes: the kernel's boot id, then the socket
/// cookie, which the kernel never gives twice in one boot.
#[derive(Clone, Debug)]
pub struct RecordIds {
    boot: Box<str>,
}

impl RecordIds {
    /// Reads the boot id below `proc`.
    pub fn read(proc: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(proc.join("sys/kernel/random/boot_id"))?;
        let boot: String = text
            .chars()
            .filter(char::is_ascii_hexdigit)
            .take(16)
            .collect();
        Ok(Self { boot: boot.into() })
    }

    /// Appends the id of a connection.
    pub fn connection(&self, cookie: u64, to: &mut String) {
        use std::fmt::Write as _;
        let _ = write!(to, "{}-{cookie:x}", self.boot);
    }

    /// Appends the id of exchange `number` on a connection.
    pub fn exchange(&self, cookie: u64, number: u32, to: &mut String) {
        use std::fmt::Write as _;
        let _ = write!(to, "{}-{cookie:x}-{number:x}", self.boot);
    }

    /// Appends what tells the records of one interaction apart, if it is not its end.
    pub fn part(phase: Phase, number: u32, to: &mut String) {
        use std::fmt::Write as _;
        let _ = match phase {
            Phase::Start => write!(to, "-start"),
            Phase::Periodic => write!(to, "-{number:x}p"),
            Phase::End => Ok(()),
        };
    }

    /// Appends the id of the opening of a connection.
    pub fn open(&self, cookie: u64, to: &mut String) {
        use std::fmt::Write as _;
        let _ = write!(to, "{}-{cookie:x}-open", self.boot);
    }

    /// Appends the id of the close of a connection.
    pub fn close(&self, cookie: u64, to: &mut String) {
        use std::fmt::Write as _;
        let _ = write!(to, "{}-{cookie:x}-close", self.boot);
    }

    /// Appends the id of a record about the node itself, by the time it tells of.
    pub fn node(&self, what: &str, boot_ns: u64, number: u64, to: &mut String) {
        use std::fmt::Write as _;
        let _ = write!(to, "{}-{what}-{boot_ns:x}-{number:x}", self.boot);
    }
}
