//! Follows the framing of HTTP/1 through a segment, only as far as needed to copy less; where it
//! turns out to be HTTP/2, [`frame`] goes on, and where it begins with a TLS record, [`tls`].
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
    connection::{Connection, Cursor, Flow},
    emit::{self, Piece},
    frame, line,
    maps::count,
    phase::{self, Phase},
    tls, unframed,
};

/// Lines and bodies followed in one segment, so that no segment costs more than some tens of
/// microseconds.
const MAX_STEPS: u32 = 1024;
/// A body this short between two heads is copied with them: cheaper than a second event.
const COALESCE: u32 = 256;
/// An ongoing body tells of its progress after so many bytes or so much time.
pub const PROGRESS_BYTES: u64 = 4 << 20;
pub const PROGRESS_NS: u64 = 5_000_000_000;
/// `Cursor::from` when nothing is to be copied.
pub const NOTHING: u32 = u32::MAX;

/// Payload of a segment, as offsets into the packet.
pub struct Range {
    pub offset: u32,
    pub end: u32,
    pub sequence: u32,
}

/// A walk through one segment. The numbers live in the flow, see [`Cursor`].
#[repr(C)]
pub struct Walk {
    pub skb: *mut __sk_buff,
    pub connection: *mut Connection,
    pub flow: *mut Flow,
}

impl Walk {
    #[inline(always)]
    pub fn cursor(&self) -> *mut Cursor {
        // SAFETY: the flow outlives the walk.
        unsafe { &raw mut (*self.flow).cursor }
    }
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
        let cursor = &raw mut (*flow).cursor;
        (*cursor).offset = range.offset;
        (*cursor).end = range.end;
        (*cursor).from = NOTHING;
        (*cursor).base = range.sequence.wrapping_sub(range.offset);
        (*cursor).starts = 0;
        (*cursor).messages = 0;
        (*cursor).flags = 0;
        (*cursor).direction = direction as u8;
        (*cursor).request = request as u8;
        let mut walk = Walk {
            skb,
            connection,
            flow,
        };
        if (*flow).bytes == (range.end - range.offset) as u64 {
            frame::expect_server_preface(skb, connection, flow);
            tls::expect(skb, connection, flow);
        }
        if (*flow).phase < phase::FRAME {
            bpf_loop(MAX_STEPS, step as *mut _, (&raw mut walk).cast(), 0);
        }
        if frame::is_switched(flow) && (*cursor).offset < (*cursor).end {
            frame::expect_server_preface(skb, connection, flow);
            if (*flow).phase == phase::START {
                unframed::begin(flow);
            }
        }
        if phase::is_in_frames((*flow).phase) {
            let frames = frame::step as *mut _;
            bpf_loop(frame::MAX_STEPS, frames, (&raw mut walk).cast(), 0);
        }
        if phase::is_in_records((*flow).phase) {
            let records = tls::step as *mut _;
            bpf_loop(tls::MAX_STEPS, records, (&raw mut walk).cast(), 0);
        }
        finish(&mut walk);
    }
}

