//! Who made a socket: noted when it is created, corrected when it connects.

use auditor_common::{COMM_LEN, Owner};
use aya_ebpf::{
    EbpfContext,
    bindings::bpf_sock,
    helpers::{
        bpf_get_current_comm,
        generated::{
            bpf_get_current_cgroup_id, bpf_get_current_pid_tgid, bpf_get_current_uid_gid,
            bpf_get_netns_cookie,
        },
    },
    macros::{cgroup_sock, cgroup_sock_addr},
    programs::{SockAddrContext, SockContext},
};

use crate::maps::OWNERS;

const AF_INET: u32 = 2;
const AF_INET6: u32 = 10;
const SOCK_STREAM: u32 = 1;
const IPPROTO_TCP: u32 = 6;
/// The program's verdict: go on. Observing never refuses.
const PROCEED: i32 = 1;

#[cgroup_sock(sock_create)]
pub fn socket_created(ctx: SockContext) -> i32 {
    // SAFETY: the context is a socket the verifier knows.
    unsafe { note_creator(&ctx) };
    PROCEED
}

#[cgroup_sock_addr(connect4)]
pub fn connecting4(ctx: SockAddrContext) -> i32 {
    // SAFETY: as above.
    unsafe { note_connector(&ctx) };
    PROCEED
}

#[cgroup_sock_addr(connect6)]
pub fn connecting6(ctx: SockAddrContext) -> i32 {
    // SAFETY: as above.
    unsafe { note_connector(&ctx) };
    PROCEED
}

#[inline(always)]
unsafe fn note_creator(ctx: &SockContext) {
    unsafe {
        let sk: *mut bpf_sock = ctx.sock;
        let family = (*sk).family;
        if (*sk).type_ != SOCK_STREAM || (family != AF_INET && family != AF_INET6) {
            return;
        }
        let owner = OWNERS.get_or_create(sk.cast());
        if !owner.is_null() {
            fill(&mut *owner, ctx.as_ptr());
        }
    }
}

#[inline(always)]
unsafe fn note_connector(ctx: &SockAddrContext) {
    unsafe {
        if (*ctx.sock_addr).protocol != IPPROTO_TCP {
            return;
        }
        let sk = (*ctx.sock_addr).__bindgen_anon_1.sk;
        if sk.is_null() {
            return;
        }
        let owner = OWNERS.get_or_create(sk.cast());
        if !owner.is_null() {
            fill(&mut *owner, ctx.as_ptr());
        }
    }
}

#[inline(always)]
unsafe fn fill(owner: &mut Owner, ctx: *mut core::ffi::c_void) {
    unsafe {
        owner.pid = (bpf_get_current_pid_tgid() >> 32) as u32;
        owner.uid = bpf_get_current_uid_gid() as u32;
        owner.cgroup_id = bpf_get_current_cgroup_id();
        owner.netns_cookie = bpf_get_netns_cookie(ctx);
    }
    if let Ok(comm) = bpf_get_current_comm() {
        owner.comm = comm;
    } else {
        owner.comm = [0; COMM_LEN];
    }
}
