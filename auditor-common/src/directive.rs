//! What the daemon tells the kernel programs about one connection.

/// What the kernel programs shall do with one direction.
///
/// At `sequence` the daemon knew the framing: `skip` bytes from there on are not wanted, then
/// `action` begins. The length is 64 bits wide because a body may be longer than the sequence space.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
#[repr(C)]
pub struct FlowDirective {
    pub skip: u64,
    pub sequence: u32,
    /// Grows with every directive; the kernel acts on each once. 0: none yet.
    pub version: u32,
    /// One of the constants of [`FlowDirective`].
    pub action: u32,
    /// With `RESUME` and `FRAMES`: what began before, see `Data::messages`.
    pub messages: u32,
}

impl FlowDirective {
    /// A message begins: follow the framing from there.
    pub const RESUME: u32 = 1;
    /// Nothing more is wanted of this direction: count, do not copy.
    pub const STOP: u32 = 2;
    /// Keep copying unframed, with a fresh allowance.
    pub const CONTINUE: u32 = 3;
    /// A frame of HTTP/2 begins: follow from frame to frame.
    pub const FRAMES: u32 = 4;
}

/// Value of the directive map, whose key is the socket cookie.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "user", derive(bytemuck::Pod, bytemuck::Zeroable))]
#[repr(C)]
pub struct Directive {
    /// By `Direction`.
    pub flows: [FlowDirective; 2],
}
