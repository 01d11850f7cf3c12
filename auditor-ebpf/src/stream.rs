//! One direction as a byte stream: order first, then framing or the daemon's directive.

use auditor_common::{Counter, Direction, Role};
use aya_ebpf::{bindings::__sk_buff, helpers::generated::bpf_ktime_get_boot_ns};

use crate::{
    connection::{Connection, Flow},
    emit::{self, Piece},
    lock::Lock,
    maps::count,
    packet::Segment,
    phase, scope, unframed, walk,
};

/// Takes the payload of one segment into the flow. While another CPU does that with one before or
/// behind it, the segment is copied beside the flow: the next one finds a gap where it was.
///
/// # Safety
/// All pointers come from the running program and are not null.
#[inline(always)]
pub unsafe fn observe(
    skb: *mut __sk_buff,
    connection: *mut Connection,
    flow: *mut Flow,
    segment: &Segment,
) {
    unsafe {
        let lock = &raw mut (*flow).lock;
        let is_mine = Lock::take(lock);
        let is_done = if is_mine {
            follow(skb, connection, flow, segment) != 0
        } else {
            (*flow).phase == phase::STOPPED
        };
        if !is_done {
            if !is_mine {
                count(Counter::OutOfOrder, 1);
            }
            unframed::copy(skb, connection, flow, segment, !is_mine);
        }
        if is_mine {
            Lock::give_back(lock);
        }
    }
}

/// 0 if the framing is not followed, so that the payload is to be copied.
///
/// A global function: the verifier takes it by itself, once, and not again for each of the states
/// that lead to it. So it does not know either that the pointers are never null.
///
/// # Safety
/// All pointers come from the running program.
#[unsafe(export_name = "follow")]
#[inline(never)]
unsafe extern "C" fn follow(
    skb: *mut __sk_buff,
    connection: *mut Connection,
    flow: *mut Flow,
    segment: *const Segment,
) -> u64 {
    if connection.is_null() || flow.is_null() || segment.is_null() {
        return 1;
    }
    unsafe {
        let segment = &*segment;
        let direction = segment.direction();
        let request = is_request(connection, direction);
        if (*flow).rejoined != 0 {
            scope::rejoin(flow, segment.sequence);
        }
        let gap = segment.sequence.wrapping_sub((*flow).next) as i32;
        let fresh = gap.wrapping_add(segment.length as i32);
        if (*flow).phase < phase::UNFRAMED && fresh <= 0 {
            return 1;
        }
        if gap > 0 && (*flow).phase < phase::UNFRAMED {
            pass_gap(skb, connection, flow, segment, gap as u32, direction);
        }
        let expected = (*flow).next;
        if fresh > 0 {
            (*flow).bytes += fresh as u64;
            (*flow).next = segment.sequence.wrapping_add(segment.length);
        }
        if (*flow).phase == phase::STOPPED {
            if fresh > 0 {
                (*flow).skipped += fresh as u64;
                tell_progress(skb, connection, flow, direction);
            }
            return 1;
        }
        // What was seen before is cut off; ahead of a gap nothing was.
        let trim = if gap < 0 && fresh > 0 {
            gap.unsigned_abs()
        } else {
            0
        };
        if (*flow).phase == phase::UNFRAMED {
            if fresh <= 0 && matches!(direction, Direction::Egress) {
                return 1;
            }
            let sequence = segment.sequence.wrapping_add(trim);
            unframed::obey(skb, flow, direction, sequence, sequence == expected);
            if (*flow).phase == phase::STOPPED {
                return 1;
            }
            if (*flow).phase == phase::UNFRAMED {
                return 0;
            }
        }
        walk::segment(
            skb,
            connection,
            flow,
            walk::Range {
                offset: segment.payload + trim,
                end: segment.payload + segment.length,
                sequence: segment.sequence.wrapping_add(trim),
            },
            direction,
            request,
        );
        1
    }
}

/// # Safety
/// `connection` is valid.
#[inline(always)]
pub unsafe fn is_request(connection: *mut Connection, direction: Direction) -> bool {
    // SAFETY: a value of the connection storage.
    let role = unsafe { (*connection).role };
    match direction {
        Direction::Ingress => role == Role::Passive as u8,
        Direction::Egress => role == Role::Active as u8,
    }
}

/// Bytes of a body or of skipped payload may come in any order, since only their number matters; anywhere else the
/// framing is lost until the daemon has put the stream in order.
#[inline(always)]
unsafe fn pass_gap(
    skb: *mut __sk_buff,
    connection: *mut Connection,
    flow: *mut Flow,
    segment: &Segment,
    gap: u32,
    direction: Direction,
) {
    unsafe {
        let phase = (*flow).phase;
        let in_body =
            (phase == phase::BODY || phase == phase::CHUNK_DATA || phase == phase::FRAME_SKIP)
                && (*flow).left >= gap as u64 + segment.length as u64;
        if in_body {
            (*flow).left -= gap as u64;
        }
        if in_body || phase == phase::UNTIL_CLOSE {
            (*flow).skipped += gap as u64;
            return;
        }
        count(Counter::OutOfOrder, 1);
        if (*flow).skipped != 0 {
            mark(skb, connection, flow, direction);
        }
        unframed::begin(flow);
    }
}

/// Tells now and then how far a direction has come of which nothing is copied.
#[inline(always)]
unsafe fn tell_progress(
    skb: *mut __sk_buff,
    connection: *mut Connection,
    flow: *mut Flow,
    direction: Direction,
) {
    unsafe {
        if (*flow).skipped >= walk::PROGRESS_BYTES
            || bpf_ktime_get_boot_ns() - (*flow).event_ns > walk::PROGRESS_NS
        {
            mark(skb, connection, flow, direction);
        }
    }
}

/// Tells of skipped bytes without copying any.
///
/// A function of its own: its piece shall not weigh on the stack of the common path.
#[inline(never)]
unsafe fn mark(
    skb: *mut __sk_buff,
    connection: *mut Connection,
    flow: *mut Flow,
    direction: Direction,
) {
    unsafe {
        let marker = Piece {
            offset: 0,
            length: 0,
            sequence: (*flow).next,
            skipped_after: 0,
            starts: 0,
            messages: (*flow).messages,
            flags: 0,
            direction: direction as u8,
            request: 0,
            aside: 0,
            reserved: [0; 3],
        };
        emit::data(skb, connection, flow, &marker);
    }
}
