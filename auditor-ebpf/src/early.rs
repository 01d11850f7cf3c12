//! Bytes that end the handshake, which the kernel still gives to the listening socket.
//!
//! They are followed like all others, in a place of their own, and told in an event of their own.
//! The accepted socket is made while the packet is still in hand, and goes on where they end.

use auditor_common::{Counter, Direction, Early, Header, Kind, MAX_CAPTURE, Role, data_flag};
use aya_ebpf::bindings::{__sk_buff, bpf_sock_ops};

use crate::{
    connection::{Connection, Flow},
    emit,
    maps::{EARLY, count},
    packet::{Headers, Segment},
    phase, unframed,
};

const REQUESTS: usize = Direction::Ingress as usize;

/// What was found in the bytes, and whose they are.
#[repr(C)]
pub struct Arrival {
    pub connection: Connection,
    pub sequence: u32,
    pub local_port: u16,
    pub peer_port: u16,
}

/// The place in which they are followed, empty; null where there is none.
#[inline(always)]
pub fn begin(segment: &Segment) -> *mut Connection {
    let Some(arrival) = EARLY.get_ptr_mut(0) else {
        return core::ptr::null_mut();
    };
    // SAFETY: the slot of this CPU, which no other program uses meanwhile.
    unsafe {
        let connection = &raw mut (*arrival).connection;
        connection.write_bytes(0, 1);
        (*connection).role = Role::Passive as u8;
        (*connection).early = 1;
        (*connection).announced = 1;
        (*connection).flows[REQUESTS].next = segment.sequence;
        connection
    }
}

/// Tells the daemon of the bytes, and keeps what was found in them for the accepted socket.
///
/// Rare and large, so it is a function of its own: its event shall not weigh on the stack of the
/// common path.
///
/// # Safety
/// `connection` is what [`begin`] gave and has followed the segment.
#[inline(never)]
pub unsafe fn keep(skb: *mut __sk_buff, connection: *mut Connection, segment: &Segment) {
    unsafe {
        let flow = &raw mut (*connection).flows[REQUESTS];
        if segment.length > MAX_CAPTURE as u32 && (*flow).phase < phase::UNFRAMED {
            // The daemon will not see what was found.
            unframed::begin(flow);
        }
        let mut flags = 0;
        if (*flow).phase >= phase::UNFRAMED {
            flags |= data_flag::UNFRAMED;
        }
        if (*flow).frames != 0 || phase::is_in_frames((*flow).phase) {
            flags |= data_flag::FRAMES;
        }
        let Some(headers) = Headers::read(skb) else {
            return;
        };
        let tuple = headers.tuple(Direction::Ingress);
        let head = Early {
            header: Header {
                kind: Kind::Early as u8,
                direction: Direction::Ingress as u8,
                flags,
                captured: 0,
                time_ns: 0,
                cookie: 0,
            },
            tuple,
            sequence: segment.sequence,
            reserved: 0,
        };
        if !emit::early(skb, segment.payload, segment.length, head) {
            count(Counter::InboundRequestsLost, starts(flow));
            (*flow).lost += 1;
        }
        (*flow).skipped = 0;
        if let Some(arrival) = EARLY.get_ptr_mut(0) {
            (*arrival).sequence = segment.sequence;
            (*arrival).local_port = tuple.local_port;
            (*arrival).peer_port = tuple.peer_port;
        }
    }
}

/// A connection was accepted: it goes on behind the bytes that came early, if they are its own.
///
/// # Safety
/// `connection` and `ops` come from the running program and are not null.
#[inline(always)]
pub unsafe fn claim(connection: *mut Connection, ops: *mut bpf_sock_ops) {
    let Some(arrival) = EARLY.get_ptr_mut(0) else {
        return;
    };
    unsafe {
        let peer_port = u32::from_be((*ops).remote_port);
        if (*arrival).connection.early == 0
            || (*arrival).sequence != (*ops).rcv_nxt
            || (*arrival).local_port as u32 != (*ops).local_port
            || (*arrival).peer_port as u32 != peer_port
        {
            return;
        }
        (*arrival).connection.early = 0;
        let flow = &raw mut (*connection).flows[REQUESTS];
        flow.copy_from_nonoverlapping(&raw const (*arrival).connection.flows[REQUESTS], 1);
        (*connection).heads = (*arrival).connection.heads;
        (*connection).unusual = (*arrival).connection.unusual;
        count(Counter::InboundRequestsSeen, starts(flow));
    }
}

/// Requests begun in early bytes. They are counted with the connection: a packet that the kernel
/// has no room for comes again.
#[inline(always)]
unsafe fn starts(flow: *mut Flow) -> u64 {
    unsafe {
        let messages = (*flow).messages as u64;
        if (*flow).frames != 0 || phase::is_in_frames((*flow).phase) {
            messages.div_ceil(2)
        } else {
            messages
        }
    }
}
