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

/// What of a request tells who makes it, in whichever version of the protocol.
pub trait RequestHead {
    /// Some of its fields were not kept.
    fn is_truncated(&self) -> bool;

    /// Path and query, as written.
    fn target(&self) -> &[u8];

    /// Values of every field of that name, in order. `name` is in lower case.
    fn values<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a [u8]>;
}

/// A stretch of one direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span<'a> {
    Bytes(&'a [u8]),
    /// There were so many bytes, and they were not copied.
    Skipped(u64),
}
