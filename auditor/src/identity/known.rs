//! A fact, or the reason why there is none.

use std::io;

use rustix::io::Errno;

/// An `Option` whose absence is accounted for: a record never says "unknown", it says why.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Known<T> {
    Value(T),
    Absent(Why),
}

/// Why a fact is absent; `as_str` is the value of `auditor.identity.reason`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    /// The kernel named no cgroup for the socket.
    NotInACgroup,
    /// The cgroup was removed before its path was read.
    CgroupGone,
    /// The cgroup lies outside the part of the hierarchy that is mounted here.
    CgroupOutOfView,
    /// The process is only placed in cgroup-v1 hierarchies, which packets do not carry.
    CgroupV1Only,
    /// The kernel named no process for the socket.
    NoProcess,
    /// The process was gone before it was looked up.
    ExitedBeforeLookup,
    /// Another process has the pid now.
    PidReused,
    /// The process has no executable file: a kernel thread or a zombie.
    NoExecutable,
    /// `/proc` shows another pid namespace than the one the kernel reports pids of.
    ForeignPidNamespace,
    /// The cgroup belongs to a pod, but to none of its containers.
    NotInAContainer,
    /// Nothing listened at the address when the auditor started.
    NoListener,
    /// Several owners fit and nothing tells them apart.
    Ambiguous,
    /// The API server has not told of it so far.
    NotYetKnown,
    /// The API server could not be asked at the time.
    KubernetesAway,
    /// The container runtime could not be asked at the time.
    RuntimeAway,
    /// The pod's owner was deleted before it could say who owns it.
    OwnerGone,
    /// Addresses of other nodes are not looked up.
    PeersNotWatched,
    /// The index of the cluster was full.
    IndexFull,
    /// The node has no such identifier.
    NotConfigured,
    PermissionDenied,
    /// The look-up could not be made this time: too many open files, or the last one too recent.
    LookupFailed,
}

impl Why {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NotInACgroup => "not_in_a_cgroup",
            Self::CgroupGone => "cgroup_gone",
            Self::CgroupOutOfView => "cgroup_out_of_view",
            Self::CgroupV1Only => "cgroup_v1_only",
            Self::NoProcess => "no_process",
            Self::ExitedBeforeLookup => "exited_before_lookup",
            Self::PidReused => "pid_reused",
            Self::NoExecutable => "no_executable",
            Self::ForeignPidNamespace => "foreign_pid_namespace",
            Self::NotInAContainer => "not_in_a_container",
            Self::NoListener => "no_listener",
            Self::Ambiguous => "ambiguous",
            Self::NotYetKnown => "not_yet_known",
            Self::KubernetesAway => "kubernetes_away",
            Self::RuntimeAway => "runtime_away",
            Self::OwnerGone => "owner_gone",
            Self::PeersNotWatched => "peers_not_watched",
            Self::IndexFull => "index_full",
            Self::NotConfigured => "not_configured",
            Self::PermissionDenied => "permission_denied",
            Self::LookupFailed => "lookup_failed",
        }
    }
}

impl From<&io::Error> for Why {
    /// What an error of a file under `/proc/PID` means.
    fn from(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::PermissionDenied => Self::PermissionDenied,
            io::ErrorKind::NotFound => Self::ExitedBeforeLookup,
            // A process that ends between open and read.
            _ if error.raw_os_error() == Some(Errno::SRCH.raw_os_error()) => {
                Self::ExitedBeforeLookup
            }
            _ => Self::LookupFailed,
        }
    }
}

impl<T> Known<T> {
    pub fn value(&self) -> Option<&T> {
        match self {
            Self::Value(value) => Some(value),
            Self::Absent(_) => None,
        }
    }

    pub fn why(&self) -> Option<Why> {
        match self {
            Self::Value(_) => None,
            Self::Absent(why) => Some(*why),
        }
    }

    pub fn from_option(option: Option<T>, why: Why) -> Self {
        option.map_or(Self::Absent(why), Self::Value)
    }
}
