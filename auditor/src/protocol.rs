//! Pure parsers: bytes → message → exchange. No I/O, no clock, no allocation that a peer decides.
//!
//! A protocol is fed with the two directions of a connection in stream order: bytes, stretches
//! that the kernel passed over on purpose, and holes. Times are numbers that the caller gives.

pub mod http1;

/// Nanoseconds on a clock of the caller's choice.
pub type Nanos = u64;

/// Which way a message goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    Request,
    Response,
}

/// A stretch of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span<'a> {
    Bytes(&'a [u8]),
    /// There were so many bytes, and they were not copied.
    Skipped(u64),
}
