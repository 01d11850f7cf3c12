//! Follows HTTP/2 from frame to frame (RFC 9113), only as far as needed to copy less.
//!
//! Copied is what header compression and the course of streams depend on; of DATA only what tells
//! its length. Nothing is judged here: the daemon does, and a peer that sends nonsense only
//! decides what is copied of it.

use auditor_common::{Counter, MAX_CAPTURE, data_flag};
use aya_ebpf::{bindings::__sk_buff, helpers::generated::bpf_skb_load_bytes};

use crate::{
    bound::{below64, clamp},
    connection::{Connection, Flow},
    maps::count,
    phase, unframed,
    walk::{NOTHING, Walk, count_start, pass_over},
};

/// Frames followed in one segment: all that 64 KiB can hold.
pub const MAX_STEPS: u32 = 8192;
/// Length of a frame header (RFC 9113, 4.1).
const HEADER: usize = 9;
/// What is left of the connection preface after its first line: an empty line, "SM", another.
const PREFACE_REST: u64 = 8;
/// Copied of a header block, and of any other frame: as much as common servers accept.
const MAX_BLOCK: u32 = 64 * 1024;
/// Copied of a DATA payload: in so many bytes a gRPC message says its length.
const DATA_BEGINNING: u32 = 5;
/// Payload copied in one step, so that a piece never exceeds what one event carries.
const MAX_STEP_BYTES: u32 = MAX_CAPTURE as u32 / 4;

/// The status after whose head the server speaks another protocol (RFC 9110, 15.2.2).
pub const SWITCHING_PROTOCOLS: u32 = 101;

/// Frame types.
const DATA: u8 = 0;
const HEADERS: u8 = 1;
const RST_STREAM: u8 = 3;
const SETTINGS: u8 = 4;
const PUSH_PROMISE: u8 = 5;
const GOAWAY: u8 = 7;
const CONTINUATION: u8 = 9;
/// Flag of DATA: a byte before the content says how much padding follows it.
const PADDED: u8 = 8;

/// The first line of the connection preface was read: frames follow the rest of it. Of the other
/// direction that says nothing yet, because a server that knows only HTTP/1 answers in it; but
/// after an upgrade it has agreed.
///
/// # Safety
/// `walk` is valid and its line is complete.
#[inline(always)]
pub unsafe fn begin(walk: *mut Walk) {
    unsafe {
        let flow = (*walk).flow;
        let cursor = (*walk).cursor();
        (*flow).phase = phase::FRAME_PAYLOAD;
        (*flow).left = PREFACE_REST;
        (*flow).unwanted = 0;
        if (*flow).messages != 0 {
            // The request that asked for the upgrade is stream 1.
            (*flow).messages = 1;
            let answering = ((*cursor).direction ^ 1) & 1;
            unframed::expect_frames(&raw mut (*(*walk).connection).flows[answering as usize]);
        }
        (*cursor).flags |= data_flag::FRAMES;
    }
}

/// The next byte of a response direction is the first after a switch of protocols.
///
/// # Safety
/// `flow` is valid.
#[inline(always)]
pub unsafe fn is_switched(flow: *mut Flow) -> bool {
    unsafe { (*flow).phase == phase::START && (*flow).status == SWITCHING_PROTOCOLS }
}

/// Follows a direction in frames whose next bytes are the header of a SETTINGS frame: a server
/// begins with one, perhaps before it has read anything. No message of HTTP/1 begins with a zero.
/// Then the requests are frames, too, whatever was missed of them.
///
/// A function of its own, so that the verifier does not follow what comes after it twice.
///
/// # Safety
/// All pointers come from the running program and are not null.
#[inline(never)]
pub unsafe fn expect_server_preface(
    skb: *mut __sk_buff,
    connection: *mut Connection,
    flow: *mut Flow,
) {
    const FIXED: u64 = u64::from_le_bytes([255, 0, 0, 255, 255, 255, 255, 255]);
    const NO_FLAGS: u64 = u64::from_le_bytes([0, 0, 0, SETTINGS, 0, 0, 0, 0]);
    unsafe {
        let mut words = [0u64; 2];
        let to = (&raw mut words).cast();
        let offset = (*flow).cursor.offset;
        if (*flow).cursor.request != 0
            || (*flow).phase != phase::START
            || bpf_skb_load_bytes(skb.cast(), offset, to, HEADER as u32) != 0
        {
            return;
        }
        let length = u16::from_be((words[0] >> 8) as u16);
        if words[0] & FIXED == NO_FLAGS && words[1] == 0 && length % 6 == 0 {
            (*flow).phase = phase::FRAME;
            let asking = ((*flow).cursor.direction ^ 1) & 1;
            unframed::expect_frames(&raw mut (*connection).flows[asking as usize]);
        }
    }
}

/// One frame, or what of it lies in the segment. Returns 1 to end the loop.
///
/// # Safety
/// `walk` is valid.
pub unsafe extern "C" fn step(_index: u64, walk: *mut Walk) -> i64 {
    unsafe {
        let flow = (*walk).flow;
        let cursor = (*walk).cursor();
        if (*cursor).offset >= (*cursor).end || !phase::is_in_frames((*flow).phase) {
            return 1;
        }
        if (*flow).phase == phase::FRAME && !header(walk) {
            return 1;
        }
        if (*flow).phase == phase::FRAME_PAYLOAD {
            payload(walk);
        }
        let mut n = 0;
        if (*flow).phase == phase::FRAME_SKIP {
            n = part(walk);
            (*flow).left -= n as u64;
            if (*flow).left == 0 {
                (*flow).phase = phase::FRAME;
            }
        }
        pass_over(walk, n);
        0
    }
}

