//! Per-CPU counters of the kernel programs.

/// Index into the counter map. Everything that can go wrong in the kernel has one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Counter {
    /// Events handed to the ring.
    EventsSubmitted = 0,
    /// Payload bytes copied into the ring.
    BytesCopied = 1,
    /// Segments with payload seen on audited sockets.
    SegmentsSeen = 2,
    /// Message starts seen in the request direction of accepted connections.
    InboundRequestsSeen = 3,
    /// Message starts seen in the request direction of opened connections.
    OutboundRequestsSeen = 4,
    /// Ring full: an `Open` event was lost.
    OpenLost = 5,
    /// Ring full: a `Data` event was lost.
    DataLost = 6,
    /// Ring full: an `Early` event was lost.
    EarlyLost = 7,
    /// Ring full: a `Close` event was lost.
    CloseLost = 8,
    /// Request starts inside lost `Data` and `Early` events of accepted connections.
    InboundRequestsLost = 9,
    /// Request starts inside lost `Data` events of opened connections.
    OutboundRequestsLost = 10,
    /// Connection state could not be allocated.
    ConnectionStateFailed = 11,
    /// A message head was longer than `MAX_CAPTURE`; the rest was not copied.
    HeadOversize = 12,
    /// A packet's headers could not be read.
    PacketUnparsed = 13,
    /// A segment had more lines than the programs follow.
    LineLimit = 14,
    /// A segment arrived ahead of a gap.
    OutOfOrder = 15,
    /// Connections that were left out because nothing of their workload is in scope.
    ConnectionsLeftOut = 16,
    /// Ring full, or the bytes could not be read: a `Plaintext` event was lost.
    PlaintextLost = 17,
}

impl Counter {
    /// Number of counters.
    pub const COUNT: usize = 18;
}
