//! Who the local side of a connection is: cgroup → container → pod, or systemd unit, or process.
//!
//! The cgroup id comes with every packet and is never reused, so it decides; the process only
//! names what runs outside containers and units, and steps in where the cgroup says nothing.
//! Sources of metadata give containers the names of their pods. Beside that stands who the request
//! says is calling. Whatever cannot be established is absent and carries its reason.

mod bounded;
mod caller;
mod catalog;
mod cgroup;
mod container;
mod cri;
mod directory;
mod elements;
#[cfg(test)]
mod fixture;
mod forwarded;
mod handle;
mod host;
mod known;
mod kubernetes;
mod listeners;
mod membership;
mod metadata;
mod principal;
mod process;
mod resolved;
mod resolver;
#[cfg(test)]
pub(crate) mod sample;
mod sockets;
mod traffic;
mod unit;
mod waiting;
mod workload;

pub use caller::Caller;
pub use catalog::{Catalog, Sources, Wanted};
pub use cgroup::CgroupPaths;
pub use container::{Container, Runtime};
pub use cri::{Cri, CriSettings, CriSettingsError};
pub use directory::{Directory, Moment, Peer, Refused};
pub use forwarded::ClaimedClient;
pub use host::Host;
pub use known::{Known, Why};
pub use kubernetes::{Kubernetes, KubernetesError};
pub use listeners::{Listener, Listeners};
pub use metadata::{AuditScope, Owner, OwnerKind, Pod, Update};
pub use principal::{Claim, Presented, Principal, Source, Unnamed};
pub use process::{Process, Processes};
pub use resolved::{Identifier, OtherEnd, Resolved};
pub use resolver::{LocalProcess, Resolver, Role, SocketFacts};
pub use unit::Unit;
pub use waiting::{MAX_WAIT, Waiting};
pub use workload::{Method, Workload};