/// Reads a frame header and decides about its payload; false if it is not complete.
#[inline(always)]
unsafe fn header(walk: *mut Walk) -> bool {
    unsafe {
        let flow = (*walk).flow;
        let cursor = (*walk).cursor();
        let filled = below64((*flow).line_length as u64);
        let rest = ((*cursor).end - (*cursor).offset) as u64;
        let missing = HEADER as u64 - filled;
        let n = clamp::<HEADER>(if rest < missing { rest } else { missing });
        let to = (&raw mut (*flow).line).cast::<u8>().add(filled as usize);
        if bpf_skb_load_bytes((*walk).skb.cast(), (*cursor).offset, to.cast(), n as u32) != 0 {
            unframed::begin(flow);
            return false;
        }
        if n < missing {
            copy(walk, n as u32);
            (*flow).line_length = (filled + n) as u8;
            return false;
        }
        let line = &raw const (*flow).line;
        let length = u32::from_be_bytes([0, (*line)[0], (*line)[1], (*line)[2]]);
        let id = u32::from_be_bytes([(*line)[5] & 0x7f, (*line)[6], (*line)[7], (*line)[8]]);
        let kind = (*line)[3];
        if length == HTT && kind == b'P' && (*line)[4] == b'/' {
            unframed::begin(flow);
            (*flow).frames = 0;
            return false;
        }
        let wanted = wanted(flow, kind, (*line)[4], length);
        if wanted == UNWANTED && filled == 0 && length as u64 + HEADER as u64 <= rest {
            (*flow).left = (length + HEADER as u32) as u64;
            (*flow).phase = phase::FRAME_SKIP;
            return true;
        }
        let wanted = if wanted == UNWANTED { 0 } else { wanted };
        copy(walk, n as u32);
        (*flow).line_length = 0;
        (*flow).left = wanted as u64;
        (*flow).unwanted = length - wanted;
        (*flow).phase = phase::FRAME_PAYLOAD;
        // A client begins streams in the order of their odd numbers; what else has a header
        // block is the trailer section of one that was begun.
        if kind == HEADERS && (*cursor).request != 0 && id & 1 != 0 && id > (*flow).messages {
            (*flow).messages = id;
            count_start(walk);
        }
        true
    }
}

/// Not even the header of the frame is wanted.
const UNWANTED: u32 = u32::MAX;

/// What the first bytes of `HTTP/1.1` are as the length of a frame. A server that began with settings
/// may have met a client of HTTP/1.
const HTT: u32 = u32::from_be_bytes(*b"\0HTT");

/// How many bytes of its payload are copied.
#[inline(always)]
unsafe fn wanted(flow: *mut Flow, kind: u8, flags: u8, length: u32) -> u32 {
    unsafe {
        match kind {
            DATA => length.min(DATA_BEGINNING + (flags & PADDED != 0) as u32),
            HEADERS | PUSH_PROMISE | CONTINUATION => {
                let before = if kind == CONTINUATION {
                    (*flow).head_bytes
                } else {
                    0
                };
                let after = before.saturating_add(HEADER as u32 + length);
                (*flow).head_bytes = after;
                if before >= MAX_BLOCK {
                    return UNWANTED;
                }
                if after > MAX_BLOCK {
                    count(Counter::HeadOversize, 1);
                }
                length.min(MAX_BLOCK - before)
            }
            RST_STREAM | SETTINGS | GOAWAY => length.min(MAX_BLOCK),
            _ => UNWANTED,
        }
    }
}

/// Copies what is wanted of the payload, as far as one step goes.
#[inline(always)]
unsafe fn payload(walk: *mut Walk) {
    unsafe {
        let flow = (*walk).flow;
        let n = part(walk).min(MAX_STEP_BYTES);
        copy(walk, n);
        (*flow).left -= n as u64;
        if (*flow).left == 0 {
            (*flow).left = (*flow).unwanted as u64;
            (*flow).phase = if (*flow).left == 0 {
                phase::FRAME
            } else {
                phase::FRAME_SKIP
            };
        }
    }
}

/// What of `left` lies in the segment.
#[inline(always)]
unsafe fn part(walk: *mut Walk) -> u32 {
    unsafe {
        let left = (*(*walk).flow).left;
        let rest = (*(*walk).cursor()).end - (*(*walk).cursor()).offset;
        if left < rest as u64 {
            left as u32
        } else {
            rest
        }
    }
}

/// Takes the next `n` bytes into the piece.
#[inline(always)]
unsafe fn copy(walk: *mut Walk, n: u32) {
    unsafe {
        let flow = (*walk).flow;
        let cursor = (*walk).cursor();
        if (*cursor).from == NOTHING {
            (*cursor).from = (*cursor).offset;
            (*cursor).messages = (*flow).messages;
            (*cursor).flags = data_flag::FRAMES;
            if (*flow).phase == phase::FRAME && (*flow).line_length == 0 {
                (*cursor).flags |= data_flag::MESSAGE_START;
            }
        }
        (*cursor).offset += n;
    }
}
