//! One line of a message head, a chunk-size line or a trailer.

use aya_ebpf::helpers::generated::bpf_skb_load_bytes;

use crate::{
    bound::{below64, clamp},
    connection::{Flow, WINDOW, framing},
    frame, phase, unframed,
    walk::{Walk, count_start, flush},
};

/// Kept of a line longer than the window: enough for the version at the end of a request line.
const TAIL: u64 = 16;
/// No line end in the window.
const NO_NEWLINE: u64 = WINDOW as u64;
/// Digits of a length that cannot overflow.
const MAX_DECIMAL: usize = 18;
const MAX_HEX: usize = 15;
/// Bits of `Connection::heads`.
const HEADS_KEPT: u32 = u64::BITS;

/// Reads on until the line ends, the window is full or the segment ends. Returns 1 to end the walk.
///
/// # Safety
/// `walk` is valid and its offset is before its end.
#[inline(always)]
pub unsafe fn step(walk: *mut Walk) -> i64 {
    unsafe {
        let flow = (*walk).flow;
        let filled = below64((*flow).line_length as u64);
        let room = WINDOW as u64 - filled;
        let rest = ((*(*walk).cursor()).end - (*(*walk).cursor()).offset) as u64;
        let n = clamp::<WINDOW>(if rest < room { rest } else { room });
        let to = (&raw mut (*flow).line).cast::<u8>().add(filled as usize);
        if bpf_skb_load_bytes(
            (*walk).skb.cast(),
            (*(*walk).cursor()).offset,
            to.cast(),
            n as u32,
        ) != 0
        {
            unframed::begin(flow);
            return 1;
        }
        let valid = filled + n;
        let newline = find_newline(flow);
        if newline >= valid {
            (*(*walk).cursor()).offset += n as u32;
            (*flow).head_bytes += n as u32;
            if valid < WINDOW as u64 {
                (*flow).line_length = valid as u8;
                return 0;
            }
            return shift(walk);
        }
        // What was in the window before this segment is not part of it.
        let used = newline + 1 - filled;
        (*(*walk).cursor()).offset += used as u32;
        (*flow).head_bytes += used as u32;
        let long = (*flow).long_line != 0;
        (*flow).line_length = 0;
        (*flow).long_line = 0;
        ended(walk, newline, long)
    }
}

/// The window is full and the line goes on: judge its beginning, keep its tail.
#[inline(always)]
unsafe fn shift(walk: *mut Walk) -> i64 {
    unsafe {
        let flow = (*walk).flow;
        if (*flow).long_line == 0 {
            let bad = match (*flow).phase {
                phase::START => !begins_message(walk),
                phase::CHUNK_SIZE => true,
                // A length or coding that long is not one we know.
                phase::HEADERS => {
                    is_content_length(flow) || is_transfer_encoding(flow) || is_folded(flow)
                }
                _ => false,
            };
            if bad {
                unframed::begin(flow);
                return 1;
            }
            if (*flow).phase == phase::START {
                note_first_line(walk);
            }
        }
        (*flow).long_line = 1;
        let words = (&raw mut (*flow).line).cast::<u64>();
        *words = *words.add(6);
        *words.add(1) = *words.add(7);
        (*flow).line_length = TAIL as u8;
        0
    }
}

