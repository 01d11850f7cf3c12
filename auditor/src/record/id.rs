//! Stable identifiers.

use std::{fs, io, path::Path};

use super::Phase;
use crate::clock::Clock;

/// Two daemons on a node never begin within one.
const NS_PER_MS: u64 = 1_000_000;

/// Makes identifiers that are unique over boots and nodes: the kernel's boot id, then the socket
/// cookie, which the kernel never gives twice in one boot.
///
/// Those of records also have when the daemon began: the next one counts the exchanges of a
/// connection that is still open from zero. What is delivered twice is the same stored record.
#[derive(Clone, Debug)]
pub struct RecordIds {
    boot: Box<str>,
    /// The beginning of this daemon, milliseconds since the boot.
    run: u64,
}

impl RecordIds {
    /// Reads the boot id below `proc`, for a daemon that begins now.
    pub fn read(proc: &Path) -> io::Result<Self> {
        let text = fs::read_to_string(proc.join("sys/kernel/random/boot_id"))?;
        let boot: String = text
            .chars()
            .filter(char::is_ascii_hexdigit)
            .take(16)
            .collect();
        Ok(Self {
            boot: boot.into(),
            run: Clock::boot_now() / NS_PER_MS,
        })
    }

    /// Appends the id of a connection.
    pub fn connection(&self, cookie: u64, to: &mut String) {
        use std::fmt::Write as _;
        let _ = write!(to, "{}-{cookie:x}", self.boot);
    }

    /// Appends what the ids of all records of a connection begin with.
    pub fn records(&self, cookie: u64, to: &mut String) {
        use std::fmt::Write as _;
        let _ = write!(to, "{}-{:x}-{cookie:x}", self.boot, self.run);
    }

    /// Appends the id of exchange `number` on a connection.
    pub fn exchange(&self, cookie: u64, number: u32, to: &mut String) {
        use std::fmt::Write as _;
        self.records(cookie, to);
        let _ = write!(to, "-{number:x}");
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
        self.records(cookie, to);
        to.push_str("-open");
    }

    /// Appends the id of the close of a connection.
    pub fn close(&self, cookie: u64, to: &mut String) {
        self.records(cookie, to);
        to.push_str("-close");
    }

    /// Appends the id of a record about the node itself, by the time it tells of.
    pub fn node(&self, what: &str, boot_ns: u64, number: u64, to: &mut String) {
        use std::fmt::Write as _;
        let _ = write!(to, "{}-{what}-{boot_ns:x}-{number:x}", self.boot);
    }
}
