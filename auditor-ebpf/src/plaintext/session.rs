//! What is remembered of a TLS session.

use aya_ebpf::{
    helpers::generated::{
        bpf_get_current_pid_tgid, bpf_get_smp_processor_id, bpf_ktime_get_boot_ns,
        bpf_probe_read_user,
    },
    macros::map,
    maps::LruHashMap,
};

/// TLS sessions at a time. One that is evicted goes on as a new one whose beginning was not seen.
/// The daemon sets the size to 1 where the tier is off.
#[map]
pub static SESSIONS: LruHashMap<Key, Session> = LruHashMap::with_max_entries(1 << 16, 0);

/// An `SSL` object: an address says something only within a process.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct Key {
    ssl: u64,
    process: u64,
}

#[repr(C)]
#[derive(Clone, Copy)]
pub struct Session {
    /// Unique on this node.
    pub number: u64,
    /// Cookie of its connection, 0 while that is not known.
    pub socket: u64,
    /// By `Direction`, like all that follows: bytes so far.
    pub offset: [u64; 2],
    /// Bytes passed over since the last event.
    pub skipped: [u64; 2],
    pub lost: [u32; 2],
    /// It is HTTP/2, where every byte counts.
    pub frames: u32,
    /// The object was freed or cleared: what has its address now may be another.
    pub let_go: u32,
    /// What its ClientHello has as random bytes; zeros if that is not known.
    pub client_random: [u64; 4],
}

impl Key {
    #[inline(always)]
    pub fn of_current(ssl: u64) -> Self {
        Self {
            ssl,
            // SAFETY: no arguments.
            process: unsafe { bpf_get_current_pid_tgid() } >> 32,
        }
    }
}

/// The session that a call was about, in which `socket` was used and `count` bytes were taken: the
/// one that is known, or a new one. None for a call that says nothing. The random bytes of its
/// ClientHello are at `random`, if that is not 0.
///
/// # Safety
/// Called from a program.
#[inline(always)]
pub unsafe fn of(key: Key, socket: u64, count: u64, random: u64) -> Option<*mut Session> {
    unsafe {
        if let Some(session) = SESSIONS.get_ptr_mut(key) {
            let bound = (*session).socket;
            // A cookie is never used again: on the same socket it is the same session, which
            // another reference kept alive.
            let same = if socket == 0 {
                (*session).let_go == 0
            } else {
                socket == bound || bound == 0 && (*session).let_go == 0
            };
            if same {
                if bound == 0 {
                    (*session).socket = socket;
                }
                (*session).let_go = 0;
                return Some(session);
            }
        }
        if socket == 0 && count == 0 {
            return None;
        }
        let cpu = u64::from(bpf_get_smp_processor_id() as u8);
        let mut client_random = [0; 4];
        if random != 0 {
            // What cannot be read stays 0.
            bpf_probe_read_user((&raw mut client_random).cast(), 32, random as *const _);
        }
        let session = Session {
            number: bpf_ktime_get_boot_ns() << 8 | cpu,
            socket,
            offset: [0; 2],
            skipped: [0; 2],
            lost: [0; 2],
            frames: 0,
            let_go: 0,
            client_random,
        };
        SESSIONS.insert(key, session, 0).ok()?;
        SESSIONS.get_ptr_mut(key)
    }
}