/// A line is complete; `newline` is the index of its LF in the window.
#[inline(always)]
unsafe fn ended(walk: *mut Walk, newline: u64, long: bool) -> i64 {
    unsafe {
        let flow = (*walk).flow;
        let empty = !long && (newline == 0 || (newline == 1 && byte(flow, 0) == b'\r'));
        match (*flow).phase {
            phase::START => {
                // A stray empty line before a message is allowed.
                if empty {
                    return 0;
                }
                if !long && (*(*walk).cursor()).request != 0 && is_preface(flow) {
                    frame::begin(walk);
                    return 1;
                }
                let good = if long { true } else { begins_message(walk) };
                if !good || ((*(*walk).cursor()).request != 0 && !ends_with_version(flow, newline))
                {
                    unframed::begin(flow);
                    return 1;
                }
                if !long {
                    note_first_line(walk);
                }
                if (*(*walk).cursor()).request == 0 && !is_foreseen(walk) {
                    unframed::begin(flow);
                    return 1;
                }
                // An interim response announces another one; a switch of protocols does not.
                if (*(*walk).cursor()).request != 0
                    || (*flow).status >= 200
                    || (*flow).status == frame::SWITCHING_PROTOCOLS
                {
                    (*flow).messages += 1;
                }
                count_start(walk);
                (*flow).phase = phase::HEADERS;
                (*flow).framing = 0;
                (*flow).content_length = 0;
                0
            }
            phase::HEADERS => {
                if empty {
                    return head_ended(walk);
                }
                if long || header(flow) {
                    return 0;
                }
                unframed::begin(flow);
                1
            }
            phase::CHUNK_SIZE => {
                if !long && chunk_size(flow) {
                    return 0;
                }
                unframed::begin(flow);
                1
            }
            _ => {
                if empty {
                    (*flow).phase = phase::START;
                    (*flow).head_bytes = 0;
                }
                0
            }
        }
    }
}

/// The request of this response was counted and is known to be a HEAD or not, which is noted;
/// otherwise the head of the response alone does not tell whether it has a body.
#[inline(always)]
unsafe fn is_foreseen(walk: *mut Walk) -> bool {
    unsafe {
        let connection = (*walk).connection;
        let asked = if (*(*walk).cursor()).direction == 0 {
            (*connection).flows[1].messages
        } else {
            (*connection).flows[0].messages
        };
        let number = (*(*walk).flow).messages;
        let bit = (*connection).heads >> below64(number as u64);
        (*(*walk).flow).bodiless = (bit & 1) as u8;
        (*connection).unusual == 0 && asked > number && asked - number <= HEADS_KEPT
    }
}

/// The head is complete: what follows it?
#[inline(always)]
unsafe fn head_ended(walk: *mut Walk) -> i64 {
    unsafe {
        let flow = (*walk).flow;
        (*flow).head_bytes = 0;
        let status = (*flow).status;
        let response = (*(*walk).cursor()).request == 0;
        if response && status == frame::SWITCHING_PROTOCOLS {
            (*flow).phase = phase::START;
            flush(walk, 0);
            return 1;
        }
        let bodiless = (*flow).bodiless != 0 || status < 200 || status == 204 || status == 304;
        if response && bodiless {
            (*flow).phase = phase::START;
            return 0;
        }
        (*flow).phase = match (*flow).framing {
            framing::CHUNKED => phase::CHUNK_SIZE,
            framing::CONTENT_LENGTH if (*flow).content_length == 0 => phase::START,
            framing::CONTENT_LENGTH => {
                (*flow).left = (*flow).content_length;
                phase::BODY
            }
            0 if response => phase::UNTIL_CLOSE,
            0 => phase::START,
            // Both: which one counts is for the daemon to say.
            _ => {
                unframed::begin(flow);
                return 1;
            }
        };
        0
    }
}

/// Takes note of a header line; false if it makes the framing doubtful.
#[inline(always)]
unsafe fn header(flow: *mut Flow) -> bool {
    unsafe {
        if is_folded(flow) {
            return false;
        }
        if is_content_length(flow) {
            if byte(flow, 14) != b':' || (*flow).framing & framing::CONTENT_LENGTH != 0 {
                return false;
            }
            (*flow).framing |= framing::CONTENT_LENGTH;
            return content_length(flow);
        }
        if is_transfer_encoding(flow) {
            if byte(flow, 17) != b':' || (*flow).framing & framing::CHUNKED != 0 {
                return false;
            }
            (*flow).framing |= framing::CHUNKED;
            return is_chunked(flow);
        }
        true
    }
}

