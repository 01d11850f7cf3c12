//! From what the kernel says about a socket to its workload and its process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::bounded::Bounded;
use super::cgroup::CgroupPaths;
use super::host::Host;
use super::known::{Known, Why};
use super::listeners::{Listener, Listeners};
use super::process::{Comm, Processes, VALIDITY, cut};
use super::workload::{Method, Place, Workload};

/// Workloads kept by each cache.
const CAPACITY: usize = 16_384;

/// How the local socket came to its connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Role {
    Connected,
    Accepted,
    /// The connection is older than the auditor.
    Unseen,
}

/// What the kernel reported about the local socket.
#[derive(Clone, Copy, Debug)]
pub struct SocketFacts<'a> {
    /// 0 where the kernel named none.
    pub cgroup_id: u64,
    /// In the initial pid namespace: who created, connected or bound the socket.
    pub pid: Option<u32>,
    pub uid: Option<u32>,
    /// Task name that goes with `pid`; bytes that cannot be shown as `%XX`.
    pub comm: &'a str,
    pub local: SocketAddr,
    pub role: Role,
}

/// The process attributes of a record.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct LocalProcess {
    pub pid: Known<u32>,
    pub executable: Known<Arc<str>>,
    pub uid: Known<u32>,
}

/// Answers for the sockets of this node.
#[derive(Debug)]
pub struct Resolver {
    cgroups: CgroupPaths,
    processes: Processes,
    listeners: Listeners,
    host: Host,
    /// Whether the root of cgroup2 may hide a place in cgroup v1.
    has_legacy_cgroups: bool,
    /// Where the cgroup alone decides; true for ever, as ids are not reused.
    by_cgroup: Bounded<u64, Arc<Workload>>,
    /// Where the process has a say; true until the time that stands beside it.
    by_owner: Bounded<(u64, Owner), (Duration, Arc<Workload>)>,
    /// One allocation per resource, so that records of one workload can be grouped by it.
    workloads: Bounded<Arc<Workload>, Arc<Workload>>,
}

/// What stands for the owner of a socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum Owner {
    Process(u32, Comm),
    Listener(SocketAddr),
    None,
}

impl Resolver {
    pub fn new(
        cgroups: CgroupPaths,
        processes: Processes,
        listeners: Listeners,
        host: Host,
    ) -> Self {
        Self {
            has_legacy_cgroups: processes.has_legacy_cgroups(),
            cgroups,
            processes,
            listeners,
            host,
            by_cgroup: Bounded::new(CAPACITY),
            by_owner: Bounded::new(CAPACITY),
            workloads: Bounded::new(CAPACITY),
        }
    }

    /// Learns the cgroups that exist, so that they are known after their end.
    pub fn learn_cgroups(&mut self, now: Duration) {
        self.cgroups.learn_all(now);
    }

    /// The workload of records about the node itself.
    pub fn auditor(&mut self) -> Arc<Workload> {
        let workload = Workload::auditor(&self.host);
        self.share(workload)
    }

    /// `now` is when the socket was seen, on the boot-time clock.
    pub fn workload(&mut self, socket: &SocketFacts<'_>, now: Duration) -> Arc<Workload> {
        if let Some(workload) = self.by_cgroup.get(&socket.cgroup_id) {
            return Arc::clone(workload);
        }
        let key = (socket.cgroup_id, owner(socket));
        if let Some((until, workload)) = self.by_owner.get(&key)
            && now < *until
        {
            return Arc::clone(workload);
        }
        let path = self.cgroups.path(socket.cgroup_id, now);
        if let Some(path) = path.value() {
            let place = Place::of(path);
            if !matches!(place, Place::Host) {
                let absent = Known::Absent(Why::NoProcess);
                let workload = Workload::new(&self.host, place, &absent, Method::Cgroup, None);
                let workload = self.share(workload);
                self.by_cgroup
                    .insert(socket.cgroup_id, Arc::clone(&workload));
                return workload;
            }
        }
        let workload = self.by_owner(socket, &path, now);
        let workload = self.share(workload);
        self.by_owner
            .insert(key, (now + VALIDITY, Arc::clone(&workload)));
        workload
    }

