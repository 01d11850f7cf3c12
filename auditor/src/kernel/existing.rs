//! Connections that were there before the programs: listed by sock_diag, in every network
//! namespace that a process of this node is in.

use std::{
    collections::HashMap,
    fs::{self, File},
    io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
    os::{fd::AsFd as _, unix::fs::MetadataExt as _},
    path::Path,
    thread,
};

use rustix::{
    net::{
        AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, netlink, recv, send,
        socket_with,
    },
    thread::{LinkNameSpaceType, move_into_link_name_space},
};

const SOCK_DIAG_BY_FAMILY: u16 = 20;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
/// `NLM_F_REQUEST | NLM_F_DUMP`.
const DUMP: u16 = 0x301;
const IPPROTO_TCP: u8 = 6;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
/// ESTABLISHED, FIN_WAIT1, FIN_WAIT2, CLOSE_WAIT, LAST_ACK, CLOSING.
const STATES: u32 = 1 << 1 | 1 << 4 | 1 << 5 | 1 << 8 | 1 << 9 | 1 << 11;
/// `INET_DIAG_CGROUP_ID`.
const CGROUP_ID: u16 = 21;
/// Fixed part of `inet_diag_msg`.
const MESSAGE: usize = 72;
const HEADER: usize = 16;

/// A connection that is open already.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Existing {
    pub cookie: u64,
    pub local: SocketAddr,
    pub peer: SocketAddr,
    /// 0 if the kernel does not say.
    pub cgroup_id: u64,
}

/// What the node has open already, and how many namespaces could not be looked into.
#[derive(Debug, Default)]
pub struct ExistingConnections {
    pub found: Vec<Existing>,
    pub unseen_namespaces: usize,
}

impl ExistingConnections {
    /// Lists the connections of every network namespace that `proc` shows.
    pub fn list(proc: &Path) -> Self {
        let mut listed = Self::default();
        for namespace in namespaces(proc).into_values() {
            // A thread of its own enters the namespace and ends there.
            let looked = thread::spawn(move || look_into(&namespace)).join();
            match looked {
                Ok(Ok(found)) => listed.found.extend(found),
                Ok(Err(error)) => {
                    tracing::debug!(%error, "connections of a network namespace can't be listed");
                    listed.unseen_namespaces += 1;
                }
                Err(_) => listed.unseen_namespaces += 1,
            }
        }
        listed
    }
}

/// An open namespace by its inode.
fn namespaces(proc: &Path) -> HashMap<u64, File> {
    let mut namespaces = HashMap::new();
    let entries = fs::read_dir(proc).into_iter().flatten().flatten();
    for entry in entries {
        // Processes come and go while this is read.
        if let Ok(namespace) = File::open(entry.path().join("ns/net"))
            && let Ok(metadata) = namespace.metadata()
        {
            namespaces.entry(metadata.ino()).or_insert(namespace);
        }
    }
    namespaces
}

fn look_into(namespace: &File) -> io::Result<Vec<Existing>> {
    move_into_link_name_space(namespace.as_fd(), Some(LinkNameSpaceType::Network))?;
    let mut found = dump(AF_INET)?;
    found.extend(dump(AF_INET6)?);
    Ok(found)
}

fn dump(family: u8) -> io::Result<Vec<Existing>> {
    let kind = SocketType::RAW;
    let protocol = Some(netlink::SOCK_DIAG);
    let socket = socket_with(AddressFamily::NETLINK, kind, SocketFlags::CLOEXEC, protocol)?;
    send(&socket, &request(family), SendFlags::empty())?;
    let mut found = Vec::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let (received, _) = recv(&socket, &mut buffer[..], RecvFlags::empty())?;
        let mut rest = &buffer[..received];
        if rest.is_empty() {
            return Ok(found);
        }
        while let Some((kind, body, after)) = message(rest) {
            match kind {
                NLMSG_DONE => return Ok(found),
                NLMSG_ERROR => return Err(io::ErrorKind::Unsupported.into()),
                _ => found.extend(existing(body)),
            }
            rest = after;
        }
    }
}

