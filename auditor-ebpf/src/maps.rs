//! Every map, with its size and why that size.

use core::{ffi::c_void, ptr};

use auditor_common::{Counter, Directive, MAX_LEFT_OUT, Owner};
use aya_ebpf::{
    helpers::generated::bpf_sk_storage_get,
    macros::{btf_map, map},
    maps::{Array, HashMap, PerCpuArray, RingBuf},
};

use crate::{connection::Connection, early::Arrival};

/// `BPF_MAP_TYPE_SK_STORAGE`.
const SK_STORAGE: usize = 24;
/// `BPF_F_NO_PREALLOC`, which socket storage demands.
const NO_PREALLOC: usize = 1;
/// `BPF_F_CLONE`: an accepted socket inherits the value of the listening one.
const CLONE: usize = 1 << 9;
/// `BPF_SK_STORAGE_GET_F_CREATE`.
const CREATE: u64 = 1;

/// State that the kernel frees with the socket, so it can neither leak nor be evicted.
///
/// aya-ebpf's own type takes only one kind of context and no clone flag.
#[repr(C)]
pub struct SocketStorage<V, const FLAGS: usize> {
    r#type: *const [i32; SK_STORAGE],
    key: *const i32,
    value: *const V,
    max_entries: *const [i32; 0],
    map_flags: *const [i32; FLAGS],
}

// SAFETY: the fields only carry type information for the loader; nobody dereferences them.
unsafe impl<V, const FLAGS: usize> Sync for SocketStorage<V, FLAGS> {}

impl<V, const FLAGS: usize> SocketStorage<V, FLAGS> {
    const fn new() -> Self {
        Self {
            r#type: ptr::null(),
            key: ptr::null(),
            value: ptr::null(),
            max_entries: ptr::null(),
            map_flags: ptr::null(),
        }
    }

    /// The value of `sk`, or null.
    ///
    /// # Safety
    /// `sk` is a socket pointer that the verifier accepts.
    #[inline(always)]
    pub unsafe fn get(&self, sk: *mut c_void) -> *mut V {
        unsafe { bpf_sk_storage_get(self.as_ptr(), sk, ptr::null_mut(), 0).cast() }
    }

    /// The value of `sk`, zeroed when new; null when there is no memory.
    ///
    /// # Safety
    /// `sk` is a socket pointer that the verifier accepts.
    #[inline(always)]
    pub unsafe fn get_or_create(&self, sk: *mut c_void) -> *mut V {
        unsafe { bpf_sk_storage_get(self.as_ptr(), sk, ptr::null_mut(), CREATE).cast() }
    }

    fn as_ptr(&self) -> *mut c_void {
        ptr::from_ref(self).cast_mut().cast()
    }
}

/// Events for the daemon. The daemon sets the size at load.
#[map]
pub static EVENTS: RingBuf = RingBuf::with_byte_size(1 << 24, 0);

/// Per-CPU so that counting needs no atomic operation.
#[map]
pub static COUNTERS: PerCpuArray<u64> = PerCpuArray::with_max_entries(Counter::COUNT as u32, 0);

/// What the daemon wants of a connection, by socket cookie. Not preallocated: only connections
/// whose framing the kernel could not follow by itself have an entry.
#[map]
pub static DIRECTIVES: HashMap<u64, Directive> = HashMap::with_max_entries(1 << 16, 1);

/// Control groups nothing of which is in scope. Not preallocated: most nodes have none. When it is
/// full the daemon forgets them all, which only costs copying.
#[map]
pub static LEFT_OUT: HashMap<u64, u8> = HashMap::with_max_entries(MAX_LEFT_OUT, 1);

/// Grows whenever `LEFT_OUT` has changed.
#[map]
pub static SCOPE_VERSION: Array<u32> = Array::with_max_entries(1, 0);

/// What came with the third packet of a handshake; the same softirq makes the socket for it.
#[map]
pub static EARLY: PerCpuArray<Arrival> = PerCpuArray::with_max_entries(1, 0);

/// One per TCP socket that carried something.
#[btf_map]
pub static CONNECTIONS: SocketStorage<Connection, NO_PREALLOC> = SocketStorage::new();

/// Who made the socket; accepted sockets inherit the listener's.
#[btf_map]
pub static OWNERS: SocketStorage<Owner, { NO_PREALLOC | CLONE }> = SocketStorage::new();

/// Adds to a counter of this CPU.
#[inline(always)]
pub fn count(counter: Counter, n: u64) {
    if let Some(value) = COUNTERS.get_ptr_mut(counter as u32) {
        // SAFETY: a per-CPU slot; a preempting program on this CPU could at worst lose one count
        // of its own, and the programs that share a counter do not preempt each other.
        unsafe { *value += n };
    }
}
