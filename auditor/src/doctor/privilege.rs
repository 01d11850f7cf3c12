//! What this process is allowed to do, and which processes it can see.

use std::fs;
use std::path::Path;

use super::finding::{Finding, Status};

/// Inodes of the initial namespaces; part of the kernel's interface.
const INITIAL_PID_NAMESPACE: &str = "pid:[4026531836]";
const INITIAL_USER_NAMESPACE: &str = "user:[4026531837]";

const LEAVE_NAMESPACE: &str =
    "run outside user namespaces: not in a rootless container, and with hostUsers: true in a pod";

const SYS_ADMIN: u32 = 21;

/// In the order in which they are asked for.
const NEEDED: [Capability; 5] = [
    Capability {
        name: "CAP_BPF",
        number: 39,
        serves: Use::BaseTier("load programs"),
        by_sys_admin: true,
    },
    Capability {
        name: "CAP_NET_ADMIN",
        number: 12,
        serves: Use::BaseTier("attach programs to control groups"),
        by_sys_admin: false,
    },
    Capability {
        name: "CAP_PERFMON",
        number: 38,
        // Without it the verifier treats the programs as an unprivileged user's and refuses the
        // pointer arithmetic of ordinary loops.
        serves: Use::BaseTier("have pointer arithmetic verified"),
        by_sys_admin: true,
    },
    Capability {
        name: "CAP_SYS_PTRACE",
        number: 19,
        serves: Use::Processes("processes of other users"),
        by_sys_admin: false,
    },
    Capability {
        name: "CAP_DAC_READ_SEARCH",
        number: 2,
        serves: Use::Processes("names of control groups, and files of other users"),
        by_sys_admin: false,
    },
];

struct Capability {
    name: &'static str,
    number: u32,
    serves: Use,
    /// Whether CAP_SYS_ADMIN does as well, on every supported kernel.
    by_sys_admin: bool,
}