#[inline(always)]
unsafe fn content_length(flow: *mut Flow) -> bool {
    unsafe {
        let start = if byte(flow, 15) == b' ' { 16 } else { 15 };
        let mut value = 0u64;
        let mut i = 0;
        while i <= MAX_DECIMAL {
            let c = byte(flow, start + i);
            if c == b'\r' || c == b'\n' {
                (*flow).content_length = value;
                return i > 0;
            }
            let digit = c.wrapping_sub(b'0');
            if digit > 9 {
                return false;
            }
            value = value * 10 + digit as u64;
            i += 1;
        }
        false
    }
}

#[inline(always)]
unsafe fn chunk_size(flow: *mut Flow) -> bool {
    unsafe {
        let mut value = 0u64;
        let mut i = 0;
        while i <= MAX_HEX {
            let c = byte(flow, i);
            let digit = match c {
                b'0'..=b'9' => c - b'0',
                b'a'..=b'f' => c - b'a' + 10,
                b'A'..=b'F' => c - b'A' + 10,
                b'\r' | b'\n' | b';' if i > 0 => {
                    if value == 0 {
                        (*flow).phase = phase::TRAILERS;
                    } else {
                        // The data and the line end behind it.
                        (*flow).left = value + 2;
                        (*flow).phase = phase::CHUNK_DATA;
                    }
                    return true;
                }
                _ => return false,
            };
            value = (value << 4) | digit as u64;
            i += 1;
        }
        false
    }
}

/// The window holds the beginning of a message's first line.
#[inline(always)]
unsafe fn begins_message(walk: *mut Walk) -> bool {
    unsafe {
        let flow = (*walk).flow;
        if (*(*walk).cursor()).request != 0 {
            return byte(flow, 0).is_ascii_alphabetic();
        }
        // "HTTP/1." and the space after the minor version.
        word(flow, 0) & 0x00ff_ffff_ffff_ffff == u64::from_le_bytes(*b"HTTP/1.\0")
            && byte(flow, 8) == b' '
            && byte(flow, 9).is_ascii_digit()
            && byte(flow, 10).is_ascii_digit()
            && byte(flow, 11).is_ascii_digit()
    }
}

/// Notes what the first line says about bodies: a response's status, a method whose response is
/// special.
#[inline(always)]
unsafe fn note_first_line(walk: *mut Walk) {
    unsafe {
        let flow = (*walk).flow;
        if (*(*walk).cursor()).request == 0 {
            (*flow).status = (byte(flow, 9) - b'0') as u32 * 100
                + (byte(flow, 10) - b'0') as u32 * 10
                + (byte(flow, 11) - b'0') as u32;
            return;
        }
        let method = word(flow, 0);
        let connection = (*walk).connection;
        let bit = 1 << below64((*flow).messages as u64);
        if method & 0xff_ffff_ffff == u64::from_le_bytes(*b"HEAD \0\0\0") {
            (*connection).heads |= bit;
        } else {
            (*connection).heads &= !bit;
        }
        if method == u64::from_le_bytes(*b"CONNECT ") {
            (*connection).unusual = 1;
        }
    }
}

/// "HTTP/1.x" before the line end.
#[inline(always)]
unsafe fn ends_with_version(flow: *mut Flow, newline: u64) -> bool {
    unsafe {
        if newline < 10 {
            return false;
        }
        let line = (&raw const (*flow).line).cast::<u8>();
        let carriage = *line.add(below64(newline - 1) as usize) == b'\r';
        let start = below64(newline - if carriage { 9 } else { 8 });
        let version = line.add(start as usize);
        *version == b'H'
            && *version.add(1) == b'T'
            && *version.add(2) == b'T'
            && *version.add(3) == b'P'
            && *version.add(4) == b'/'
            && *version.add(5) == b'1'
            && *version.add(6) == b'.'
    }
}

