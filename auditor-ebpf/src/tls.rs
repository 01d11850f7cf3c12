//! Follows the records of TLS (RFC 8446, 5.1) until application data begins.
//!
//! Handshake, change of cipher and alerts are copied, within a bound. Of application data the
//! first header is copied, which shows that it began; from there on bytes are only counted, and
//! no directive is needed for that.

use auditor_common::{Counter, MAX_CAPTURE, data_flag};
use aya_ebpf::{bindings::__sk_buff, helpers::generated::bpf_skb_load_bytes};

use crate::{
    bound::{below64, clamp},
    connection::{Connection, Flow},
    maps::count,
    phase, unframed,
    walk::{NOTHING, Walk, pass_over},
};

/// Records followed in one segment; a handshake has some ten.
pub const MAX_STEPS: u32 = 1024;
/// Length of a record header.
const HEADER: usize = 5;
/// Copied of a direction: a chain of certificates with room to spare.
const MAX_HANDSHAKE: u32 = 64 * 1024;
/// Payload of the largest record (RFC 5246, 6.2.3).
const MAX_RECORD: u32 = (1 << 14) + 2048;
/// Payload copied in one step, so that a piece never exceeds what one event carries.
const MAX_STEP_BYTES: u32 = MAX_CAPTURE as u32 / 4;

/// Content types.
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

/// Follows a direction in records if its first byte begins one: a client's handshake, or a
/// server's handshake or alert where the client did not speak HTTP, or what it said came before the
/// socket was there. No message of HTTP begins so.
///
/// A function of its own, so that the verifier does not follow what comes after it twice.
///
/// # Safety
/// All pointers come from the running program and are not null.
#[inline(never)]
pub unsafe fn expect(skb: *mut __sk_buff, connection: *mut Connection, flow: *mut Flow) {
    unsafe {
        let mut first = 0u8;
        let offset = (*flow).cursor.offset;
        if (*flow).phase != phase::START
            || bpf_skb_load_bytes(skb.cast(), offset, (&raw mut first).cast(), 1) != 0
        {
            return;
        }
        let other = &raw const (*connection).flows[(((*flow).cursor.direction ^ 1) & 1) as usize];
        let begins = match first {
            HANDSHAKE | ALERT if (*flow).cursor.request == 0 => {
                (*other).phase >= phase::RECORD || (*other).bytes == 0
            }
            HANDSHAKE => true,
            _ => false,
        };
        if begins {
            (*flow).phase = phase::RECORD;
        }
    }
}

/// One record, or what of it lies in the segment. Returns 1 to end the loop.
///
/// # Safety
/// `walk` is valid.
pub unsafe extern "C" fn step(_index: u64, walk: *mut Walk) -> i64 {
    unsafe {
        let flow = (*walk).flow;
        let cursor = (*walk).cursor();
        if (*cursor).offset >= (*cursor).end {
            return 1;
        }
        if (*flow).phase == phase::RECORD {
            return header(walk);
        }
        let rest = (*cursor).end - (*cursor).offset;
        let left = (*flow).left.min(rest as u64) as u32;
        let n = left.min(MAX_STEP_BYTES);
        copy(walk, n);
        (*flow).left -= n as u64;
        if (*flow).left == 0 {
            (*flow).phase = phase::RECORD;
        }
        // Where the piece is full it goes out.
        pass_over(walk, 0);
        0
    }
}

/// Reads a record header and decides about what follows it. Returns 1 to end the loop.
#[inline(always)]
unsafe fn header(walk: *mut Walk) -> i64 {
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
            return 1;
        }
        copy(walk, n as u32);
        if n < missing {
            (*flow).line_length = (filled + n) as u8;
            return 1;
        }
        (*flow).line_length = 0;
        let line = &raw const (*flow).line;
        let kind = (*line)[0];
        let length = u32::from_be_bytes([0, 0, (*line)[3], (*line)[4]]);
        if (*line)[1] != 3 || length > MAX_RECORD {
            unframed::begin(flow);
            return 1;
        }
        match kind {
            APPLICATION_DATA => return stop(walk),
            CHANGE_CIPHER_SPEC | ALERT | HANDSHAKE => {}
            _ => {
                unframed::begin(flow);
                return 1;
            }
        }
        (*flow).head_bytes += HEADER as u32 + length;
        if (*flow).head_bytes > MAX_HANDSHAKE {
            count(Counter::HeadOversize, 1);
            (*cursor).flags |= data_flag::TRUNCATED;
            return stop(walk);
        }
        (*flow).left = length as u64;
        if length != 0 {
            (*flow).phase = phase::RECORD_PAYLOAD;
        }
        0
    }
}

/// From here on nothing is wanted.
#[inline(always)]
unsafe fn stop(walk: *mut Walk) -> i64 {
    unsafe {
        let cursor = (*walk).cursor();
        (*(*walk).flow).phase = phase::STOPPED;
        pass_over(walk, (*cursor).end - (*cursor).offset);
        1
    }
}

/// Takes the next `n` bytes into the piece.
#[inline(always)]
unsafe fn copy(walk: *mut Walk, n: u32) {
    unsafe {
        let cursor = (*walk).cursor();
        if (*cursor).from == NOTHING {
            (*cursor).from = (*cursor).offset;
            (*cursor).messages = 0;
            (*cursor).flags = 0;
        }
        (*cursor).offset += n;
    }
}
