//! Who listened already when the auditor started.
//!
//! The kernel programs learn the owner of a socket when it is created, so connections accepted
//! by an older socket come without one; they are matched to this list by their local address.

use std::collections::{BTreeMap, HashMap};
use std::fs;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::known::{Known, Why};
use super::membership::Membership;
use super::process;
use super::sockets::{ListeningSocket, listening};
use crate::text::printable;

/// Descriptors looked at in one scan; what lies beyond has no owner.
const MAX_DESCRIPTORS: usize = 1 << 20;

/// A listening socket's owner.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Listener {
    /// Inode of the network namespace.
    pub namespace: u64,
    pub pid: Known<u32>,
    pub executable: Known<Arc<str>>,
    pub uid: u32,
    /// From cgroup v1 where the process stands at the root of cgroup2.
    pub cgroup: Known<Arc<str>>,
    /// Whether `cgroup` is a cgroup-v1 path.
    pub legacy: bool,
}

/// The sockets that listened at the time of the scan.
#[derive(Debug, Default)]
pub struct Listeners {
    by_address: HashMap<(IpAddr, u16), Vec<Listener>>,
}

impl Listeners {
    /// Reads every process under `proc` once; processes that end meanwhile are passed over.
    pub fn scan(proc: &Path) -> Self {
        let processes = processes(proc);
        let sockets = sockets(&processes);
        let mut holders: HashMap<u64, Vec<&Running>> = sockets
            .iter()
            .map(|(_, socket)| (socket.inode, Vec::new()))
            .collect();
        let mut descriptors = 0;
        for process in &processes {
            for inode in socket_inodes(&process.directory, &mut descriptors) {
                if let Some(holders) = holders.get_mut(&inode) {
                    holders.push(process);
                }
            }
        }
        let mut listeners = Self::default();
        for (namespace, socket) in &sockets {
            if let Some(owner) = oldest(&holders[&socket.inode]) {
                listeners
                    .by_address
                    .entry((socket.address, socket.port))
                    .or_default()
                    .push(owner.listener(*namespace, socket));
            }
        }
        listeners
    }

    /// The owner of the socket that accepted a connection at `local`.
    ///
    /// The network namespace is not known, and two may have the same address. `cgroup`, that of
    /// the connection, tells them apart where it is known; else the answer is that there is none.
    pub fn find(&self, local: SocketAddr, cgroup: Option<&str>) -> Known<Listener> {
        let address = local.ip().to_canonical();
        let wildcard_v4 = address
            .is_ipv4()
            .then_some(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
        let wildcard_v6 = Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED));
        // Per namespace, the listeners at the most specific address, as the kernel picks them.
        let mut matches: BTreeMap<u64, Vec<&Listener>> = BTreeMap::new();
        for address in [Some(address), wildcard_v4, wildcard_v6]
            .into_iter()
            .flatten()
        {
            let mut here: BTreeMap<u64, Vec<&Listener>> = BTreeMap::new();
            let listeners = self.by_address.get(&(address, local.port()));
            for listener in listeners.into_iter().flatten() {
                let fits = cgroup.is_none_or(|cgroup| {
                    listener
                        .cgroup
                        .value()
                        .is_some_and(|path| **path == *cgroup)
                });
                if fits {
                    here.entry(listener.namespace).or_default().push(listener);
                }
            }
            for (namespace, listeners) in here {
                matches.entry(namespace).or_insert(listeners);
            }
        }
        let mut namespaces = matches.into_values();
        match (namespaces.next(), namespaces.next()) {
            (None, _) => Known::Absent(Why::NoListener),
            (Some(listeners), None) => merge(&listeners),
            (Some(_), Some(_)) => Known::Absent(Why::Ambiguous),
        }
    }
}

