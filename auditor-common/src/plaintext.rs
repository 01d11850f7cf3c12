//! What the probes in TLS libraries are told, and what they tell.

use crate::Header;

/// Where in a library a probe sits. The daemon hands it to the program as the attach cookie.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
#[repr(C)]
pub struct Site {
    /// Number that the daemon gave the library.
    pub library: u32,
    /// From the `SSL` object to the random bytes of its ClientHello, bytes; 0 if that is not known.
    pub client_random: u16,
    /// From the stack pointer at the site to that at the entry of the function, words of 8 bytes.
    pub depth: u8,
    /// `site_flag` bits.
    pub flags: u8,
}

/// Bits of [`Site::flags`].
pub mod site_flag {
    /// The function says how many bytes it took through its fourth argument; else it returns that.
    pub const COUNT_BY_REFERENCE: u8 = 1 << 0;
    /// The function writes; else it reads.
    pub const WRITES: u8 = 1 << 1;
}

/// Bytes of a TLS session that nothing can bind to a connection are handed over up to here in each
/// direction; whatever a handshake left in the library's buffer is less.
pub const UNBOUND_CAPTURE: u64 = 64 * 1024;

/// Plaintext that one call of a TLS library read or wrote, or a part of it; the bytes follow.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
#[repr(C)]
pub struct Plaintext {
    /// The cookie is 0 while it is not known which connection the session is on.
    pub header: Header,
    /// Number of the TLS session, unique on this node.
    pub session: u64,
    /// Place of the first captured byte in its direction of the session.
    pub offset: u64,
    /// Bytes directly before `offset` that were passed over on purpose.
    pub skipped_before: u64,
    /// Bytes directly after the captured ones that were not copied because a bound was reached.
    pub skipped_after: u64,
    /// Cgroup-v2 id of the thread that called.
    pub cgroup_id: u64,
    /// Its process.
    pub pid: u32,
    /// Number of the library, see [`Site`].
    pub library: u32,
    /// Plaintext events of this direction of the session that did not fit the ring so far.
    pub lost: u32,
    pub reserved: u32,
    /// What its ClientHello has as random bytes, as they are in memory; zeros if that is not known.
    pub client_random: [u64; 4],
}
