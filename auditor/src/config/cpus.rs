//! How many CPUs write to the ring.

use std::{fs, thread};

/// CPUs of the node that are online. A quota of this process does not count: the kernel programs
/// run wherever the traffic does.
pub(super) fn online() -> u32 {
    fs::read_to_string("/sys/devices/system/cpu/online")
        .ok()
        .and_then(|list| count(list.trim()))
        .unwrap_or_else(|| thread::available_parallelism().map_or(1, |cpus| cpus.get() as u32))
}

/// Counts a list such as `0-3,8`.
fn count(list: &str) -> Option<u32> {
    list.split(',').try_fold(0_u32, |sum, range| {
        let (first, last) = range.split_once('-').unwrap_or((range, range));
        let (first, last): (u32, u32) = (first.parse().ok()?, last.parse().ok()?);
        sum.checked_add(last.checked_sub(first)?.checked_add(1)?)
    })
}

#[cfg(test)]
mod tests {
    use super::{count, online};

    #[test]
    fn lists_are_counted() {
        assert_eq!(count("0"), Some(1));
        assert_eq!(count("0-3,8,10-11"), Some(7));
        assert_eq!(count(""), None);
        assert_eq!(count("3-1"), None);
    }

    #[test]
    fn this_machine_has_a_cpu() {
        assert!(online() >= 1);
    }
}
