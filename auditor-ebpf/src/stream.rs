//! One direction as a byte stream: order first, then framing or the daemon's directive.

use auditor_common::{Counter, Direction, FlowDirective, MAX_CAPTURE, Role, data_flag};
use aya_ebpf::{
    bindings::__sk_buff,
    helpers::generated::{bpf_get_socket_cookie, bpf_ktime_get_boot_ns, bpf_skb_load_bytes},
};

use crate::{
    connection::{Connection, FRAMES_ALLOWANCE, Flow, UNFRAMED_ALLOWANCE},
    emit::{self, Piece},
    maps::{DIRECTIVES, count},
    packet::Segment,
    phase, walk,
};

/// Copied of each segment once the allowance of an unframed direction is used up.
const UNFRAMED_MINIMUM: u32 = 1024;

/// Takes the payload of one segment into the flow.
///
/// # Safety
/// All pointers come from the running program and are not null.
#[inline(always)]
pub unsafe fn observe(
    skb: *mut __sk_buff,
    connection: *mut Connection,
    flow: *mut Flow,
    segment: &Segment,
    direction: Direction,
) {
    unsafe {
        let request = is_request(connection, direction);
        let gap = segment.sequence.wrapping_sub((*flow).next) as i32;
        let fresh = gap.wrapping_add(segment.length as i32);
        if (*flow).phase < phase::UNFRAMED && fresh <= 0 {
            return;
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
            return;
        }
        // What was seen before is cut off; ahead of a gap nothing was.
        let trim = if gap < 0 && fresh > 0 {
            gap.unsigned_abs()
        } else {
            0
        };
        if (*flow).phase == phase::UNFRAMED {
            if fresh <= 0 && matches!(direction, Direction::Egress) {
                return;
            }
            let sequence = segment.sequence.wrapping_add(trim);
            obey(skb, flow, direction, sequence, sequence == expected);
            if (*flow).phase == phase::STOPPED {
                return;
            }
            if (*flow).phase == phase::UNFRAMED {
                copy_unframed(skb, connection, flow, segment, direction, request);
                return;
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
    }
}

#[inline(always)]
unsafe fn is_request(connection: *mut Connection, direction: Direction) -> bool {
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
        unframe(flow);
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
#[inline(always)]
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
        };
        emit::data(skb, connection, flow, &marker);
    }
}

/// Stops following the framing of a flow.
///
/// # Safety
/// `flow` is valid.
#[inline(always)]
pub unsafe fn unframe(flow: *mut Flow) {
    unsafe {
        (*flow).allowance = if phase::is_in_frames((*flow).phase) {
            FRAMES_ALLOWANCE
        } else {
            UNFRAMED_ALLOWANCE
        };
        (*flow).phase = phase::UNFRAMED;
        (*flow).line_length = 0;
        (*flow).long_line = 0;
        (*flow).framing = 0;
        (*flow).left = 0;
    }
}

/// Acts on a directive that has not been acted on yet.
#[inline(always)]
unsafe fn obey(
    skb: *mut __sk_buff,
    flow: *mut Flow,
    direction: Direction,
    sequence: u32,
    in_order: bool,
) {
    unsafe {
        let cookie = bpf_get_socket_cookie(skb.cast());
        let Some(directive) = DIRECTIVES.get_ptr(&cookie) else {
            return;
        };
        let FlowDirective {
            skip,
            sequence: from,
            version,
            action,
            messages,
        } = (*directive).flows[direction as usize];
        if version == (*flow).directive {
            return;
        }
        if action == FlowDirective::STOP {
            (*flow).directive = version;
            (*flow).phase = phase::STOPPED;
            return;
        }
        let frames = action == FlowDirective::FRAMES;
        if frames || action == FlowDirective::RESUME {
            if !in_order {
                return;
            }
            let passed = sequence.wrapping_sub(from) as i32;
            if passed >= 0 && passed as u64 <= skip {
                (*flow).messages = messages;
                (*flow).left = skip - passed as u64;
                (*flow).phase = match ((*flow).left == 0, frames) {
                    (true, false) => phase::START,
                    (false, false) => phase::BODY,
                    (true, true) => phase::FRAME,
                    (false, true) => phase::FRAME_SKIP,
                };
            }
        }
        (*flow).directive = version;
        (*flow).allowance = if frames {
            FRAMES_ALLOWANCE
        } else {
            UNFRAMED_ALLOWANCE
        };
    }
}

#[inline(always)]
unsafe fn copy_unframed(
    skb: *mut __sk_buff,
    connection: *mut Connection,
    flow: *mut Flow,
    segment: &Segment,
    direction: Direction,
    request: bool,
) {
    unsafe {
        let bound = (*flow)
            .allowance
            .clamp(UNFRAMED_MINIMUM, MAX_CAPTURE as u32);
        let length = segment.length.min(bound);
        (*flow).allowance = (*flow).allowance.saturating_sub(length);
        let mut first = 0u8;
        bpf_skb_load_bytes(skb.cast(), segment.payload, (&raw mut first).cast(), 1);
        let piece = Piece {
            offset: segment.payload,
            length,
            sequence: segment.sequence,
            skipped_after: segment.length - length,
            starts: (request && first.is_ascii_uppercase()) as u32,
            messages: (*flow).messages,
            flags: data_flag::UNFRAMED
                | if length < segment.length {
                    data_flag::TRUNCATED
                } else {
                    0
                },
            direction: direction as u8,
            request: request as u8,
        };
        emit::data(skb, connection, flow, &piece);
    }
}
