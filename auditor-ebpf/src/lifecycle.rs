//! Connections open and close.

use auditor_common::{
    Close, Counter, Direction, Header, Kind, Open, Owner, Role, Tuple, close_flag,
};
use aya_ebpf::{
    bindings::{bpf_sock, bpf_sock_ops},
    helpers::generated::{
        bpf_get_netns_cookie, bpf_get_socket_cookie, bpf_ktime_get_boot_ns, bpf_map_delete_elem,
        bpf_sock_ops_cb_flags_set,
    },
    macros::{cgroup_sock, sock_ops},
    programs::{SockContext, SockOpsContext},
};

use crate::{
    connection::Connection,
    early, emit,
    maps::{CONNECTIONS, DIRECTIVES, OWNERS, count},
    packet::{FIN, RST},
};

const TCP_CONNECT_CB: u32 = 3;
const ACTIVE_ESTABLISHED_CB: u32 = 4;
const PASSIVE_ESTABLISHED_CB: u32 = 5;
const STATE_CB: u32 = 10;
const STATE_CB_FLAG: i32 = 1 << 2;
const TCP_ESTABLISHED: u32 = 1;
const TCP_CLOSE: u32 = 7;
const TCP_CLOSE_WAIT: u32 = 8;
const TCP_LISTEN: u32 = 10;
const TCP_SYN_SENT: u32 = 2;
const AF_INET: u32 = 2;
const SOCK_STREAM: u32 = 1;

/// Stands where only the cookie says which connection is meant.
const NO_TUPLE: Tuple = Tuple {
    local_address: [0; 16],
    peer_address: [0; 16],
    local_port: 0,
    peer_port: 0,
    family: AF_INET as u16,
    reserved: 0,
};

/// The auditor's own process, whose connections are not looked at; set at load.
#[unsafe(no_mangle)]
static OWN_PID: u32 = 0;

#[sock_ops]
pub fn connection_changed(ctx: SockOpsContext) -> u32 {
    // SAFETY: the context of this program.
    unsafe { changed(ctx.ops) };
    1
}

/// The kernel tells of state changes only on connections that opened while the programs were
/// attached. The others end here, when their process lets go of them.
#[cgroup_sock(sock_release)]
pub fn socket_released(ctx: SockContext) -> i32 {
    // SAFETY: the context of this program.
    unsafe { released(ctx.sock) };
    1
}

#[inline(always)]
unsafe fn released(sk: *mut bpf_sock) -> Option<()> {
    unsafe {
        if (*sk).type_ != SOCK_STREAM {
            return None;
        }
        let connection = CONNECTIONS.get(sk.cast());
        if connection.is_null() {
            // A socket that was made before, and has been silent since: the daemon may have it on
            // the list of those that it found.
            if !OWNERS.get(sk.cast()).is_null() {
                return None;
            }
        } else if (*connection).role != Role::Unseen as u8 || (*connection).announced == 0 {
            return None;
        }
        let cookie = bpf_get_socket_cookie(sk.cast());
        bpf_map_delete_elem(
            (&raw const DIRECTIVES).cast_mut().cast(),
            (&raw const cookie).cast(),
        );
        let mut event = Close {
            header: Header {
                kind: Kind::Close as u8,
                direction: 0,
                flags: close_flag::RELEASED,
                captured: 0,
                time_ns: bpf_ktime_get_boot_ns(),
                cookie,
            },
            tuple: NO_TUPLE,
            owner: owner(sk),
            opened_ns: 0,
            bytes: [0; 2],
            ended_ns: [0; 2],
            skipped: [0; 2],
            lost: [0; 2],
            smoothed_rtt_us: 0,
            retransmits: 0,
            role: Role::Unseen as u8,
            previous_state: 0,
            reserved: [0; 6],
        };
        if !connection.is_null() {
            // The kernel may tell the close as well, if an earlier auditor asked it to.
            (*connection).released = 1;
            event.tuple = (*connection).tuple;
            take_flows(&mut event, &*connection);
        }
        emit::close(event);
        Some(())
    }
}

