//! The only access to the ring: reserve, or count the loss.

use core::mem::MaybeUninit;

use auditor_common::{
    CHUNK_SIZES, Close, Counter, Data, Early, Header, Kind, MAX_CAPTURE, Open, Role, data_flag,
};
use aya_ebpf::{
    bindings::__sk_buff,
    helpers::generated::{bpf_get_socket_cookie, bpf_ktime_get_boot_ns, bpf_skb_load_bytes},
    maps::ring_buf::RingBufEntry,
};

use crate::{
    bound::clamp,
    connection::{Connection, Flow},
    maps::{EVENTS, count},
};

/// `BPF_RB_NO_WAKEUP`: the daemon polls on a timer, because waking it for every event costs more
/// than everything else together.
pub const NO_WAKEUP: u64 = 1;
/// `BPF_RB_FORCE_WAKEUP`.
const FORCE_WAKEUP: u64 = 2;
/// `BPF_RB_AVAIL_DATA`.
const AVAILABLE_DATA: u64 = 0;

/// Ring fill at which the daemon is woken before its timer; set at load to a quarter of the ring.
#[unsafe(no_mangle)]
static WAKEUP_BYTES: u64 = 1 << 22;

/// Part of a segment that shall reach the daemon.
#[repr(C)]
pub struct Piece {
    /// Where it begins in the packet.
    pub offset: u32,
    pub length: u32,
    pub sequence: u32,
    pub skipped_after: u32,
    /// Message starts within, for the count of what is lost with it.
    pub starts: u32,
    /// Messages begun before it.
    pub messages: u32,
    pub flags: u16,
    pub direction: u8,
    /// This is the request direction of the connection.
    pub request: u8,
    /// It is copied beside the flow, of which another CPU knows what was passed over.
    pub aside: u8,
    /// The verifier wants every byte set of what is handed to a global function.
    pub reserved: [u8; 3],
}

#[repr(C)]
pub struct Slot<H, const N: usize> {
    pub head: H,
    pub bytes: [u8; N],
}

/// Wake the daemon once when the fill passes the mark, not for every event above it.
#[inline(always)]
pub fn wakeup() -> u64 {
    let available = EVENTS.query(AVAILABLE_DATA);
    // SAFETY: a global that the loader sets before the program runs.
    let mark = unsafe { core::ptr::read_volatile(&raw const WAKEUP_BYTES) };
    if available >= mark && available - mark < 2 * MAX_CAPTURE as u64 {
        FORCE_WAKEUP
    } else {
        NO_WAKEUP
    }
}

/// Emits a piece, or counts what was lost with it; 1 if it is on its way.
///
/// A global function, for the reason that [`follow`](crate::stream) is one.
///
/// # Safety
/// All pointers come from the running program.
#[unsafe(export_name = "emit_data")]
#[inline(never)]
pub unsafe extern "C" fn data(
    skb: *mut __sk_buff,
    connection: *mut Connection,
    flow: *mut Flow,
    piece: *const Piece,
) -> u64 {
    if connection.is_null() || flow.is_null() || piece.is_null() {
        return 0;
    }
    unsafe {
        if (*connection).early != 0 {
            return 0;
        }
        let mut captured = (*piece).length as u64;
        let mut skipped_after = (*piece).skipped_after;
        let mut flags = (*piece).flags;
        if captured > MAX_CAPTURE as u64 {
            skipped_after += (captured - MAX_CAPTURE as u64) as u32;
            captured = MAX_CAPTURE as u64;
            flags |= data_flag::TRUNCATED;
        }
        let now = bpf_ktime_get_boot_ns();
        // No branch, because the verifier would follow it twice.
        let own = ((*piece).aside as u64).wrapping_sub(1);
        let head = Data {
            header: Header {
                kind: Kind::Data as u8,
                direction: (*piece).direction,
                flags,
                captured: captured as u32,
                time_ns: now,
                cookie: bpf_get_socket_cookie(skb.cast()),
            },
            skipped_before: (*flow).skipped & own,
            cgroup_id: (*connection).cgroup_id,
            sequence: (*piece).sequence,
            skipped_after,
            lost: (*flow).lost,
            messages: (*piece).messages,
        };
        // With every segment it gets harder for the daemon to say where a frame will begin: it
        // shall not wait for its timer.
        let sought = (flags / data_flag::UNFRAMED) & (flags / data_flag::FRAMES) & 1;
        let wake = sought as u64 * FORCE_WAKEUP;
        // Data of a connection that the daemon has not heard of would say nothing.
        if (*connection).announced != 0
            && put_with_bytes(skb, (*piece).offset, captured, head, wake)
        {
            (*flow).skipped &= !own;
            (*flow).event_ns = now;
            count(Counter::EventsSubmitted, 1);
            count(Counter::BytesCopied, captured);
            return 1;
        }
        (*flow).lost += 1;
        count(Counter::DataLost, 1);
        if (*piece).request != 0 {
            let lost = (*piece).starts as u64;
            if (*connection).role == Role::Passive as u8 {
                count(Counter::InboundRequestsLost, lost);
            } else {
                count(Counter::OutboundRequestsLost, lost);
            }
        }
        0
    }
}