    /// `now` as for `workload`.
    pub fn process(&mut self, socket: &SocketFacts<'_>, now: Duration) -> LocalProcess {
        if let Some(pid) = socket.pid {
            return LocalProcess {
                pid: Known::Value(pid),
                executable: self
                    .processes
                    .find(pid, socket.comm, now)
                    .executable
                    .clone(),
                uid: Known::from_option(socket.uid, Why::NoProcess),
            };
        }
        match self.listener(socket, now) {
            Known::Value(listener) => LocalProcess {
                pid: listener.pid,
                executable: listener.executable,
                uid: Known::Value(listener.uid),
            },
            Known::Absent(why) => LocalProcess {
                pid: Known::Absent(why),
                executable: Known::Absent(why),
                uid: Known::from_option(socket.uid, why),
            },
        }
    }

    /// For a cgroup that is absent, or names neither a container nor a service.
    fn by_owner(
        &mut self,
        socket: &SocketFacts<'_>,
        path: &Known<Arc<str>>,
        now: Duration,
    ) -> Workload {
        let executable = self.process(socket, now).executable;
        let at_root = path.value().is_some_and(|path| **path == *"/");
        let (place, reason) = if path.value().is_some() && !at_root {
            (Place::Host, None)
        } else if let Some((place, legacy)) = self.place_of_owner(socket, now) {
            (place, path.why().or(legacy.then_some(Why::CgroupV1Only)))
        } else if at_root && !self.has_legacy_cgroups {
            (Place::Host, None)
        } else {
            // It may be anywhere, in a container too, so the executable must not name it.
            let why = path.why().unwrap_or(Why::CgroupV1Only);
            (Place::Nowhere(why), None)
        };
        Workload::new(&self.host, place, &executable, Method::Process, reason)
    }

    /// Where the owner of the socket is placed, and whether only cgroup v1 says so.
    fn place_of_owner(&mut self, socket: &SocketFacts<'_>, now: Duration) -> Option<(Place, bool)> {
        if let Some(pid) = socket.pid {
            let process = self.processes.find(pid, socket.comm, now);
            let membership = self.processes.membership(&process);
            let place = membership.value()?.place()?;
            return Some((Place::of(place.path), place.legacy));
        }
        let listener = self.listener(socket, now);
        let listener = listener.value()?;
        Some((Place::of(listener.cgroup.value()?), listener.legacy))
    }

    fn listener(&mut self, socket: &SocketFacts<'_>, now: Duration) -> Known<Listener> {
        if socket.role == Role::Connected {
            return Known::Absent(Why::NoProcess);
        }
        let path = self.cgroups.path(socket.cgroup_id, now);
        // The root says nothing where processes are placed in cgroup v1 alone.
        let path = path
            .value()
            .filter(|path| !(self.has_legacy_cgroups && ***path == *"/"));
        self.listeners.find(socket.local, path.map(|path| &**path))
    }

    fn share(&mut self, workload: Workload) -> Arc<Workload> {
        if let Some(shared) = self.workloads.get(&workload) {
            return Arc::clone(shared);
        }
        let shared = Arc::new(workload);
        self.workloads
            .insert(Arc::clone(&shared), Arc::clone(&shared));
        shared
    }
}

fn owner(socket: &SocketFacts<'_>) -> Owner {
    match (socket.pid, socket.role) {
        (Some(pid), _) => Owner::Process(pid, cut(socket.comm)),
        (None, Role::Connected) => Owner::None,
        (None, Role::Accepted | Role::Unseen) => Owner::Listener(socket.local),
    }
}

#[cfg(test)]
mod tests;
