//! Untrusted ring bytes → [`Event`]. Total: every rejection has a name, nothing panics.

mod event;

use std::{
    mem::size_of,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

use auditor_common::{self as abi, close_flag, data_flag};
use bytemuck::AnyBitPattern;

pub use event::{
    BootTime, Close, Data, Direction, Early, Event, Open, Owner, Plaintext, Process, Role,
};

const AF_INET: u16 = 2;
const AF_INET6: u16 = 10;

/// Why bytes from the ring are not an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Rejection {
    #[error("event is shorter than its kind")]
    TooShort,
    #[error("unknown event kind {0}")]
    UnknownKind(u8),
    #[error("event claims {claimed} captured bytes and carries {carried}")]
    CapturedMismatch { claimed: u32, carried: usize },
    #[error("unknown address family {0}")]
    UnknownFamily(u16),
    #[error("unknown direction {0}")]
    UnknownDirection(u8),
    #[error("unknown role {0}")]
    UnknownRole(u8),
}

/// Reads one event.
pub fn decode(bytes: &[u8]) -> Result<Event<'_>, Rejection> {
    let header: abi::Header = fixed(bytes)?.0;
    match header.kind {
        k if k == abi::Kind::Open as u8 => open(bytes),
        k if k == abi::Kind::Data as u8 => data(bytes),
        k if k == abi::Kind::Early as u8 => early(bytes),
        k if k == abi::Kind::Close as u8 => close(bytes),
        k if k == abi::Kind::Plaintext as u8 => plaintext(bytes),
        other => Err(Rejection::UnknownKind(other)),
    }
}

fn open(bytes: &[u8]) -> Result<Event<'_>, Rejection> {
    let (raw, _) = fixed::<abi::Open>(bytes)?;
    let (local, peer) = addresses(&raw.tuple)?;
    Ok(Event::Open(Open {
        cookie: raw.header.cookie,
        time: BootTime(raw.header.time_ns),
        local,
        peer,
        owner: owner(&raw.owner),
        role: role(raw.role)?,
        receive_next: raw.receive_next,
        send_next: raw.send_next,
    }))
}

fn data(bytes: &[u8]) -> Result<Event<'_>, Rejection> {
    let (raw, rest) = fixed::<abi::Data>(bytes)?;
    let flags = raw.header.flags;
    Ok(Event::Data(Data {
        cookie: raw.header.cookie,
        time: BootTime(raw.header.time_ns),
        direction: direction(raw.header.direction)?,
        sequence: raw.sequence,
        skipped_before: raw.skipped_before,
        skipped_after: raw.skipped_after,
        lost: raw.lost,
        messages: raw.messages,
        cgroup_id: raw.cgroup_id,
        message_start: flags & data_flag::MESSAGE_START != 0,
        unframed: flags & data_flag::UNFRAMED != 0,
        truncated: flags & data_flag::TRUNCATED != 0,
        frames: flags & data_flag::FRAMES != 0,
        bytes: captured(&raw.header, rest)?,
    }))
}

fn early(bytes: &[u8]) -> Result<Event<'_>, Rejection> {
    let (raw, rest) = fixed::<abi::Early>(bytes)?;
    let (local, peer) = addresses(&raw.tuple)?;
    Ok(Event::Early(Early {
        time: BootTime(raw.header.time_ns),
        local,
        peer,
        sequence: raw.sequence,
        unframed: raw.header.flags & data_flag::UNFRAMED != 0,
        frames: raw.header.flags & data_flag::FRAMES != 0,
        bytes: captured(&raw.header, rest)?,
    }))
}

