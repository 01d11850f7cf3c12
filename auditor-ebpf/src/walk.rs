//! Follows the framing of HTTP/1 through a segment, only as far as needed to copy less.
//!
//! Heads, chunk-size lines and trailers are copied, bodies are passed over. Whatever is not plain
//! (two lengths, a folded line, an unknown coding, an upgrade) ends the walk: the direction
//! becomes unframed and the daemon, which parses for real, decides.

use auditor_common::{Counter, Direction, MAX_CAPTURE, Role, data_flag};
use aya_ebpf::{
    bindings::__sk_buff,
    helpers::generated::{bpf_ktime_get_boot_ns, bpf_loop},
};

use crate::{
    connection::{Connection, Flow},
    emit::{self, Piece},
    line,
    maps::count,
    phase::{self, Phase},
    stream::unframe,
};

/// Lines and bodies followed in one segment, so that no segment costs more than some tens of
/// microseconds.
const MAX_STEPS: u32 = 1024;
/// A body this short between two heads is copied with them: cheaper than a second event.
const COALESCE: u32 = 256;
/// An ongoing body tells of its progress after so many bytes or so much time.
const PROGRESS_BYTES: u64 = 4 << 20;
const PROGRESS_NS: u64 = 5_000_000_000;
/// `Walk::from` when nothing is to be copied.
const NOTHING: u32 = u32::MAX;

/// Payload of a segment, as offsets into the packet.
pub struct Range {
    pub offset: u32,
    pub end: u32,
    pub sequence: u32,
}

/// A walk through one segment.
#[repr(C)]
pub struct Walk {
    pub skb: *mut __sk_buff,
    pub connection: *mut Connection,
    pub flow: *mut Flow,
    /// Next byte to look at.
    pub offset: u32,
    pub end: u32,
    /// First byte to copy, or `NOTHING`.
    from: u32,
    /// Sequence number of packet offset 0, whatever stands there.
    base: u32,
    /// Message starts since `from`.
    pub starts: u32,
    flags: u16,
    direction: u8,
    pub request: u8,
}

/// Walks through a segment that continues the flow without a gap.
///
/// # Safety
/// All pointers come from the running program and are not null.
#[inline(always)]
pub unsafe fn segment(
    skb: *mut __sk_buff,
    connection: *mut Connection,
    flow: *mut Flow,
    range: Range,
    direction: Direction,
    request: bool,
) {
    unsafe {
        let mut walk = Walk {
            skb,
            connection,
            flow,
            offset: range.offset,
            end: range.end,
            from: NOTHING,
            base: range.sequence.wrapping_sub(range.offset),
            starts: 0,
            flags: 0,
            direction: direction as u8,
            request: request as u8,
        };
        bpf_loop(MAX_STEPS, step as *mut _, (&raw mut walk).cast(), 0);
        finish(&mut walk);
    }
}

/// One line or one stretch of body. Returns 1 to end the loop.
unsafe extern "C" fn step(_index: u64, walk: *mut Walk) -> i64 {
    unsafe {
        let flow = (*walk).flow;
        if (*walk).offset >= (*walk).end {
            return 1;
        }
        let now = (*flow).phase;
        if now == phase::BODY || now == phase::CHUNK_DATA {
            return pass_body(walk, now);
        }
        if now == phase::UNTIL_CLOSE {
            let rest = (*walk).end - (*walk).offset;
            pass_over(walk, rest);
            return 1;
        }
        if now >= phase::UNFRAMED {
            return 1;
        }
        if (*walk).from == NOTHING {
            (*walk).from = (*walk).offset;
            (*walk).flags = if now == phase::START && (*flow).line_length == 0 {
                data_flag::MESSAGE_START
            } else {
                0
            };
        }
        line::step(walk)
    }
}