fn request(family: u8) -> Vec<u8> {
    let mut request = Vec::with_capacity(MESSAGE);
    request.extend_from_slice(&(MESSAGE as u32).to_ne_bytes());
    request.extend_from_slice(&SOCK_DIAG_BY_FAMILY.to_ne_bytes());
    request.extend_from_slice(&DUMP.to_ne_bytes());
    request.extend_from_slice(&[0; 8]);
    request.extend_from_slice(&[family, IPPROTO_TCP, 0, 0]);
    request.extend_from_slice(&STATES.to_ne_bytes());
    request.resize(MESSAGE, 0);
    request
}

/// The first netlink message: its type, its body and what follows.
fn message(bytes: &[u8]) -> Option<(u16, &[u8], &[u8])> {
    let length = u32::from_ne_bytes(*bytes.first_chunk()?) as usize;
    let kind = u16::from_ne_bytes(*bytes.get(4..)?.first_chunk()?);
    let body = bytes.get(HEADER..length)?;
    let after = bytes.get(length.next_multiple_of(4)..).unwrap_or_default();
    Some((kind, body, after))
}

/// Reads an `inet_diag_msg` with its attributes.
fn existing(body: &[u8]) -> Option<Existing> {
    let port = |at: usize| Some(u16::from_be_bytes(*body.get(at..)?.first_chunk()?));
    let address = |at: usize| -> Option<IpAddr> {
        let bytes: [u8; 16] = *body.get(at..)?.first_chunk()?;
        match *body.first()? {
            AF_INET => Some(Ipv4Addr::new(bytes[0], bytes[1], bytes[2], bytes[3]).into()),
            AF_INET6 => Some(IpAddr::from(Ipv6Addr::from(bytes)).to_canonical()),
            _ => None,
        }
    };
    let word = |at: usize| Some(u32::from_ne_bytes(*body.get(at..)?.first_chunk()?));
    Some(Existing {
        local: SocketAddr::new(address(8)?, port(4)?),
        peer: SocketAddr::new(address(24)?, port(6)?),
        cookie: u64::from(word(48)?) << 32 | u64::from(word(44)?),
        cgroup_id: cgroup_id(body.get(MESSAGE..)?).unwrap_or_default(),
    })
}

fn cgroup_id(mut attributes: &[u8]) -> Option<u64> {
    loop {
        let length = usize::from(u16::from_ne_bytes(*attributes.first_chunk()?));
        let kind = u16::from_ne_bytes(*attributes.get(2..)?.first_chunk()?);
        let value = attributes.get(4..length)?;
        if kind == CGROUP_ID {
            return Some(u64::from_ne_bytes(*value.first_chunk()?));
        }
        attributes = attributes.get(length.next_multiple_of(4)..)?;
    }
}

#[cfg(test)]
mod tests {
    use std::net::{TcpListener, TcpStream};

    use super::*;

    #[test]
    fn an_open_connection_is_listed_at_both_ends() {
        for address in ["127.0.0.1:0", "[::1]:0"] {
            let listener = TcpListener::bind(address).unwrap();
            let client = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
            let (server, _) = listener.accept().unwrap();
            let found = ExistingConnections::list(Path::new("/proc")).found;
            for socket in [&client, &server] {
                let local = socket.local_addr().unwrap();
                let peer = socket.peer_addr().unwrap();
                let of_socket = |e: &&Existing| e.local == local && e.peer == peer;
                let listed = found.iter().find(of_socket).expect("it is listed");
                assert_ne!(listed.cookie, 0);
            }
        }
    }

    #[test]
    fn no_bytes_make_it_panic() {
        for length in 0..200 {
            for fill in [0, 1, 2, 4, 10, 0xff] {
                let bytes = vec![fill; length];
                let _ = message(&bytes);
                let _ = existing(&bytes);
                let _ = cgroup_id(&bytes);
            }
        }
    }
}
