//! Real pods: containerd with its CRI plugin, runc or crun, and a CNI bridge, and the auditor beside them.
//! Needs root; the tests run one at a time, because the kernel programs are attached to the whole
//! machine.

#![forbid(unsafe_code)]

#[expect(dead_code, reason = "the end-to-end tests use the rest of it")]
#[path = "../e2e/support"]
mod support {
    pub(crate) mod auditor;
    pub(crate) mod kernel;
    pub(crate) mod process;
    pub(crate) mod record;
    pub(crate) mod temp;
    pub(crate) mod until;
}

mod labels;
mod lifetimes;
mod places;
mod probes;
mod rig;
mod runtime;
mod shipped;
mod sides;