#[inline(always)]
unsafe fn pass_body(walk: *mut Walk, now: Phase) -> i64 {
    unsafe {
        let flow = (*walk).flow;
        let rest = (*walk).end - (*walk).offset;
        let n = if (*flow).left < rest as u64 { (*flow).left as u32 } else { rest };
        (*flow).left -= n as u64;
        pass_over(walk, n);
        if (*flow).left == 0 {
            (*flow).phase = if now == phase::BODY { phase::START } else { phase::CHUNK_SIZE };
        }
        0
    }
}

/// Moves over `n` bytes that need not be copied.
#[inline(always)]
unsafe fn pass_over(walk: *mut Walk, n: u32) {
    unsafe {
        let rest = (*walk).end - (*walk).offset;
        if (*walk).from == NOTHING {
            (*(*walk).flow).skipped += n as u64;
        } else if n > COALESCE || n == rest || (*walk).offset - (*walk).from > MAX_CAPTURE as u32 / 2
        {
            flush(walk, n);
        }
        (*walk).offset += n;
    }
}

/// Emits what is to be copied; `skipped_after` bytes behind it are not.
#[inline(always)]
unsafe fn flush(walk: *mut Walk, skipped_after: u32) {
    unsafe {
        let piece = Piece {
            offset: (*walk).from,
            length: (*walk).offset - (*walk).from,
            sequence: (*walk).base.wrapping_add((*walk).from),
            skipped_after,
            starts: (*walk).starts,
            flags: (*walk).flags,
            direction: (*walk).direction,
            request: (*walk).request,
        };
        emit::data((*walk).skb, (*walk).connection, (*walk).flow, &piece);
        (*walk).from = NOTHING;
        (*walk).starts = 0;
        (*walk).flags = 0;
    }
}

#[inline(always)]
unsafe fn finish(walk: *mut Walk) {
    unsafe {
        let flow = (*walk).flow;
        let mut skipped_after = 0;
        if (*walk).offset < (*walk).end {
            if (*flow).phase < phase::UNFRAMED {
                count(Counter::LineLimit, 1);
                unframe(flow);
            }
            // The daemon shall see the rest, as far as one event carries.
            if (*walk).from == NOTHING {
                (*walk).from = (*walk).offset;
            }
            let bound = (*walk).from + MAX_CAPTURE as u32;
            let reach = if (*walk).end < bound { (*walk).end } else { bound };
            if (*walk).offset < reach {
                (*walk).offset = reach;
            }
            skipped_after = (*walk).end - (*walk).offset;
            (*walk).flags |= data_flag::UNFRAMED;
            if skipped_after != 0 {
                (*walk).flags |= data_flag::TRUNCATED;
            }
        }
        if (*walk).from != NOTHING {
            let in_head = (*flow).phase == phase::HEADERS || (*flow).phase == phase::START;
            if in_head && (*flow).head_bytes > 2 * MAX_CAPTURE as u32 {
                // Enough of this head was copied; what is still to come of it is passed over.
                count(Counter::HeadOversize, 1);
                (*flow).skipped += ((*walk).offset - (*walk).from) as u64;
                return;
            }
            flush(walk, skipped_after);
            return;
        }
        if (*flow).skipped == 0 {
            return;
        }
        let ended = (*flow).phase == phase::START;
        if ended
            || (*flow).skipped >= PROGRESS_BYTES
            || bpf_ktime_get_boot_ns() - (*flow).event_ns > PROGRESS_NS
        {
            (*walk).from = (*walk).offset;
            flush(walk, 0);
        }
    }
}

/// Counts a message start.
///
/// # Safety
/// `walk` is valid.
#[inline(always)]
pub unsafe fn count_start(walk: *mut Walk) {
    unsafe {
        if (*walk).request == 0 {
            return;
        }
        (*walk).starts += 1;
        if (*(*walk).connection).role == Role::Passive as u8 {
            count(Counter::InboundRequestsSeen, 1);
        } else {
            count(Counter::OutboundRequestsSeen, 1);
        }
    }
}
