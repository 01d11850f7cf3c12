//! What this node can and cannot capture, and why.
//!
//! The base tier is not judged by versions and flags: its programs are loaded and attached for a
//! moment. Everything else explains the outcome.

#![forbid(unsafe_code)]

mod cgroup;
mod finding;
mod node;
mod privilege;
mod report;
mod tier;
mod tls;

use std::error::Error;
use std::path::{Path, PathBuf};

pub use finding::{Finding, Status};
pub use report::{Form, Report};
pub use tls::{Library, TlsLibraries};

use crate::kernel::CgroupRoot;
use privilege::Privileges;

/// Examines this node; `proc_root` is its `/proc` where that is mounted elsewhere.
pub fn examine(proc_root: Option<PathBuf>) -> Report {
    let proc = proc_root.unwrap_or_else(|| PathBuf::from("/proc"));
    let sys = Path::new("/sys");
    let release = node::release();
    let privileges = Privileges::of_this_process();
    let root = CgroupRoot::find();
    let mut findings = vec![
        node::kernel(&release),
        node::architecture(std::env::consts::ARCH),
        node::lockdown(sys),
        node::kernel_types(sys),
        cgroup::finding(root.as_ref().ok()),
        privileges.capabilities(),
        privilege::processes(&proc),
        node::perf_events(),
    ];
    findings.extend(node::locked_memory(&release));
    findings.push(tier::plaintext(root.as_ref().ok()));
    let (base_tier, programs) = tier::base(root, &privileges);
    Report {
        base_tier,
        findings,
        programs,
        tls_libraries: TlsLibraries::in_use(&proc),
    }
}

/// What to do about a failure to load or attach, where it is a matter of privilege.
pub fn remedy(error: &(dyn Error + 'static)) -> Option<String> {
    tier::remedy(error, &Privileges::of_this_process())
}

/// Capabilities without which some processes stay without a name, with their use.
pub fn missing_for_processes() -> Vec<String> {
    Privileges::of_this_process().missing_for_processes()
}
