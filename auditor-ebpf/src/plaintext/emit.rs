//! The plaintext of a call into the ring.

use core::{arch::asm, mem::MaybeUninit};

use auditor_common::{
    CHUNK_SIZES, Counter, Direction, Header, Kind, MAX_CAPTURE, Plaintext, UNBOUND_CAPTURE,
};
use aya_ebpf::{
    helpers::generated::{
        bpf_get_current_cgroup_id, bpf_get_current_pid_tgid, bpf_ktime_get_boot_ns,
        bpf_probe_read_user,
    },
    maps::ring_buf::RingBufEntry,
};

use super::session::Session;
use crate::{
    bound::clamp,
    emit::{NO_WAKEUP, Slot, wakeup},
    maps::{COUNTERS, EVENTS},
};

/// Bytes copied of one call of HTTP/1: a head is no longer, and begins a call as a rule.
const CALL_CAPTURE: u64 = MAX_CAPTURE as u64;
/// Of HTTP/2, where frames are lost with every byte: more than clients and servers write at once.
const FRAMES_CAPTURE: u64 = 4 * MAX_CAPTURE as u64;
/// How a client of HTTP/2 begins.
const PREFACE: u32 = u32::from_ne_bytes(*b"PRI ");

/// What is to be told of a call.
#[repr(C)]
struct Stretch {
    buffer: u64,
    offset: u64,
    length: u64,
    skipped_after: u64,
    library: u32,
    direction: u32,
}

/// Tells of `count` bytes at `buffer` that a call of this session took.
///
/// # Safety
/// Called from a program that runs in the thread of the call.
#[inline(always)]
pub unsafe fn call(
    session: &mut Session,
    direction: Direction,
    library: u32,
    buffer: u64,
    count: u64,
) {
    unsafe {
        let i = direction as usize;
        let began = session.offset[i];
        let end = began.wrapping_add(count);
        session.offset[i] = end;
        let unknown = session.socket == 0 && session.client_random[0] == 0;
        if unknown && began >= UNBOUND_CAPTURE {
            // As good as nothing is ever bound so late; the daemon has told of it by now.
            session.skipped[i] += count;
            return;
        }
        if began == 0 && count >= 4 {
            let mut first = 0u32;
            let status = bpf_probe_read_user((&raw mut first).cast(), 4, buffer as *const _);
            if status == 0 && first == PREFACE {
                session.frames = 1;
            }
        }
        let bound = if session.frames == 0 {
            CALL_CAPTURE
        } else {
            FRAMES_CAPTURE
        };
        let taken = count.min(bound);
        let mut stretch = Stretch {
            buffer,
            offset: began,
            length: taken.min(CALL_CAPTURE),
            skipped_after: 0,
            library,
            direction: i as u32,
        };
        let mut left = taken;
        // The bound is the number of pieces in `FRAMES_CAPTURE`.
        for _ in 0..4 {
            stretch.length = left.min(CALL_CAPTURE);
            left -= stretch.length;
            if left == 0 {
                stretch.skipped_after = count - taken;
            }
            piece(session, &raw const stretch);
            stretch.buffer += stretch.length;
            stretch.offset += stretch.length;
            if left == 0 {
                return;
            }
        }
    }
}

/// Emits a piece, or counts its loss.
#[inline(never)]
unsafe fn piece(session: *mut Session, stretch: *const Stretch) -> u64 {
    unsafe {
        let captured = (*stretch).length;
        let i = ((*stretch).direction & 1) as usize;
        let head = Plaintext {
            header: Header {
                kind: Kind::Plaintext as u8,
                direction: i as u8,
                flags: 0,
                captured: captured as u32,
                time_ns: bpf_ktime_get_boot_ns(),
                cookie: (*session).socket,
            },
            session: (*session).number,
            offset: (*stretch).offset,
            skipped_before: (*session).skipped[i],
            skipped_after: (*stretch).skipped_after,
            cgroup_id: bpf_get_current_cgroup_id(),
            pid: (bpf_get_current_pid_tgid() >> 32) as u32,
            library: (*stretch).library,
            lost: (*session).lost[i],
            reserved: 0,
            client_random: (*session).client_random,
        };
        if put(head, (*stretch).buffer, captured) {
            (*session).skipped[i] = 0;
            add(Counter::EventsSubmitted, 1);
            add(Counter::BytesCopied, captured);
            return 1;
        }
        (*session).lost[i] += 1;
        add(Counter::PlaintextLost, 1);
        0
    }
}

/// A reservation must have a constant size: takes the smallest rung that fits.
#[inline(always)]
unsafe fn put(head: Plaintext, buffer: u64, captured: u64) -> bool {
    unsafe {
        if captured == 0 {
            return match EVENTS.reserve::<Plaintext>(0) {
                Some(mut entry) => {
                    entry.write(head);
                    entry.submit(wakeup());
                    true
                }
                None => false,
            };
        }
        if captured <= CHUNK_SIZES[1] as u64 {
            put_rung::<{ CHUNK_SIZES[1] }>(head, buffer, captured)
        } else if captured <= CHUNK_SIZES[3] as u64 {
            put_rung::<{ CHUNK_SIZES[3] }>(head, buffer, captured)
        } else if captured <= CHUNK_SIZES[4] as u64 {
            put_rung::<{ CHUNK_SIZES[4] }>(head, buffer, captured)
        } else {
            put_rung::<{ CHUNK_SIZES[5] }>(head, buffer, captured)
        }
    }
}

#[inline(always)]
unsafe fn put_rung<const N: usize>(head: Plaintext, buffer: u64, captured: u64) -> bool {
    unsafe {
        let entry: Option<RingBufEntry<Slot<Plaintext, N>>> = EVENTS.reserve(0);
        let Some(mut entry) = entry else {
            return false;
        };
        let slot: *mut Slot<Plaintext, N> = MaybeUninit::as_mut_ptr(&mut entry);
        (&raw mut (*slot).head).write(head);
        let length = clamp::<N>(captured);
        let status = bpf_probe_read_user(
            (&raw mut (*slot).bytes).cast(),
            length as u32,
            buffer as *const _,
        );
        if status != 0 {
            entry.discard(NO_WAKEUP);
            return false;
        }
        entry.submit(wakeup());
        true
    }
}

/// Adds to a counter. Atomically: these programs run in tasks, which others may preempt.
#[inline(always)]
fn add(counter: Counter, n: u64) {
    if let Some(value) = COUNTERS.get_ptr_mut(counter as u32) {
        // SAFETY: an atomic access to a slot of the map.
        unsafe {
            asm!(
                "lock *(u64 *)({value} + 0) += {n}",
                value = in(reg) value,
                n = in(reg) n,
            );
        }
    }
}
