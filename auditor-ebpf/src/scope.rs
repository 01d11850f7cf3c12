//! Workloads nothing of which is in scope. Their payload is passed by before anything of a packet is
//! read; that their connections open and close is still told, because others are at the far end.

use auditor_common::Counter;
use aya_ebpf::bindings::bpf_sock;

use crate::{
    connection::{Connection, Flow},
    maps::{CONNECTIONS, LEFT_OUT, SCOPE_VERSION, count},
    phase, unframed,
};

/// Nothing of the payload of a connection that was seen before is wanted. Its control group is looked
/// up when the daemon has changed its mind about any since the last time.
///
/// # Safety
/// `sk` is a socket pointer that the verifier accepts.
#[inline(always)]
pub unsafe fn is_left_out(sk: *mut bpf_sock) -> bool {
    unsafe {
        let connection = CONNECTIONS.get(sk.cast());
        if connection.is_null() || (*connection).announced == 0 || (*connection).cgroup_id == 0 {
            return false;
        }
        let Some(version) = SCOPE_VERSION.get(0) else {
            return false;
        };
        if (*connection).scope_version != *version {
            (*connection).scope_version = *version;
            judge(connection);
        }
        (*connection).left_out != 0
    }
}

#[inline(always)]
unsafe fn judge(connection: *mut Connection) {
    unsafe {
        let before = (*connection).left_out != 0;
        let now = LEFT_OUT.get_ptr((*connection).cgroup_id).is_some();
        (*connection).left_out = now as u8;
        if now && !before {
            count(Counter::ConnectionsLeftOut, 1);
        }
        if before && !now {
            (*connection).flows[0].rejoined = 1;
            (*connection).flows[1].rejoined = 1;
        }
    }
}

/// Goes on with a flow that was left out, at a segment that begins with number `sequence`: what was
/// passed by counts as lost.
///
/// # Safety
/// `flow` is valid.
#[inline(always)]
pub unsafe fn rejoin(flow: *mut Flow, sequence: u32) {
    unsafe {
        (*flow).rejoined = 0;
        (*flow).next = sequence;
        (*flow).lost += 1;
        if (*flow).phase < phase::UNFRAMED {
            unframed::begin(flow);
        }
    }
}