fn close(bytes: &[u8]) -> Result<Event<'_>, Rejection> {
    let (raw, _) = fixed::<abi::Close>(bytes)?;
    let (local, peer) = addresses(&raw.tuple)?;
    let flags = raw.header.flags;
    Ok(Event::Close(Close {
        cookie: raw.header.cookie,
        time: BootTime(raw.header.time_ns),
        local,
        peer,
        owner: owner(&raw.owner),
        role: role(raw.role)?,
        opened: (raw.opened_ns != 0).then_some(BootTime(raw.opened_ns)),
        bytes: raw.bytes,
        ended: raw.ended_ns.map(|ns| (ns != 0).then_some(BootTime(ns))),
        skipped: raw.skipped,
        lost: raw.lost,
        smoothed_rtt_us: raw.smoothed_rtt_us,
        retransmits: raw.retransmits,
        fin_received: flags & close_flag::FIN_RECEIVED != 0,
        fin_sent: flags & close_flag::FIN_SENT != 0,
        reset_received: flags & close_flag::RESET_RECEIVED != 0,
        reset_sent: flags & close_flag::RESET_SENT != 0,
        never_opened: flags & close_flag::NEVER_OPENED != 0,
        released: flags & close_flag::RELEASED != 0,
    }))
}

fn plaintext(bytes: &[u8]) -> Result<Event<'_>, Rejection> {
    let (raw, rest) = fixed::<abi::Plaintext>(bytes)?;
    Ok(Event::Plaintext(Plaintext {
        cookie: (raw.header.cookie != 0).then_some(raw.header.cookie),
        time: BootTime(raw.header.time_ns),
        direction: direction(raw.header.direction)?,
        session: raw.session,
        offset: raw.offset,
        skipped_before: raw.skipped_before,
        skipped_after: raw.skipped_after,
        lost: raw.lost,
        cgroup_id: raw.cgroup_id,
        pid: raw.pid,
        library: raw.library,
        client_random: (raw.client_random != [0; 4]).then(|| bytemuck::cast(raw.client_random)),
        bytes: captured(&raw.header, rest)?,
    }))
}

/// The fixed part and what follows it.
fn fixed<T: AnyBitPattern>(bytes: &[u8]) -> Result<(T, &[u8]), Rejection> {
    let (head, rest) = bytes
        .split_at_checked(size_of::<T>())
        .ok_or(Rejection::TooShort)?;
    let value = bytemuck::try_pod_read_unaligned(head).map_err(|_| Rejection::TooShort)?;
    Ok((value, rest))
}

fn captured<'a>(header: &abi::Header, rest: &'a [u8]) -> Result<&'a [u8], Rejection> {
    if rest.len() == header.captured as usize {
        Ok(rest)
    } else {
        Err(Rejection::CapturedMismatch {
            claimed: header.captured,
            carried: rest.len(),
        })
    }
}

fn addresses(tuple: &abi::Tuple) -> Result<(SocketAddr, SocketAddr), Rejection> {
    let ip = |bytes: [u8; 16]| match tuple.family {
        AF_INET => Ok(IpAddr::V4(Ipv4Addr::new(
            bytes[0], bytes[1], bytes[2], bytes[3],
        ))),
        // An IPv4 peer of a dual-stack socket is an IPv4 peer.
        AF_INET6 => Ok(IpAddr::V6(Ipv6Addr::from(bytes)).to_canonical()),
        other => Err(Rejection::UnknownFamily(other)),
    };
    Ok((
        SocketAddr::new(ip(tuple.local_address)?, tuple.local_port),
        SocketAddr::new(ip(tuple.peer_address)?, tuple.peer_port),
    ))
}

fn owner(raw: &abi::Owner) -> Owner {
    let comm = &raw.comm[..raw
        .comm
        .iter()
        .position(|&b| b == 0)
        .unwrap_or(raw.comm.len())];
    Owner {
        cgroup_id: raw.cgroup_id,
        netns_cookie: raw.netns_cookie,
        process: (raw.pid != 0).then(|| Process {
            pid: raw.pid,
            uid: raw.uid,
            comm: crate::text::printable(comm).into(),
        }),
    }
}

fn direction(raw: u8) -> Result<Direction, Rejection> {
    match raw {
        0 => Ok(Direction::Ingress),
        1 => Ok(Direction::Egress),
        other => Err(Rejection::UnknownDirection(other)),
    }
}

fn role(raw: u8) -> Result<Role, Rejection> {
    match raw {
        0 => Ok(Role::Unseen),
        1 => Ok(Role::Active),
        2 => Ok(Role::Passive),
        other => Err(Rejection::UnknownRole(other)),
    }
}

#[cfg(test)]
mod tests;