#[inline(always)]
unsafe fn changed(ops: *mut bpf_sock_ops) -> Option<()> {
    unsafe {
        match (*ops).op {
            // From here on state changes are told, so that a refused connection is seen too.
            TCP_CONNECT_CB => {
                bpf_sock_ops_cb_flags_set(ops, (*ops).bpf_sock_ops_cb_flags as i32 | STATE_CB_FLAG);
                None
            }
            ACTIVE_ESTABLISHED_CB => opened(ops, Role::Active),
            PASSIVE_ESTABLISHED_CB => opened(ops, Role::Passive),
            STATE_CB if (*ops).__bindgen_anon_1.args[1] == TCP_CLOSE => {
                closed(ops, (*ops).__bindgen_anon_1.args[0])
            }
            _ => None,
        }
    }
}

#[inline(always)]
unsafe fn opened(ops: *mut bpf_sock_ops, role: Role) -> Option<()> {
    unsafe {
        bpf_sock_ops_cb_flags_set(ops, (*ops).bpf_sock_ops_cb_flags as i32 | STATE_CB_FLAG);
        let sk = socket(ops)?;
        let connection = CONNECTIONS.get_or_create(sk.cast());
        if connection.is_null() {
            count(Counter::ConnectionStateFailed, 1);
            return None;
        }
        let mut owner = owner(sk);
        if owner.netns_cookie == 0 {
            owner.netns_cookie = bpf_get_netns_cookie(ops.cast());
        }
        let now = bpf_ktime_get_boot_ns();
        (*connection).opened_ns = now;
        (*connection).role = role as u8;
        (*connection).cgroup_id = owner.cgroup_id;
        (*connection).flows[Direction::Ingress as usize].next = (*ops).rcv_nxt;
        (*connection).flows[Direction::Egress as usize].next = (*ops).snd_nxt;
        if matches!(role, Role::Passive) {
            early::claim(connection, ops);
        }
        let own = core::ptr::read_volatile(&raw const OWN_PID);
        if own != 0 && owner.pid == own && matches!(role, Role::Active) {
            (*connection).own = 1;
            return None;
        }
        let event = Open {
            header: header(ops, Kind::Open, 0, now),
            tuple: tuple(ops),
            owner,
            receive_next: (*ops).rcv_nxt,
            send_next: (*ops).snd_nxt,
            role: role as u8,
            reserved: [0; 7],
        };
        (*connection).announced = emit::open(event) as u8;
        Some(())
    }
}

#[inline(always)]
unsafe fn closed(ops: *mut bpf_sock_ops, previous: u32) -> Option<()> {
    unsafe {
        // A listening socket closes too; it is no connection.
        if previous == TCP_LISTEN || previous == TCP_CLOSE {
            return None;
        }
        let sk = socket(ops)?;
        let cookie = bpf_get_socket_cookie(ops.cast());
        bpf_map_delete_elem(
            (&raw const DIRECTIVES).cast_mut().cast(),
            (&raw const cookie).cast(),
        );
        let connection = CONNECTIONS.get(sk.cast());
        if connection.is_null() {
            if previous == TCP_SYN_SENT {
                emit_close(ops, sk, None, previous, close_flag::NEVER_OPENED);
            }
            return None;
        }
        if (*connection).own != 0 || (*connection).released != 0 {
            return None;
        }
        emit_close(ops, sk, Some(&*connection), previous, 0);
        Some(())
    }
}

#[inline(always)]
unsafe fn emit_close(
    ops: *mut bpf_sock_ops,
    sk: *mut bpf_sock,
    connection: Option<&Connection>,
    previous: u32,
    flags: u16,
) {
    unsafe {
        let mut event = Close {
            header: header(ops, Kind::Close, 0, bpf_ktime_get_boot_ns()),
            tuple: tuple(ops),
            owner: owner(sk),
            opened_ns: 0,
            bytes: [0; 2],
            ended_ns: [0; 2],
            skipped: [0; 2],
            lost: [0; 2],
            smoothed_rtt_us: (*ops).srtt_us >> 3,
            retransmits: (*ops).total_retrans,
            role: Role::Active as u8,
            previous_state: previous as u8,
            reserved: [0; 6],
        };
        if let Some(connection) = connection {
            take_flows(&mut event, connection);
            event.opened_ns = connection.opened_ns;
            event.role = connection.role;
            let untold = close_flag::FIN_SENT | close_flag::RESET_RECEIVED;
            let open = previous == TCP_ESTABLISHED || previous == TCP_CLOSE_WAIT;
            // The kernel changes the state before it sends the reset of an abort. Only giving up
            // on a silent peer leads here too, and that leaves segments sent in vain.
            if open && event.header.flags & untold == 0 && (*ops).retrans_out == 0 {
                event.header.flags |= close_flag::RESET_SENT;
            }
        }
        event.header.flags |= flags;
        emit::close(event);
    }
}

