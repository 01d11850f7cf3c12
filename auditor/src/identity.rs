//! Who the local side of a connection is: cgroup → container → pod, or systemd unit, or process.
//!
//! The cgroup id comes with every packet and is never reused, so it decides; the process only
//! names what runs outside containers and units, and steps in where the cgroup says nothing.
//! Whatever cannot be established is absent and carries its reason.

mod bounded;
mod cgroup;
mod container;
pub mod cri;
#[cfg(test)]
mod fixture;
mod handle;
mod host;
mod known;
mod listeners;
mod membership;
pub mod metadata;
mod process;
mod resolved;
mod resolver;
mod sockets;
mod unit;
mod workload;

pub use cgroup::CgroupPaths;
pub use container::{Container, Runtime};
pub use host::Host;
pub use known::{Known, Why};
pub use listeners::{Listener, Listeners};
pub use process::{Process, Processes};
pub use resolved::{Identifier, Resolved};
pub use resolver::{LocalProcess, Resolver, Role, SocketFacts};
pub use unit::Unit;
pub use workload::{Method, Workload};