/// Several sockets may share an address (`SO_REUSEPORT`); all but the pid may still be the same.
fn merge(listeners: &[&Listener]) -> Known<Listener> {
    let Some((first, others)) = listeners.split_first() else {
        return Known::Absent(Why::NoListener);
    };
    let mut merged = (*first).clone();
    for other in others {
        if other.pid != merged.pid {
            merged.pid = Known::Absent(Why::Ambiguous);
        }
        let same = Listener {
            pid: merged.pid.clone(),
            ..(*other).clone()
        };
        if same != merged {
            return Known::Absent(Why::Ambiguous);
        }
    }
    Known::Value(merged)
}

/// A process at the time of the scan.
struct Running {
    pid: u32,
    namespace: u64,
    directory: PathBuf,
}

impl Running {
    fn listener(&self, namespace: u64, socket: &ListeningSocket) -> Listener {
        let executable = process::executable(&self.directory).or_else(|why| {
            let name = fs::read(self.directory.join("comm")).map_err(|_| why)?;
            Ok(printable(name.strip_suffix(b"\n").unwrap_or(&name)))
        });
        let membership = fs::read(self.directory.join("cgroup"))
            .map(|text| Membership::parse(&String::from_utf8_lossy(&text)))
            .map_err(|error| Why::from(&error));
        let place = membership.as_ref().map(Membership::place);
        Listener {
            namespace,
            pid: Known::Value(self.pid),
            executable: executable.map_or_else(Known::Absent, |name| Known::Value(name.into())),
            uid: socket.uid,
            cgroup: match place {
                Ok(Some(place)) => Known::Value(place.path.into()),
                Ok(None) => Known::Absent(Why::NotInACgroup),
                Err(why) => Known::Absent(*why),
            },
            legacy: matches!(place, Ok(Some(place)) if place.legacy),
        }
    }
}

fn processes(proc: &Path) -> Vec<Running> {
    let Ok(entries) = fs::read_dir(proc) else {
        return Vec::new();
    };
    entries
        .flatten()
        .filter_map(|entry| {
            let pid = entry.file_name().to_str()?.parse().ok()?;
            let directory = entry.path();
            let namespace = inode_of(&directory.join("ns/net"), "net:[")?;
            Some(Running {
                pid,
                namespace,
                directory,
            })
        })
        .collect()
}

/// The listening sockets of every namespace, read through the first process in it that answers.
fn sockets(processes: &[Running]) -> Vec<(u64, ListeningSocket)> {
    let mut tables: HashMap<u64, Vec<ListeningSocket>> = HashMap::new();
    for process in processes {
        if tables.contains_key(&process.namespace) {
            continue;
        }
        let Ok(table) = fs::read_to_string(process.directory.join("net/tcp")) else {
            continue;
        };
        // Missing where IPv6 is switched off.
        let table6 = fs::read_to_string(process.directory.join("net/tcp6")).unwrap_or_default();
        let sockets = listening(&table).chain(listening(&table6)).collect();
        tables.insert(process.namespace, sockets);
    }
    tables
        .into_iter()
        .flat_map(|(namespace, sockets)| sockets.into_iter().map(move |socket| (namespace, socket)))
        .collect()
}

fn socket_inodes(directory: &Path, seen: &mut usize) -> impl Iterator<Item = u64> {
    let left = MAX_DESCRIPTORS.saturating_sub(*seen);
    fs::read_dir(directory.join("fd"))
        .into_iter()
        .flatten()
        .flatten()
        .take(left)
        .inspect(move |_| *seen += 1)
        .filter_map(|entry| inode_of(&entry.path(), "socket:["))
}

fn inode_of(link: &Path, kind: &str) -> Option<u64> {
    let target = fs::read_link(link).ok()?;
    target
        .to_str()?
        .strip_prefix(kind)?
        .strip_suffix(']')?
        .parse()
        .ok()
}

/// Of all that hold a socket, the one that has run longest most likely made it; the first
/// process of the node only hands sockets on to services.
fn oldest<'a>(holders: &[&'a Running]) -> Option<&'a Running> {
    holders
        .iter()
        .min_by_key(|holder| {
            let started = process::started(&holder.directory).unwrap_or(u64::MAX);
            (holder.pid == 1, started, holder.pid)
        })
        .copied()
}

#[cfg(test)]
mod tests;
