//! A node in small: a container runtime with pods on a bridge. All of it is gone with the rig, also
//! when a test fails.

mod bridge;
mod bundle;
mod containerd;
mod control_group;
mod cri;
mod image;
mod manifest;
mod pod;
mod server;
mod wire;

use std::cell::RefCell;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::support::auditor::Auditor;
use crate::support::temp::TempDir;
use bridge::Bridge;
pub(crate) use bridge::GATEWAY;
use containerd::{Containerd, Mounts};
use control_group::ControlGroup;
use cri::Cri;
pub(crate) use pod::{NAMESPACE, Pod, PodPlan};
pub(crate) use server::{PORT, Server, ab, ab_as, serve};

/// Addresses that pods may have, where a test does not need them to run out.
const ADDRESSES: u8 = 100;

/// Fields are dropped in this order.
pub(crate) struct Rig {
    cri: RefCell<Cri>,
    containerd: RefCell<Containerd>,
    /// Everything that runs in the rig, and what is left of it when containerd has ended.
    group: ControlGroup,
    mounts: Mounts,
    bridge: Bridge,
    folder: TempDir,
}

impl Rig {
    pub(crate) fn start() -> Self {
        Self::start_with(ADDRESSES)
    }

    /// With so many addresses for pods: the next pod gets the one that was freed last.
    pub(crate) fn start_with(addresses: u8) -> Self {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("adt{}x{number}", std::process::id());
        let folder = TempDir::new();
        let bridge = Bridge::new(&name, addresses, &folder);
        let group = ControlGroup::new(&name);
        server::write_configuration(&folder);
        let mounts = Mounts::new(&folder);
        let containerd = Containerd::start(&folder, &group, &mounts);
        image::import(&folder, &containerd);
        Self {
            cri: RefCell::new(Cri::connect(&containerd.socket)),
            containerd: RefCell::new(containerd),
            group,
            mounts,
            bridge,
            folder,
        }
    }

    /// A pod that is still to be made.
    pub(crate) fn pod(&self, name: &str) -> PodPlan<'_> {
        PodPlan::new(self, name)
    }

    /// Audits the machine, and asks the runtime of the rig.
    pub(crate) fn auditor(&self) -> Auditor {
        self.auditor_with(&[])
    }

    pub(crate) fn auditor_with(&self, arguments: &[&str]) -> Auditor {
        let socket = self.socket();
        let own = ["--cri-endpoint", socket.as_str()];
        Auditor::start(&[&own, arguments].concat())
    }

    /// Where its runtime listens.
    pub(crate) fn socket(&self) -> String {
        self.containerd.borrow().socket.display().to_string()
    }

    /// Ends the runtime and starts it again, with a new socket; pods go on.
    pub(crate) fn restart(&self) {
        self.restart_after(|| ());
    }

    /// Likewise, and in between does something.
    pub(crate) fn restart_after(&self, meanwhile: impl FnOnce()) {
        self.containerd.borrow_mut().stop();
        meanwhile();
        let containerd = Containerd::start(&self.folder, &self.group, &self.mounts);
        self.cri.replace(Cri::connect(&containerd.socket));
        self.containerd.replace(containerd);
    }
}
