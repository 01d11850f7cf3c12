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
    /// The boot.
    boot: Box<str>,
    /// The boot and the beginning of this daemon, milliseconds since then.
    run: Box<str>,
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
        let run = format!("{boot}-{:x}", Clock::boot_now() / NS_PER_MS);
        Ok(Self {
            boot: boot.into(),
            run: run.into(),
        })
    }

    /// Appends the id of a connection.
    pub fn connection(&self, cookie: u64, to: &mut String) {
        to.push_str(&self.boot);
        push_hex(to, cookie);
    }

    /// Appends what the ids of all records of a connection begin with.
    pub fn records(&self, cookie: u64, to: &mut String) {
        to.push_str(&self.run);
        push_hex(to, cookie);
    }

    /// Appends the id of exchange `number` on a connection.
    pub fn exchange(&self, cookie: u64, number: u32, to: &mut String) {
        self.records(cookie, to);
        push_hex(to, u64::from(number));
    }

    /// Appends what tells the records of one interaction apart, if it is not its end.
    pub fn part(phase: Phase, number: u32, to: &mut String) {
        match phase {
            Phase::Start => to.push_str("-start"),
            Phase::Periodic => {
                push_hex(to, u64::from(number));
                to.push('p');
            }
            Phase::End => {}
        }
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

/// Appends `-` and a number in hexadecimal, without the cost of the general way: two of these are
/// in every record.
fn push_hex(to: &mut String, number: u64) {
    to.push('-');
    let digits = (u64::BITS - number.leading_zeros()).div_ceil(4).max(1);
    for n in (0..digits).rev() {
        let digit = (number >> (4 * n)) as u32 & 15;
        to.push(char::from_digit(digit, 16).unwrap_or('0'));
    }
}

#[cfg(test)]
mod tests {
    use super::push_hex;

    #[test]
    fn numbers_are_as_the_standard_library_writes_them() {
        for number in [0, 1, 9, 15, 16, 0x1729_f4ab, u64::from(u32::MAX), u64::MAX] {
            let mut text = String::new();
            push_hex(&mut text, number);
            assert_eq!(text, format!("-{number:x}"));
        }
    }
}
