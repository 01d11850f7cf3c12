//! A kernel and the circumstances that the auditor meets on it.

use super::architecture::Architecture;

/// What is expected of the base tier.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    Works,
    /// The reason that the auditor gives.
    Refused(&'static str),
}

pub(crate) struct Scene {
    pub(crate) name: &'static str,
    /// Of Debian; its newest kernel is taken.
    pub(crate) suite: &'static str,
    pub(crate) architecture: Architecture,
    /// On the kernel's command line; what the kernel does not know is a variable in the guest.
    pub(crate) words: &'static str,
    pub(crate) outcome: Outcome,
    /// What a finding of `auditor doctor` says, by its name.
    pub(crate) findings: &'static [(&'static str, &'static str)],
    /// Also part of `cargo xtask test`.
    pub(crate) is_short: bool,
}

const PLAIN: &[(&str, &str)] = &[
    ("control groups", "unified; version 2 at /sys/fs/cgroup"),
    ("lockdown", "none"),
    ("kernel types", "/sys/kernel/btf/vmlinux"),
];

pub(crate) const ALL: &[Scene] = &[
    Scene {
        name: "5.10",
        suite: "bullseye",
        architecture: Architecture::Amd64,
        words: "",
        outcome: Outcome::Refused(
            "this kernel has no helper bpf_get_netns_cookie for this kind of program; the auditor \
             needs Linux 5.17 or later",
        ),
        findings: &[("kernel", "is older than 6.1, the oldest that is tested")],
        is_short: false,
    },
    Scene {
        name: "6.1",
        suite: "bookworm",
        architecture: Architecture::Amd64,
        words: "",
        outcome: Outcome::Works,
        findings: PLAIN,
        is_short: true,
    },
    Scene {
        name: "6.12",
        suite: "trixie",
        architecture: Architecture::Amd64,
        words: "",
        outcome: Outcome::Works,
        findings: PLAIN,
        is_short: false,
    },
    Scene {
        name: "6.12-integrity",
        suite: "trixie",
        architecture: Architecture::Amd64,
        words: "lockdown=integrity",
        outcome: Outcome::Works,
        findings: &[("lockdown", "integrity")],
        is_short: false,
    },
    Scene {
        name: "6.12-confidentiality",
        suite: "trixie",
        architecture: Architecture::Amd64,
        words: "lockdown=confidentiality",
        outcome: Outcome::Works,
        findings: &[("lockdown", "confidentiality: kernel memory cannot be read")],
        is_short: false,
    },
    Scene {
        name: "6.12-no-types",
        suite: "trixie",
        architecture: Architecture::Amd64,
        words: "hide_types=1",
        outcome: Outcome::Works,
        findings: &[("kernel types", "is absent; the base tier does without")],
        is_short: false,
    },
    Scene {
        name: "newest",
        suite: "sid",
        architecture: Architecture::Amd64,
        words: "",
        outcome: Outcome::Works,
        findings: PLAIN,
        is_short: false,
    },
    Scene {
        name: "6.12-arm64",
        suite: "trixie",
        architecture: Architecture::Arm64,
        words: "",
        outcome: Outcome::Works,
        findings: PLAIN,
        is_short: false,
    },
];
