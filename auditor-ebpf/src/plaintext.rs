//! Calls of TLS libraries: what they read and wrote in the clear, and on which socket.
//!
//! A call is known from its entry to its return. A socket that its thread sends on or receives from
//! in between, on the very stack of the call, is the session's. What else may tell is the random
//! bytes of the ClientHello, which the daemon looks for among those that were on the wire.

mod binding;
mod emit;
mod session;

use auditor_common::{Direction, Site, site_flag};
use aya_ebpf::{
    EbpfContext as _,
    bindings::pt_regs,
    helpers::generated::{
        bpf_get_attach_cookie, bpf_get_current_cgroup_id, bpf_get_current_pid_tgid,
        bpf_probe_read_user,
    },
    macros::{map, uprobe},
    maps::LruHashMap,
    programs::{ProbeContext, RetProbeContext},
};
use session::{Key, SESSIONS};

use crate::maps::LEFT_OUT;

/// Threads that are in a call at the same time; an entry that a killed thread left is evicted.
/// The daemon sets the size to 1 where the tier is off.
#[map]
static CALLS: LruHashMap<u64, Call> = LruHashMap::with_max_entries(1 << 15, 0);

/// A call under way, by thread. A call within a call replaces it: of the outer one nothing is told,
/// and it has no socket of its own.
#[repr(C)]
#[derive(Clone, Copy)]
struct Call {
    /// The `SSL` object.
    ssl: u64,
    buffer: u64,
    /// Where the function writes how many bytes it took; 0 if it returns that.
    count: u64,
    /// Stack pointer at the entry of the function.
    frame: u64,
    /// Cookie of the socket that was used, 0 if none was.
    socket: u64,
    /// More than one socket was used: which of them is the session's cannot be told.
    ambiguous: u64,
}

/// A thread enters a function that reads or writes.
#[uprobe]
pub fn tls_called(ctx: ProbeContext) -> u32 {
    // SAFETY: the context of this program.
    unsafe { called(&ctx) };
    0
}

/// It returns.
#[uprobe]
pub fn tls_returned(ctx: ProbeContext) -> u32 {
    // SAFETY: the context of this program.
    unsafe { returned(&RetProbeContext::new(ctx.as_ptr())) };
    0
}

/// An `SSL` object is freed or cleared, or one that holds a reference lets go of it.
#[uprobe]
pub fn tls_let_go(ctx: ProbeContext) -> u32 {
    if let Some(ssl) = ctx.arg::<u64>(0)
        && let Some(session) = SESSIONS.get_ptr_mut(Key::of_current(ssl))
    {
        // SAFETY: a value of the map.
        unsafe { (*session).let_go = 1 };
    }
    0
}

#[inline(always)]
unsafe fn called(ctx: &ProbeContext) -> Option<()> {
    unsafe {
        if LEFT_OUT.get_ptr(bpf_get_current_cgroup_id()).is_some() {
            // What follows once it is wanted again is a new session, as its connection begins anew.
            let _ = SESSIONS.remove(Key::of_current(ctx.arg(0)?));
            return None;
        }
        let site = site(ctx.as_ptr());
        let by_reference = site.flags & site_flag::COUNT_BY_REFERENCE != 0;
        let call = Call {
            ssl: ctx.arg(0)?,
            buffer: ctx.arg(1)?,
            count: if by_reference { ctx.arg(3)? } else { 0 },
            frame: stack_pointer(ctx.regs).wrapping_add(depth(site)),
            socket: 0,
            ambiguous: 0,
        };
        // Can only fail where there is no memory; the call then goes by unseen, and the next one
        // leaves a gap.
        let _ = CALLS.insert(bpf_get_current_pid_tgid(), call, 0);
        Some(())
    }
}

#[inline(always)]
unsafe fn returned(ctx: &RetProbeContext) -> Option<()> {
    unsafe {
        let task = bpf_get_current_pid_tgid();
        let site = site(ctx.as_ptr());
        let call = *CALLS.get_ptr(task)?;
        if call.frame != stack_pointer(ctx.regs).wrapping_add(depth(site)) {
            // The return of an outer call, or of one that began before the probes were there.
            return None;
        }
        let _ = CALLS.remove(task);
        let count = count(ctx, &call);
        let socket = if call.ambiguous == 0 { call.socket } else { 0 };
        let random = call.ssl.wrapping_add(u64::from(site.client_random));
        let random = if site.client_random == 0 { 0 } else { random };
        let session = session::of(Key::of_current(call.ssl), socket, count, random)?;
        if count == 0 {
            return None;
        }
        let direction = if site.flags & site_flag::WRITES != 0 {
            Direction::Egress
        } else {
            Direction::Ingress
        };
        emit::call(&mut *session, direction, site.library, call.buffer, count);
        Some(())
    }
}

/// Bytes that the call took; 0 if it failed.
#[inline(always)]
unsafe fn count(ctx: &RetProbeContext, call: &Call) -> u64 {
    // An `int`: the upper half of the register says nothing.
    let returned = ctx.ret::<u64>() as u32 as i32;
    if returned <= 0 {
        return 0;
    }
    if call.count == 0 {
        return returned as u64;
    }
    let mut count = 0u64;
    let status = unsafe {
        bpf_probe_read_user(
            (&raw mut count).cast(),
            size_of::<u64>() as u32,
            call.count as *const _,
        )
    };
    if status == 0 { count } else { 0 }
}

/// From the stack pointer at the site to that at the entry, bytes.
#[inline(always)]
fn depth(site: Site) -> u64 {
    8 * u64::from(site.depth)
}

#[inline(always)]
unsafe fn site(ctx: *mut core::ffi::c_void) -> Site {
    // SAFETY: the daemon attached with a `Site` as the cookie; any bit pattern is one.
    unsafe { core::mem::transmute(bpf_get_attach_cookie(ctx)) }
}

#[cfg(bpf_target_arch = "x86_64")]
#[inline(always)]
unsafe fn stack_pointer(regs: *const pt_regs) -> u64 {
    // SAFETY: registers that the kernel lends to the program.
    unsafe { (*regs).rsp }
}

#[cfg(bpf_target_arch = "aarch64")]
#[inline(always)]
unsafe fn stack_pointer(regs: *const pt_regs) -> u64 {
    // SAFETY: as above.
    unsafe { (*regs).sp }
}