#[derive(Clone, Copy)]
enum Use {
    BaseTier(&'static str),
    /// Without it, who opened some of the connections is not known.
    Processes(&'static str),
}

/// The effective capabilities, and whether they count for the node.
pub(super) struct Privileges {
    effective: u64,
    in_user_namespace: bool,
}

// === impl Capability ===

impl Capability {
    fn is_in(&self, set: u64) -> bool {
        let has = |number: u32| set & (1 << number) != 0;
        has(self.number) || self.by_sys_admin && has(SYS_ADMIN)
    }

    fn is_for_base_tier(&self) -> bool {
        matches!(self.serves, Use::BaseTier(_))
    }

    fn shown(&self) -> String {
        let (Use::BaseTier(purpose) | Use::Processes(purpose)) = self.serves;
        format!("{} ({purpose})", self.name)
    }
}

// === impl Privileges ===

impl Privileges {
    pub(super) fn of_this_process() -> Self {
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        let namespace = fs::read_link("/proc/self/ns/user");
        Self {
            effective: effective(&status),
            in_user_namespace: namespace
                .is_ok_and(|link| link.as_os_str() != INITIAL_USER_NAMESPACE),
        }
    }

    pub(super) fn capabilities(&self) -> Finding {
        const NAME: &str = "capabilities";
        let missing: Vec<&Capability> = self.missing().collect();
        if self.in_user_namespace {
            let detail = "held in a user namespace, where they do not count for the node";
            return Finding::new(NAME, Status::Missing, detail).remedy(LEAVE_NAMESPACE);
        }
        if missing.is_empty() {
            return Finding::new(NAME, Status::Works, "all that is needed");
        }
        let status = if missing
            .iter()
            .any(|capability| capability.is_for_base_tier())
        {
            Status::Missing
        } else {
            Status::Limited
        };
        let shown: Vec<String> = missing
            .iter()
            .map(|capability| capability.shown())
            .collect();
        Finding::new(NAME, status, format!("missing {}", shown.join(", "))).remedy(
            "run as root, or grant them: AmbientCapabilities= in a systemd unit, \
             securityContext.capabilities.add in a pod",
        )
    }

    /// What would give this process what the base tier needs; `None` if it has all.
    pub(super) fn base_tier_remedy(&self) -> Option<String> {
        if self.in_user_namespace {
            return Some(LEAVE_NAMESPACE.to_owned());
        }
        let missing: Vec<String> = self
            .missing()
            .filter(|capability| capability.is_for_base_tier())
            .map(Capability::shown)
            .collect();
        (!missing.is_empty()).then(|| format!("run as root, or grant {}", missing.join(", ")))
    }

    /// What keeps some processes from being named; empty if nothing does.
    pub(super) fn missing_for_processes(&self) -> Vec<String> {
        self.missing()
            .filter(|capability| !capability.is_for_base_tier())
            .map(Capability::shown)
            .collect()
    }

    fn missing(&self) -> impl Iterator<Item = &'static Capability> {
        NEEDED
            .iter()
            .filter(|capability| !capability.is_in(self.effective))
    }
}

/// Whether the node's processes are seen: they name what opened a connection.
pub(super) fn processes(proc: &Path) -> Finding {
    const NAME: &str = "processes";
    let is_initial = |process: &str| {
        fs::read_link(proc.join(process).join("ns/pid"))
            .is_ok_and(|link| link.as_os_str() == INITIAL_PID_NAMESPACE)
    };
    if is_initial("self") || is_initial("1") {
        let detail = format!("those of the whole node, by {}", proc.display());
        return Finding::new(NAME, Status::Works, detail);
    }
    let detail = format!(
        "{} shows those of a container only; others stay without a name",
        proc.display()
    );
    Finding::new(NAME, Status::Limited, detail)
        .remedy("hostPID: true, or mount the node's /proc and name it by HOST_PROC")
}

fn effective(status: &str) -> u64 {
    status
        .lines()
        .find_map(|line| line.strip_prefix("CapEff:"))
        .and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::{Privileges, SYS_ADMIN, effective};
    use crate::doctor::Status;

    fn with(effective: u64) -> Privileges {
        Privileges {
            effective,
            in_user_namespace: false,
        }
    }

    #[test]
    fn the_set_is_read_from_the_status_file() {
        let status = "CapPrm:\t0000000000000001\nCapEff:\t000001fffeffffff\n";
        assert_eq!(effective(status), 0x1ff_feff_ffff);
        assert_eq!(effective("Name:\tauditor\n"), 0);
    }

    #[test]
    fn what_is_missing_is_named_with_its_use() {
        let none = with(0).capabilities();
        assert_eq!(none.status, Status::Missing);
        assert!(
            none.detail
                .contains("CAP_BPF (load programs), CAP_NET_ADMIN")
        );
        assert!(none.remedy.is_some());
        assert_eq!(
            with(0).base_tier_remedy().as_deref(),
            Some(
                "run as root, or grant CAP_BPF (load programs), CAP_NET_ADMIN (attach programs to \
                 control groups), CAP_PERFMON (have pointer arithmetic verified)"
            )
        );
        assert_eq!(with(u64::MAX).base_tier_remedy(), None);
        assert_eq!(with(u64::MAX).capabilities().status, Status::Works);
    }

    #[test]
    fn the_old_capability_stands_for_the_newer_ones_only() {
        let admin = with(1 << SYS_ADMIN);
        assert_eq!(
            admin.base_tier_remedy().as_deref(),
            Some("run as root, or grant CAP_NET_ADMIN (attach programs to control groups)")
        );
        let finding = with(1 << SYS_ADMIN | 1 << 12).capabilities();
        assert_eq!(finding.status, Status::Limited);
        let for_processes = with(1 << SYS_ADMIN | 1 << 12).missing_for_processes();
        assert_eq!(for_processes.len(), 2, "{for_processes:?}");
        assert!(
            !finding.detail.contains("CAP_PERFMON"),
            "{}",
            finding.detail
        );
        assert!(
            finding.detail.contains("CAP_SYS_PTRACE"),
            "{}",
            finding.detail
        );
    }

    #[test]
    fn a_user_namespace_takes_the_worth_of_all() {
        let inside = Privileges {
            effective: u64::MAX,
            in_user_namespace: true,
        };
        assert_eq!(inside.capabilities().status, Status::Missing);
        assert!(
            inside
                .base_tier_remedy()
                .is_some_and(|remedy| remedy.contains("user namespaces"))
        );
    }
}
