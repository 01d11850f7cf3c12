//! The kernel and the machine.

use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use rustix::process::{Resource, getrlimit};

use super::finding::{Finding, Status};

/// The oldest kernel that the tests run on.
const OLDEST_TESTED: (u32, u32) = (6, 1);

/// From here on maps are charged to the memory cgroup instead of the process's limit.
const MEMLOCK_FREE: (u32, u32) = (5, 11);

/// The default ring of 64 MiB at most, and as much again for the other maps.
const MEMLOCK_ENOUGH: u64 = 128 * 1024 * 1024;

/// Debian's kernels add a level above the 2 of the mainline: nothing without CAP_SYS_ADMIN.
const PARANOID_LEVEL: i32 = 3;

pub(super) fn release() -> String {
    rustix::system::uname()
        .release()
        .to_string_lossy()
        .into_owned()
}

pub(super) fn kernel(release: &str) -> Finding {
    const NAME: &str = "kernel";
    match version(release) {
        Some(version) if version >= OLDEST_TESTED => Finding::new(NAME, Status::Works, release),
        // Distributions carry features back; the base tier's trial has the last word.
        _ => {
            let detail = format!("{release} is older than 6.1, the oldest that is tested");
            Finding::new(NAME, Status::Limited, detail)
        }
    }
}

pub(super) fn architecture(name: &str) -> Finding {
    let status = match name {
        "x86_64" | "aarch64" => Status::Works,
        _ => Status::Missing,
    };
    Finding::new("architecture", status, name)
}

pub(super) fn lockdown(sys: &Path) -> Finding {
    const NAME: &str = "lockdown";
    let security = sys.join("kernel/security");
    let error = match fs::read_to_string(security.join("lockdown")) {
        Ok(text) => return Finding::new(NAME, Status::Works, lockdown_mode(&text)),
        Err(error) => error,
    };
    let is_empty = fs::read_dir(&security).is_ok_and(|mut entries| entries.next().is_none());
    if error.kind() == ErrorKind::NotFound && !is_empty {
        return Finding::new(NAME, Status::Works, "not part of this kernel");
    }
    if is_empty {
        let detail = "not known: securityfs is not mounted";
        return Finding::new(NAME, Status::Limited, detail)
            .remedy("mount -t securityfs none /sys/kernel/security");
    }
    Finding::new(NAME, Status::Limited, format!("not known: {error}"))
}

pub(super) fn kernel_types(sys: &Path) -> Finding {
    const NAME: &str = "kernel types";
    let path = sys.join("kernel/btf/vmlinux");
    if path.exists() {
        return Finding::new(NAME, Status::Works, path.display().to_string());
    }
    let detail = format!("{} is absent; the base tier does without", path.display());
    Finding::new(NAME, Status::Limited, detail)
}

pub(super) fn perf_events() -> Finding {
    const NAME: &str = "perf events";
    let path = "/proc/sys/kernel/perf_event_paranoid";
    let level = fs::read_to_string(path)
        .ok()
        .and_then(|text| text.trim().parse::<i32>().ok());
    match level {
        Some(level) if level >= PARANOID_LEVEL => {
            let detail = format!(
                "perf_event_paranoid is {level}: uprobes, which read plaintext, need CAP_SYS_ADMIN"
            );
            Finding::new(NAME, Status::Limited, detail)
                .remedy("sysctl kernel.perf_event_paranoid=2")
        }
        Some(level) => Finding::new(
            NAME,
            Status::Works,
            format!("perf_event_paranoid is {level}"),
        ),
        None => Finding::new(
            NAME,
            Status::Limited,
            format!("not known: {path} cannot be read"),
        ),
    }
}

/// Nothing to say on kernels that do not charge maps to the process.
pub(super) fn locked_memory(release: &str) -> Option<Finding> {
    const NAME: &str = "locked memory";
    if version(release)? >= MEMLOCK_FREE {
        return None;
    }
    let limit = getrlimit(Resource::Memlock).current;
    let finding = match limit {
        None => Finding::new(NAME, Status::Works, "no limit"),
        Some(bytes) if bytes >= MEMLOCK_ENOUGH => {
            Finding::new(NAME, Status::Works, format!("limit is {bytes} bytes"))
        }
        Some(bytes) => {
            let detail =
                format!("limit is {bytes} bytes, and kernels before 5.11 charge the ring to it");
            Finding::new(NAME, Status::Limited, detail)
                .remedy("ulimit -l unlimited, LimitMEMLOCK=infinity, or CAP_SYS_RESOURCE")
        }
    };
    Some(finding)
}

/// The file lists the modes with the one in force in brackets.
fn lockdown_mode(text: &str) -> String {
    let mode = text
        .split_whitespace()
        .find_map(|mode| mode.strip_prefix('[')?.strip_suffix(']'));
    match mode {
        Some("confidentiality") => {
            "confidentiality: kernel memory cannot be read, and nothing here needs to".to_owned()
        }
        Some(mode) => mode.to_owned(),
        None => text.trim().to_owned(),
    }
}

fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{architecture, kernel, kernel_types, lockdown, lockdown_mode, locked_memory};
    use crate::doctor::Status;

    #[test]
    fn old_kernels_are_tried_and_not_trusted() {
        assert_eq!(kernel("6.18.3-cloud-amd64").status, Status::Works);
        assert_eq!(kernel("6.1.0-50-cloud-amd64").status, Status::Works);
        assert_eq!(kernel("5.10.0").status, Status::Limited);
        assert_eq!(kernel("4.18.0-553.el8_10.x86_64").status, Status::Limited);
        assert_eq!(kernel("strange").status, Status::Limited);
    }

    #[test]
    fn only_architectures_with_tests_work() {
        assert_eq!(architecture("aarch64").status, Status::Works);
        assert_eq!(architecture("riscv64").status, Status::Missing);
    }

    #[test]
    fn memory_is_only_locked_on_old_kernels() {
        assert!(locked_memory("5.10.262").is_some());
        assert_eq!(locked_memory("5.11.0"), None);
    }

    #[test]
    fn the_mode_in_force_is_the_one_in_brackets() {
        assert_eq!(
            lockdown_mode("none [integrity] confidentiality\n"),
            "integrity"
        );
        assert!(lockdown_mode("none integrity [confidentiality]").starts_with("confidentiality:"));
    }

    #[test]
    fn without_a_sys_nothing_is_claimed() {
        let nowhere = Path::new("/nowhere");
        assert_eq!(kernel_types(nowhere).status, Status::Limited);
        assert_eq!(lockdown(nowhere).detail, "not part of this kernel");
    }
}
