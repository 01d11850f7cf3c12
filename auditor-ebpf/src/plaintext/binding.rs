//! Which socket a call uses.

use core::ffi::c_void;

use aya_ebpf::{
    bindings::pt_regs,
    helpers::generated::{
        bpf_get_current_pid_tgid, bpf_get_current_task_btf, bpf_get_socket_cookie, bpf_task_pt_regs,
    },
    macros::btf_tracepoint,
    programs::BtfTracePointContext,
};

use super::{CALLS, stack_pointer};
use crate::maps::CONNECTIONS;

/// How far below the frame of the call its system calls may be. Stacks of coroutines, which may
/// use other sockets while the call waits, are elsewhere; what TLS libraries need is far less.
const MAX_STACK: u64 = 64 * 1024;

#[btf_tracepoint(function = "sock_send_length")]
pub fn socket_sent(ctx: BtfTracePointContext) -> i32 {
    // SAFETY: the first argument is the socket.
    unsafe { used(ctx.arg(0)) };
    0
}

#[btf_tracepoint(function = "sock_recv_length")]
pub fn socket_received(ctx: BtfTracePointContext) -> i32 {
    // SAFETY: as above.
    unsafe { used(ctx.arg(0)) };
    0
}

#[inline(always)]
unsafe fn used(sk: *mut c_void) -> Option<()> {
    unsafe {
        let call = CALLS.get_ptr_mut(bpf_get_current_pid_tgid())?;
        let regs = bpf_task_pt_regs(bpf_get_current_task_btf()) as *const pt_regs;
        // An older call's entry, of which the return was not seen, would be found here too.
        let below = (*call).frame.wrapping_sub(stack_pointer(regs));
        if below > MAX_STACK {
            return None;
        }
        let connection = CONNECTIONS.get(sk);
        if connection.is_null() || (*connection).announced == 0 || (*connection).released != 0 {
            // No TCP connection, or one that is not looked at.
            return None;
        }
        let cookie = bpf_get_socket_cookie(sk);
        if (*call).socket == 0 {
            (*call).socket = cookie;
        } else if (*call).socket != cookie {
            (*call).ambiguous = 1;
        }
        Some(())
    }
}
