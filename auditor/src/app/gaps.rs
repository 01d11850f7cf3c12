//! What this run will not see, told in the log and in every record of coverage.

use super::plaintext::Tap;
use crate::{
    doctor,
    kernel::{CgroupRoot, ExistingConnections},
};

/// The words for it.
pub(super) fn gaps(
    root: &CgroupRoot,
    existing: &ExistingConnections,
    tap: &Tap,
) -> Vec<&'static str> {
    let mut gaps = match tap {
        Tap::Base(_) | Tap::Refused(_) => vec!["tls_plaintext"],
        Tap::Plaintext { .. } => vec!["tls_plaintext_of_other_libraries"],
    };
    if !root.is_host_root() {
        gaps.push("other_control_groups");
        tracing::warn!("only a part of the node's cgroups is visible here: the rest goes unseen");
    }
    let missing = doctor::missing_for_processes();
    if !missing.is_empty() {
        gaps.push("processes_of_others");
        tracing::warn!(
            missing = missing.join(", "),
            "some processes can't be looked at: who opened their connections is not recorded"
        );
    }
    if existing.unseen_namespaces > 0 {
        gaps.push("open_connections_elsewhere");
        tracing::warn!(
            namespaces = existing.unseen_namespaces,
            "open connections of these can't be listed (needs CAP_SYS_ADMIN): they are told when \
             they speak"
        );
    }
    gaps
}
