//! Events the kernel programs put into the ring.

/// Length of a task name, as the kernel keeps it.
pub const COMM_LEN: usize = 16;

/// Most payload bytes that one [`Data`] or [`Early`] event can carry.
pub const MAX_CAPTURE: usize = 16 * 1024;

/// Workloads that are left out at a time; a node has hundreds.
pub const MAX_LEFT_OUT: u32 = 4096;

/// Room for payload in an event; the smallest that fits is reserved.
///
/// A ring reservation must have a constant size, so the kernel programs pick a rung.
pub const CHUNK_SIZES: [usize; 6] = [64, 256, 512, 1024, 4096, MAX_CAPTURE];

/// What an event is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    Open = 1,
    Data = 2,
    Early = 3,
    Close = 4,
    Plaintext = 5,
}

/// Direction of a byte stream, seen from the local socket.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Direction {
    Ingress = 0,
    Egress = 1,
}

/// Which side of the connection the local socket is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Role {
    /// The socket existed before the programs were attached.
    Unseen = 0,
    /// The local socket connected.
    Active = 1,
    /// The local socket was accepted.
    Passive = 2,
}

/// First bytes of every event.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
#[repr(C)]
pub struct Header {
    /// A [`Kind`].
    pub kind: u8,
    /// A [`Direction`]; 0 where it has no meaning.
    pub direction: u8,
    /// `data_flag` or `close_flag` bits.
    pub flags: u16,
    /// Bytes that follow the fixed part of the event and are meant (the reservation may be larger).
    pub captured: u32,
    /// `CLOCK_BOOTTIME`, nanoseconds.
    pub time_ns: u64,
    /// Socket cookie; 0 for [`Early`].
    pub cookie: u64,
}

/// Addresses of a connection, seen from the local socket.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
#[repr(C)]
pub struct Tuple {
    /// Network byte order; an IPv4 address stands in the first four bytes.
    pub local_address: [u8; 16],
    pub peer_address: [u8; 16],
    /// Host byte order.
    pub local_port: u16,
    pub peer_port: u16,
    /// `AF_INET` or `AF_INET6`, as on the wire.
    pub family: u16,
    pub reserved: u16,
}

/// The process that created, connected or bound a socket; accepted sockets inherit it.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
#[repr(C)]
pub struct Owner {
    /// Cgroup-v2 id of the task, 0 if not known.
    pub cgroup_id: u64,
    /// Network namespace cookie, 0 if not known.
    pub netns_cookie: u64,
    /// Process id (thread group id) in the initial pid namespace, 0 if not known.
    pub pid: u32,
    pub uid: u32,
    /// Task name, NUL padded.
    pub comm: [u8; COMM_LEN],
}

/// A connection was established, or first noticed.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
#[repr(C)]
pub struct Open {
    pub header: Header,
    pub tuple: Tuple,
    pub owner: Owner,
    /// Next sequence number expected from the peer.
    pub receive_next: u32,
    /// Next sequence number to be sent.
    pub send_next: u32,
    /// A [`Role`].
    pub role: u8,
    pub reserved: [u8; 7],
}

/// Bytes of one direction; the payload follows.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
#[repr(C)]
pub struct Data {
    pub header: Header,
    /// Bytes directly before `sequence` that the kernel passed over on purpose.
    pub skipped_before: u64,
    /// Cgroup-v2 id of the socket.
    pub cgroup_id: u64,
    /// TCP sequence number of the first captured byte.
    pub sequence: u32,
    /// Bytes directly after the captured ones that the kernel passed over on purpose.
    pub skipped_after: u32,
    /// Data events of this direction that did not fit the ring so far.
    pub lost: u32,
    /// Messages (interim responses not counted) that began before the first captured byte, by the
    /// kernel's count. It pairs requests and responses even when events between them were lost.
    /// With `FRAMES`, in the request direction: the highest stream begun before it.
    pub messages: u32,
}

/// Bits of `Header::flags` in a [`Data`] event.
pub mod data_flag {
    /// The first captured byte begins a message, or with `FRAMES` a frame: the kernel followed the
    /// framing up to here.
    pub const MESSAGE_START: u16 = 1 << 0;
    /// The kernel does not follow the framing; a directive may tell it where to resume.
    pub const UNFRAMED: u16 = 1 << 1;
    /// Some bytes of the segment were not copied because a bound was reached.
    pub const TRUNCATED: u16 = 1 << 2;
    /// The kernel follows the frames of HTTP/2; the preface of the client may be at the beginning.
    /// With `UNFRAMED`: it did, and waits for the directive that says where a frame begins.
    pub const FRAMES: u16 = 1 << 3;
}

/// Payload that arrived on the third packet of the handshake, while the kernel still
/// attributes it to the listening socket; the payload follows. Of the flags it has `UNFRAMED` and
/// `FRAMES`, as [`Data`] has.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
#[repr(C)]
pub struct Early {
    pub header: Header,
    pub tuple: Tuple,
    /// TCP sequence number of the first captured byte.
    pub sequence: u32,
    pub reserved: u32,
}

/// The socket is closed.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
#[repr(C)]
pub struct Close {
    pub header: Header,
    pub tuple: Tuple,
    pub owner: Owner,
    /// When the connection was established; 0 if that was not seen.
    pub opened_ns: u64,
    /// Distinct payload bytes seen, by [`Direction`].
    pub bytes: [u64; 2],
    /// When the end of a direction (FIN or RST) was seen, by [`Direction`]; 0 if it was not.
    pub ended_ns: [u64; 2],
    /// Bytes passed over on purpose since the last event, by [`Direction`].
    pub skipped: [u64; 2],
    /// Data events that did not fit the ring, by [`Direction`].
    pub lost: [u32; 2],
    /// Smoothed round-trip time, microseconds.
    pub smoothed_rtt_us: u32,
    pub retransmits: u32,
    /// A [`Role`].
    pub role: u8,
    /// TCP state before the close, as the kernel numbers them.
    pub previous_state: u8,
    pub reserved: [u8; 6],
}

/// Bits of `Header::flags` in a [`Close`] event.
pub mod close_flag {
    pub const FIN_RECEIVED: u16 = 1 << 0;
    pub const FIN_SENT: u16 = 1 << 1;
    pub const RESET_RECEIVED: u16 = 1 << 2;
    pub const RESET_SENT: u16 = 1 << 3;
    /// The connection was never established.
    pub const NEVER_OPENED: u16 = 1 << 4;
    /// Its process let go of a connection older than the programs; the kernel tells nothing of
    /// what follows.
    pub const RELEASED: u16 = 1 << 5;
}
