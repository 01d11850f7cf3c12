//! A direction whose framing is not followed: it is copied within bounds until the daemon says how
//! it goes on.

use auditor_common::{Direction, FlowDirective, MAX_CAPTURE, data_flag};
use aya_ebpf::{
    bindings::__sk_buff,
    helpers::generated::{bpf_get_socket_cookie, bpf_loop, bpf_skb_load_bytes},
};

use crate::{
    connection::{Connection, Flow},
    emit::{self, Piece},
    maps::DIRECTIVES,
    packet::Segment,
    phase,
    stream::is_request,
};

/// Payload bytes copied until the daemon speaks.
const ALLOWANCE: u32 = 256 * 1024;
/// The same of frames: it is more, because what header compression lacks once is lacking to the
/// end of the connection.
const FRAMES_ALLOWANCE: u32 = 4 * 1024 * 1024;
/// Copied of each segment once the allowance is used up.
const MINIMUM: u32 = 1024;
/// Pieces of one segment: more than the largest there are.
const MAX_PIECES: u32 = 64;

/// Stops following the framing of a flow.
///
/// # Safety
/// `flow` is valid.
#[inline(always)]
pub unsafe fn begin(flow: *mut Flow) {
    unsafe {
        (*flow).frames |= phase::is_in_frames((*flow).phase) as u8;
        (*flow).phase = phase::UNFRAMED;
        (*flow).line_length = 0;
        (*flow).long_line = 0;
        (*flow).framing = 0;
        (*flow).left = 0;
        allow(flow);
    }
}

/// What is not followed of a flow is frames, as the other direction shows.
///
/// # Safety
/// `flow` is valid.
#[inline(always)]
pub unsafe fn expect_frames(flow: *mut Flow) {
    unsafe {
        if (*flow).phase == phase::UNFRAMED {
            (*flow).frames = 1;
            allow(flow);
        }
    }
}

#[inline(always)]
unsafe fn allow(flow: *mut Flow) {
    unsafe {
        (*flow).allowance = if (*flow).frames == 0 {
            ALLOWANCE
        } else {
            FRAMES_ALLOWANCE
        };
    }
}

/// Acts on a directive that has not been acted on yet.
///
/// # Safety
/// All pointers come from the running program and are not null.
#[inline(always)]
pub unsafe fn obey(
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
        (*flow).frames |= frames as u8;
        (*flow).directive = version;
        allow(flow);
    }
}

/// What of a segment is still to be copied.
///
/// Not in the flow as [`Cursor`](crate::connection::Cursor) is: a segment overtakes another where
/// two CPUs have them at the same time, and just then this runs.
#[repr(C)]
struct Rest {
    skb: *mut __sk_buff,
    connection: *mut Connection,
    flow: *mut Flow,
    offset: u32,
    length: u32,
    sequence: u32,
    starts: u32,
    direction: u8,
    request: u8,
    aside: u8,
}

/// Copies a segment: what one event carries of it, or all of it where it is frames or beside the
/// flow, as no allowance is for that.
///
/// A global function, for the reason that [`follow`](crate::stream) is one.
///
/// # Safety
/// All pointers come from the running program.
#[unsafe(export_name = "copy_unframed")]
#[inline(never)]
pub unsafe extern "C" fn copy(
    skb: *mut __sk_buff,
    connection: *mut Connection,
    flow: *mut Flow,
    segment: *const Segment,
    aside: bool,
) -> u64 {
    if connection.is_null() || flow.is_null() || segment.is_null() {
        return 0;
    }
    unsafe {
        let segment = &*segment;
        let direction = segment.direction();
        let request = is_request(connection, direction);
        let mut first = 0u8;
        bpf_skb_load_bytes(skb.cast(), segment.payload, (&raw mut first).cast(), 1);
        let mut rest = Rest {
            skb,
            connection,
            flow,
            offset: segment.payload,
            length: segment.length,
            sequence: segment.sequence,
            starts: (request && first.is_ascii_uppercase()) as u32,
            direction: direction as u8,
            request: request as u8,
            aside: aside as u8,
        };
        bpf_loop(MAX_PIECES, step as *mut _, (&raw mut rest).cast(), 0);
    }
    0
}

/// One piece. Returns 1 to end the loop.
unsafe extern "C" fn step(_index: u64, rest: *mut Rest) -> i64 {
    unsafe {
        let flow = (*rest).flow;
        let aside = (*rest).aside != 0;
        let allowance = if aside { u32::MAX } else { (*flow).allowance };
        let bound = allowance.clamp(MINIMUM, MAX_CAPTURE as u32);
        let length = (*rest).length.min(bound);
        let allowance = allowance.saturating_sub(length);
        if !aside {
            (*flow).allowance = allowance;
        }
        (*rest).length -= length;
        let whole = aside || (*flow).frames != 0;
        let goes_on = (*rest).length != 0 && whole && allowance != 0;
        let skipped_after = if goes_on { 0 } else { (*rest).length };
        let mut flags = data_flag::UNFRAMED;
        if skipped_after != 0 {
            flags |= data_flag::TRUNCATED;
        }
        if (*flow).frames != 0 {
            flags |= data_flag::FRAMES;
        }
        let piece = Piece {
            offset: (*rest).offset,
            length,
            sequence: (*rest).sequence,
            skipped_after,
            starts: (*rest).starts,
            messages: (*flow).messages,
            flags,
            direction: (*rest).direction,
            request: (*rest).request,
            aside: (*rest).aside,
            reserved: [0; 3],
        };
        emit::data((*rest).skb, (*rest).connection, flow, &piece);
        (*rest).offset += length;
        (*rest).sequence = (*rest).sequence.wrapping_add(length);
        (*rest).starts = 0;
        !goes_on as i64
    }
}