/// One line or one stretch of body. Returns 1 to end the loop.
unsafe extern "C" fn step(_index: u64, walk: *mut Walk) -> i64 {
    unsafe {
        let flow = (*walk).flow;
        let cursor = (*walk).cursor();
        if (*cursor).offset >= (*cursor).end {
            return 1;
        }
        let now = (*flow).phase;
        if now == phase::BODY || now == phase::CHUNK_DATA {
            return pass_body(walk, now);
        }
        if now == phase::UNTIL_CLOSE {
            let rest = (*cursor).end - (*cursor).offset;
            pass_over(walk, rest);
            return 1;
        }
        if now >= phase::FRAME || frame::is_switched(flow) {
            return 1;
        }
        if (*cursor).from == NOTHING {
            (*cursor).from = (*cursor).offset;
            (*cursor).messages = (*flow).messages;
            (*cursor).flags = if now == phase::START && (*flow).line_length == 0 {
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
        let cursor = (*walk).cursor();
        let rest = (*cursor).end - (*cursor).offset;
        let n = if (*flow).left < rest as u64 {
            (*flow).left as u32
        } else {
            rest
        };
        (*flow).left -= n as u64;
        pass_over(walk, n);
        if (*flow).left == 0 {
            (*flow).phase = if now == phase::BODY {
                phase::START
            } else {
                phase::CHUNK_SIZE
            };
        }
        0
    }
}

/// Moves over `n` bytes that need not be copied.
///
/// # Safety
/// `walk` is valid and so many bytes are left in its segment.
#[inline(always)]
pub unsafe fn pass_over(walk: *mut Walk, n: u32) {
    unsafe {
        let cursor = (*walk).cursor();
        let rest = (*cursor).end - (*cursor).offset;
        if (*cursor).from == NOTHING {
            (*(*walk).flow).skipped += n as u64;
        } else if n > COALESCE
            || n == rest
            || (*cursor).offset - (*cursor).from > MAX_CAPTURE as u32 / 2
        {
            flush(walk, n);
        }
        (*cursor).offset += n;
    }
}

/// Emits what is to be copied; `skipped_after` bytes behind it are not.
///
/// # Safety
/// `walk` is valid.
#[inline(always)]
pub unsafe fn flush(walk: *mut Walk, skipped_after: u32) {
    unsafe {
        let cursor = (*walk).cursor();
        let piece = Piece {
            offset: (*cursor).from,
            length: (*cursor).offset - (*cursor).from,
            sequence: (*cursor).base.wrapping_add((*cursor).from),
            skipped_after,
            starts: (*cursor).starts,
            messages: (*cursor).messages,
            flags: (*cursor).flags,
            direction: (*cursor).direction,
            request: (*cursor).request,
            aside: 0,
            reserved: [0; 3],
        };
        emit::data((*walk).skb, (*walk).connection, (*walk).flow, &piece);
        (*cursor).from = NOTHING;
        (*cursor).starts = 0;
        (*cursor).flags = 0;
    }
}

#[inline(always)]
unsafe fn finish(walk: *mut Walk) {
    unsafe {
        let flow = (*walk).flow;
        let cursor = (*walk).cursor();
        let mut skipped_after = 0;
        if (*cursor).offset < (*cursor).end {
            if (*flow).phase < phase::UNFRAMED {
                count(Counter::LineLimit, 1);
                unframed::begin(flow);
            }
            // The daemon shall see the rest, as far as one event carries.
            if (*cursor).from == NOTHING {
                (*cursor).from = (*cursor).offset;
                (*cursor).messages = (*flow).messages;
            }
            let bound = (*cursor).from + MAX_CAPTURE as u32;
            let reach = if (*cursor).end < bound {
                (*cursor).end
            } else {
                bound
            };
            if (*cursor).offset < reach {
                (*cursor).offset = reach;
            }
            skipped_after = (*cursor).end - (*cursor).offset;
            (*cursor).flags |= data_flag::UNFRAMED;
            if skipped_after != 0 {
                (*cursor).flags |= data_flag::TRUNCATED;
            }
        }
        if (*cursor).from != NOTHING {
            let in_head = (*flow).phase == phase::HEADERS || (*flow).phase == phase::START;
            if in_head && (*flow).head_bytes > 2 * MAX_CAPTURE as u32 {
                // Enough of this head was copied; what is still to come of it is passed over.
                count(Counter::HeadOversize, 1);
                (*flow).skipped += ((*cursor).offset - (*cursor).from) as u64;
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
            (*cursor).from = (*cursor).offset;
            (*cursor).messages = (*flow).messages;
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
        let cursor = (*walk).cursor();
        if (*cursor).request == 0 || (*(*walk).connection).early != 0 {
            return;
        }
        (*cursor).starts += 1;
        if (*(*walk).connection).role == Role::Passive as u8 {
            count(Counter::InboundRequestsSeen, 1);
        } else {
            count(Counter::OutboundRequestsSeen, 1);
        }
    }
}
