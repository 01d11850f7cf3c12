//! What the kernel saw, in the daemon's own types.

use std::{net::SocketAddr, sync::Arc};

pub use auditor_common::{Direction, Role};

/// Nanoseconds of `CLOCK_BOOTTIME`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct BootTime(pub u64);

impl BootTime {
    /// Nanoseconds since `earlier`; 0 if that was later, which two CPUs' clocks can make it.
    pub fn since(self, earlier: Self) -> u64 {
        self.0.saturating_sub(earlier.0)
    }
}

/// One event of the ring.
#[derive(Debug)]
pub enum Event<'a> {
    Open(Open),
    Data(Data<'a>),
    Early(Early<'a>),
    Close(Close),
    Plaintext(Plaintext<'a>),
}

/// The process that connected or listens.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    pub uid: u32,
    /// Task name, printable.
    pub comm: Arc<str>,
}

/// Who made a socket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    /// 0 if not known.
    pub cgroup_id: u64,
    /// 0 if not known.
    pub netns_cookie: u64,
    pub process: Option<Process>,
}

/// A connection was established, or first noticed.
#[derive(Debug)]
pub struct Open {
    pub cookie: u64,
    pub time: BootTime,
    pub local: SocketAddr,
    pub peer: SocketAddr,
    pub owner: Owner,
    pub role: Role,
    pub receive_next: u32,
    pub send_next: u32,
}

/// Bytes of one direction; see `auditor_common::Data`.
#[derive(Debug)]
pub struct Data<'a> {
    pub cookie: u64,
    pub time: BootTime,
    pub direction: Direction,
    pub sequence: u32,
    pub skipped_before: u64,
    pub skipped_after: u32,
    pub lost: u32,
    pub messages: u32,
    pub cgroup_id: u64,
    pub message_start: bool,
    pub unframed: bool,
    pub truncated: bool,
    /// It is HTTP/2, and the kernel follows its frames, unless `unframed`.
    pub frames: bool,
    pub bytes: &'a [u8],
}

/// Bytes that came with the handshake, before the accepted socket existed.
#[derive(Debug)]
pub struct Early<'a> {
    pub time: BootTime,
    pub local: SocketAddr,
    pub peer: SocketAddr,
    pub sequence: u32,
    /// As of [`Data`].
    pub unframed: bool,
    pub frames: bool,
    pub bytes: &'a [u8],
}

/// The socket is closed; arrays are by [`Direction`].
#[derive(Debug)]
pub struct Close {
    pub cookie: u64,
    pub time: BootTime,
    pub local: SocketAddr,
    pub peer: SocketAddr,
    pub owner: Owner,
    pub role: Role,
    pub opened: Option<BootTime>,
    pub bytes: [u64; 2],
    pub ended: [Option<BootTime>; 2],
    pub skipped: [u64; 2],
    pub lost: [u32; 2],
    pub smoothed_rtt_us: u32,
    pub retransmits: u32,
    pub fin_received: bool,
    pub fin_sent: bool,
    pub reset_received: bool,
    pub reset_sent: bool,
    pub never_opened: bool,
    /// Its process let go of it; the kernel tells nothing of what followed.
    pub released: bool,
}

/// What a call of a TLS library read or wrote; see `auditor_common::Plaintext`.
#[derive(Clone, Copy, Debug)]
pub struct Plaintext<'a> {
    /// `None` while it is not known which connection the session is on.
    pub cookie: Option<u64>,
    pub time: BootTime,
    pub direction: Direction,
    /// Number of the TLS session, unique on this node.
    pub session: u64,
    pub offset: u64,
    pub skipped_before: u64,
    pub skipped_after: u64,
    pub lost: u32,
    pub cgroup_id: u64,
    pub pid: u32,
    /// Number of the library.
    pub library: u32,
    /// What its ClientHello has as random bytes, if that is known.
    pub client_random: Option<[u8; 32]>,
    pub bytes: &'a [u8],
}