/// The first line of an HTTP/2 connection (RFC 9113, 3.4), in which no request can begin.
#[inline(always)]
unsafe fn is_preface(flow: *mut Flow) -> bool {
    unsafe {
        word(flow, 0) == u64::from_le_bytes(*b"PRI * HT")
            && word(flow, 1) == u64::from_le_bytes(*b"TP/2.0\r\n")
    }
}

/// Bits in which upper and lower case letters differ, at the letters of "content-" and "length".
const CONTENT_CASE: u64 = u64::from_le_bytes([32, 32, 32, 32, 32, 32, 32, 0]);
const LENGTH_CASE: u64 = u64::from_le_bytes([32, 32, 32, 32, 32, 32, 0, 0]);
const TRANSFER_CASE: u64 = u64::from_le_bytes([32; 8]);
const ENCODIN_CASE: u64 = u64::from_le_bytes([0, 32, 32, 32, 32, 32, 32, 32]);

#[inline(always)]
unsafe fn is_content_length(flow: *mut Flow) -> bool {
    unsafe {
        word(flow, 0) | CONTENT_CASE == u64::from_le_bytes(*b"content-")
            && (word(flow, 1) & 0x0000_ffff_ffff_ffff) | LENGTH_CASE
                == u64::from_le_bytes(*b"length\0\0")
    }
}

#[inline(always)]
unsafe fn is_transfer_encoding(flow: *mut Flow) -> bool {
    unsafe {
        word(flow, 0) | TRANSFER_CASE == u64::from_le_bytes(*b"transfer")
            && word(flow, 1) | ENCODIN_CASE == u64::from_le_bytes(*b"-encodin")
            && byte(flow, 16) | 32 == b'g'
    }
}

/// The value of a transfer-encoding line is "chunked" and nothing else.
#[inline(always)]
unsafe fn is_chunked(flow: *mut Flow) -> bool {
    unsafe {
        const CHUNKED: [u8; 7] = *b"chunked";
        let start = if byte(flow, 18) == b' ' { 19 } else { 18 };
        let mut i = 0;
        while i < CHUNKED.len() {
            if byte(flow, start + i) | 32 != CHUNKED[i] {
                return false;
            }
            i += 1;
        }
        let end = byte(flow, start + 7);
        end == b'\r' || end == b'\n'
    }
}

#[inline(always)]
unsafe fn is_folded(flow: *mut Flow) -> bool {
    let first = unsafe { byte(flow, 0) };
    first == b' ' || first == b'\t'
}

#[inline(always)]
unsafe fn byte(flow: *mut Flow, index: usize) -> u8 {
    unsafe { (*flow).line[index] }
}

#[inline(always)]
unsafe fn word(flow: *mut Flow, index: usize) -> u64 {
    unsafe { *(&raw const (*flow).line).cast::<u64>().add(index) }
}

/// Index of the first LF in the window, or [`NO_NEWLINE`].
#[inline(always)]
unsafe fn find_newline(flow: *mut Flow) -> u64 {
    const LF: u64 = u64::from_le_bytes([b'\n'; 8]);
    const LOW: u64 = u64::from_le_bytes([1; 8]);
    const HIGH: u64 = u64::from_le_bytes([0x80; 8]);
    unsafe {
        (*flow).index = NO_NEWLINE;
        let mut k = 0;
        while k < WINDOW / 8 {
            let w = word(flow, k) ^ LF;
            let mut hit = w.wrapping_sub(LOW) & !w & HIGH;
            if hit != 0 {
                let mut at = k as u64 * 8;
                if hit & 0xffff_ffff == 0 {
                    at += 4;
                    hit >>= 32;
                }
                if hit & 0xffff == 0 {
                    at += 2;
                    hit >>= 16;
                }
                if hit & 0xff == 0 {
                    at += 1;
                }
                (*flow).index = at;
                break;
            }
            k += 1;
        }
        // Read back through the map, the index is one unknown number to the verifier instead of
        // 64 known ones, each of which it would follow to the end of the program.
        core::ptr::read_volatile(&raw const (*flow).index)
    }
}