/// Emits bytes that came before the accepted socket existed; false if the ring is full.
///
/// # Safety
/// As [`data`].
#[inline(always)]
pub unsafe fn early(skb: *mut __sk_buff, offset: u32, length: u32, mut head: Early) -> bool {
    unsafe {
        let captured = (length as u64).min(MAX_CAPTURE as u64);
        head.header.captured = captured as u32;
        head.header.time_ns = bpf_ktime_get_boot_ns();
        let emitted = put_with_bytes(skb, offset, captured, head, 0);
        if emitted {
            count(Counter::EventsSubmitted, 1);
            count(Counter::BytesCopied, captured);
        } else {
            count(Counter::EarlyLost, 1);
        }
        emitted
    }
}

/// Emits an `Open`; false if the ring is full.
#[inline(always)]
pub fn open(event: Open) -> bool {
    put(event, Counter::OpenLost)
}

/// Emits a `Close`; false if the ring is full.
#[inline(always)]
pub fn close(event: Close) -> bool {
    put(event, Counter::CloseLost)
}

#[inline(always)]
fn put<E: 'static>(event: E, lost: Counter) -> bool {
    let Some(mut entry) = EVENTS.reserve::<E>(0) else {
        count(lost, 1);
        return false;
    };
    entry.write(event);
    entry.submit(wakeup());
    count(Counter::EventsSubmitted, 1);
    true
}

/// A reservation must have a constant size: take the smallest rung that fits. `wake` is
/// [`FORCE_WAKEUP`], which the kernel heeds above all else, or 0.
#[inline(always)]
unsafe fn put_with_bytes<H: Copy + 'static>(
    skb: *mut __sk_buff,
    offset: u32,
    captured: u64,
    head: H,
    wake: u64,
) -> bool {
    unsafe {
        if captured == 0 {
            return match EVENTS.reserve::<H>(0) {
                Some(mut entry) => {
                    entry.write(head);
                    entry.submit(wakeup() | wake);
                    true
                }
                None => false,
            };
        }
        if captured <= CHUNK_SIZES[0] as u64 {
            put_rung::<H, { CHUNK_SIZES[0] }>(skb, offset, captured, head, wake)
        } else if captured <= CHUNK_SIZES[1] as u64 {
            put_rung::<H, { CHUNK_SIZES[1] }>(skb, offset, captured, head, wake)
        } else if captured <= CHUNK_SIZES[2] as u64 {
            put_rung::<H, { CHUNK_SIZES[2] }>(skb, offset, captured, head, wake)
        } else if captured <= CHUNK_SIZES[3] as u64 {
            put_rung::<H, { CHUNK_SIZES[3] }>(skb, offset, captured, head, wake)
        } else if captured <= CHUNK_SIZES[4] as u64 {
            put_rung::<H, { CHUNK_SIZES[4] }>(skb, offset, captured, head, wake)
        } else {
            put_rung::<H, { CHUNK_SIZES[5] }>(skb, offset, captured, head, wake)
        }
    }
}

#[inline(always)]
unsafe fn put_rung<H: Copy + 'static, const N: usize>(
    skb: *mut __sk_buff,
    offset: u32,
    captured: u64,
    head: H,
    wake: u64,
) -> bool {
    unsafe {
        let entry: Option<RingBufEntry<Slot<H, N>>> = EVENTS.reserve(0);
        let Some(mut entry) = entry else {
            return false;
        };
        let slot: *mut Slot<H, N> = MaybeUninit::as_mut_ptr(&mut entry);
        (&raw mut (*slot).head).write(head);
        let length = clamp::<N>(captured);
        let status = bpf_skb_load_bytes(
            skb.cast(),
            offset,
            (&raw mut (*slot).bytes).cast(),
            length as u32,
        );
        if status != 0 {
            entry.discard(NO_WAKEUP);
            return false;
        }
        entry.submit(wakeup() | wake);
        true
    }
}
