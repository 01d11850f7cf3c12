//! From what the kernel says about a socket to its workload and its process.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use super::bounded::Bounded;
use super::catalog::{Catalog, Naming};
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
    catalog: Catalog,
    /// Whether the root of cgroup2 may hide a place in cgroup v1.
    has_legacy_cgroups: bool,
    /// Where the cgroup alone decides: an id is never used again.
    by_cgroup: Bounded<u64, Answer>,
    /// Where the process has a say; true until the time that stands beside it.
    by_owner: Bounded<(u64, Owner), (Duration, Answer)>,
    /// One allocation per resource, so that records of one workload can be grouped by it.
    workloads: Bounded<Arc<Workload>, Arc<Workload>>,
}

/// A workload, and whether a source of metadata may still say more of it.
#[derive(Clone, Debug)]
pub struct Answer {
    pub workload: Arc<Workload>,
    pub may_improve: bool,
    /// Of the metadata that it was made with; `None` where none has a say.
    generation: Option<u64>,
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
        catalog: Catalog,
    ) -> Self {
        Self {
            has_legacy_cgroups: processes.has_legacy_cgroups(),
            cgroups,
            processes,
            listeners,
            host,
            catalog,
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

    pub fn catalog(&self) -> &Catalog {
        &self.catalog
    }

    pub fn catalog_mut(&mut self) -> &mut Catalog {
        &mut self.catalog
    }

    /// `now` is when the socket was seen, on the boot-time clock.
    pub fn workload(&mut self, socket: &SocketFacts<'_>, now: Duration) -> Answer {
        let generation = self.catalog.generation();
        let stands = |answer: &Answer| answer.generation.is_none_or(|made| made == generation);
        if let Some(answer) = self.by_cgroup.get(&socket.cgroup_id)
            && stands(answer)
        {
            return answer.clone();
        }
        let key = (socket.cgroup_id, owner(socket));
        if let Some((until, answer)) = self.by_owner.get(&key)
            && now < *until
            && stands(answer)
        {
            return answer.clone();
        }
        let path = self.cgroups.path(socket.cgroup_id, now);
        if let Some(path) = path.value() {
            let place = Place::of(path);
            if !matches!(place, Place::Host) {
                let absent = Known::Absent(Why::NoProcess);
                let answer = self.answer(place, &absent, Method::Cgroup, None, now);
                self.by_cgroup.insert(socket.cgroup_id, answer.clone());
                return answer;
            }
        }
        let answer = self.by_owner(socket, &path, now);
        self.by_owner.insert(key, (now + VALIDITY, answer.clone()));
        answer
    }

    /// The workload of everything in the control group of a socket; `None` where each process is a
    /// workload of its own.
    pub fn of_group(&mut self, socket: &SocketFacts<'_>, now: Duration) -> Option<Arc<Workload>> {
        self.workload(socket, now);
        let answer = self.by_cgroup.get(&socket.cgroup_id)?;
        Some(Arc::clone(&answer.workload))
    }

    /// Names what a source of metadata knows at that place.
    fn answer(
        &mut self,
        place: Place,
        executable: &Known<Arc<str>>,
        method: Method,
        weaker: Option<Why>,
        now: Duration,
    ) -> Answer {
        let at = now.as_nanos() as u64;
        let generation = Some(self.catalog.generation());
        let (naming, generation) = match &place {
            Place::Container(containers) => (self.catalog.container(containers, at), generation),
            Place::Pod(uid) => (self.catalog.pod(uid, at), generation),
            Place::Service(_) | Place::Host | Place::Nowhere(_) => (Naming::Unasked, None),
        };
        let workload = Workload::new(&self.host, place, executable, method, weaker, &naming);
        Answer {
            workload: self.share(workload),
            may_improve: naming.may_improve(),
            generation,
        }
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
    ) -> Answer {
        let executable = self.process(socket, now).executable;
        let at_root = path.value().is_some_and(|path| **path == *"/");
        let (place, weaker) = if path.value().is_some() && !at_root {
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
        self.answer(place, &executable, Method::Process, weaker, now)
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