/// What the directions came to.
#[inline(always)]
fn take_flows(event: &mut Close, connection: &Connection) {
    let [received, sent] = &connection.flows;
    event.header.flags |= ended_flag(received.ended_by, FIN, close_flag::FIN_RECEIVED)
        | ended_flag(received.ended_by, RST, close_flag::RESET_RECEIVED)
        | ended_flag(sent.ended_by, FIN, close_flag::FIN_SENT)
        | ended_flag(sent.ended_by, RST, close_flag::RESET_SENT);
    if connection.cgroup_id != 0 {
        event.owner.cgroup_id = connection.cgroup_id;
    }
    event.bytes = [received.bytes, sent.bytes];
    event.ended_ns = [received.ended_ns, sent.ended_ns];
    event.skipped = [received.skipped, sent.skipped];
    event.lost = [received.lost, sent.lost];
}

#[inline(always)]
fn ended_flag(ended_by: u8, bit: u8, flag: u16) -> u16 {
    if ended_by & bit != 0 { flag } else { 0 }
}

#[inline(always)]
unsafe fn socket(ops: *mut bpf_sock_ops) -> Option<*mut bpf_sock> {
    let sk = unsafe { (*ops).__bindgen_anon_2.sk };
    (!sk.is_null()).then_some(sk)
}

#[inline(always)]
unsafe fn owner(sk: *mut bpf_sock) -> Owner {
    unsafe {
        let owner = OWNERS.get(sk.cast());
        if owner.is_null() {
            Owner {
                cgroup_id: 0,
                netns_cookie: 0,
                pid: 0,
                uid: 0,
                comm: [0; 16],
            }
        } else {
            *owner
        }
    }
}

#[inline(always)]
unsafe fn header(ops: *mut bpf_sock_ops, kind: Kind, flags: u16, time_ns: u64) -> Header {
    Header {
        kind: kind as u8,
        direction: 0,
        flags,
        captured: 0,
        time_ns,
        cookie: unsafe { bpf_get_socket_cookie(ops.cast()) },
    }
}

#[inline(always)]
unsafe fn tuple(ops: *mut bpf_sock_ops) -> Tuple {
    unsafe {
        // Volatile, so that each field is read on its own from the context: the verifier allows
        // no other access, and the compiler would choose the address first and read then.
        let local4 = (&raw const (*ops).local_ip4).read_volatile();
        let peer4 = (&raw const (*ops).remote_ip4).read_volatile();
        let mut local = [0u32; 4];
        let mut peer = [0u32; 4];
        let mut i = 0;
        while i < 4 {
            local[i] = (&raw const (*ops).local_ip6[i]).read_volatile();
            peer[i] = (&raw const (*ops).remote_ip6[i]).read_volatile();
            i += 1;
        }
        if (*ops).family == AF_INET {
            local = [local4, 0, 0, 0];
            peer = [peer4, 0, 0, 0];
        }
        Tuple {
            local_address: core::mem::transmute::<[u32; 4], [u8; 16]>(local),
            peer_address: core::mem::transmute::<[u32; 4], [u8; 16]>(peer),
            local_port: (*ops).local_port as u16,
            // The kernel hands out the peer's port in network order, in the upper half on
            // little-endian machines.
            peer_port: u32::from_be((*ops).remote_port) as u16,
            family: (*ops).family as u16,
            reserved: 0,
        }
    }
}
