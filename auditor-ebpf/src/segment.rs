//! Every TCP segment of every socket, in both directions.

use auditor_common::{Counter, Direction, Header, Kind, Open, Owner, Role};
use aya_ebpf::{
    bindings::{__sk_buff, bpf_sock},
    helpers::generated::{
        bpf_get_socket_cookie, bpf_ktime_get_boot_ns, bpf_sk_fullsock, bpf_skb_cgroup_id,
    },
    macros::cgroup_skb,
    programs::SkBuffContext,
};

use crate::{
    connection::Connection,
    early, emit,
    maps::{CONNECTIONS, OWNERS, count},
    packet::{FIN, Headers, RST, Segment},
    phase, scope, stream,
};

const TCP_LISTEN: u32 = 10;
/// The program's verdict: let the packet go on. Observing never drops.
const PASS: i32 = 1;

#[cgroup_skb]
pub fn segment_received(ctx: SkBuffContext) -> i32 {
    // SAFETY: the context of this program.
    unsafe { observe(ctx.skb.skb, Direction::Ingress) };
    PASS
}

#[cgroup_skb]
pub fn segment_sent(ctx: SkBuffContext) -> i32 {
    // SAFETY: the context of this program.
    unsafe { observe(ctx.skb.skb, Direction::Egress) };
    PASS
}

#[inline(always)]
unsafe fn observe(skb: *mut __sk_buff, direction: Direction) -> Option<()> {
    unsafe {
        let sk = (*skb).__bindgen_anon_2.sk;
        if sk.is_null() {
            return None;
        }
        let full: *mut bpf_sock = bpf_sk_fullsock(sk);
        if full.is_null() {
            return None;
        }
        if scope::is_left_out(full) {
            return None;
        }
        let mut segment = Segment::EMPTY;
        if !segment.read(skb, direction) {
            return None;
        }
        let ended = segment.flags & (FIN | RST);
        if segment.length == 0 && ended == 0 {
            return None;
        }
        let listening = matches!(direction, Direction::Ingress) && (*full).state == TCP_LISTEN;
        if segment.length == 0 {
            // The kernel's own socket sends resets for nobody: only what is known already ends.
            let connection = CONNECTIONS.get(full.cast());
            if !connection.is_null() {
                note_end(connection, direction, ended);
            }
            return None;
        }
        let connection = if listening {
            early::begin(&segment)
        } else {
            CONNECTIONS.get_or_create(full.cast())
        };
        if connection.is_null() {
            count(Counter::ConnectionStateFailed, 1);
            return None;
        }
        if (*connection).own != 0 || (*connection).released != 0 {
            return None;
        }
        if (*connection).cgroup_id == 0 {
            (*connection).cgroup_id = bpf_skb_cgroup_id(skb);
        }
        if (*connection).announced == 0 {
            announce(skb, full, connection, &segment, direction);
        }
        let flow = &raw mut (*connection).flows[direction as usize];
        count(Counter::SegmentsSeen, 1);
        stream::observe(skb, connection, flow, &segment);
        if ended != 0 {
            note_end(connection, direction, ended);
        }
        if listening {
            early::keep(skb, connection, &segment);
        }
        Some(())
    }
}

#[inline(always)]
unsafe fn note_end(connection: *mut Connection, direction: Direction, ended: u8) {
    unsafe {
        let flow = &raw mut (*connection).flows[direction as usize];
        (*flow).ended_by |= ended;
        if (*flow).ended_ns == 0 {
            (*flow).ended_ns = bpf_ktime_get_boot_ns();
        }
    }
}

/// A connection that is older than the programs, or whose `Open` did not fit the ring.
///
/// Rare and large, so it is a function of its own: its event shall not weigh on the stack of the
/// common path.
#[inline(never)]
unsafe fn announce(
    skb: *mut __sk_buff,
    sk: *mut bpf_sock,
    connection: *mut Connection,
    segment: &Segment,
    direction: Direction,
) {
    unsafe {
        let Some(headers) = Headers::read(skb) else {
            return;
        };
        let role = (*connection).role;
        if role == Role::Unseen as u8 {
            (*connection).flows[0].phase = phase::UNFRAMED;
            (*connection).flows[1].phase = phase::UNFRAMED;
            (*connection).flows[direction as usize].next = segment.sequence;
            (*connection).flows[1 - direction as usize].next = headers.acknowledged();
        }
        (*connection).tuple = headers.tuple(direction);
        let owner = OWNERS.get(sk.cast());
        let event = Open {
            header: Header {
                kind: Kind::Open as u8,
                direction: 0,
                flags: 0,
                captured: 0,
                time_ns: bpf_ktime_get_boot_ns(),
                cookie: bpf_get_socket_cookie(skb.cast()),
            },
            tuple: (*connection).tuple,
            owner: if owner.is_null() { NO_OWNER } else { *owner },
            receive_next: (*connection).flows[0].next,
            send_next: (*connection).flows[1].next,
            role,
            reserved: [0; 7],
        };
        (*connection).announced = emit::open(event) as u8;
    }
}

const NO_OWNER: Owner = Owner {
    cgroup_id: 0,
    netns_cookie: 0,
    pid: 0,
    uid: 0,
    comm: [0; 16],
};
