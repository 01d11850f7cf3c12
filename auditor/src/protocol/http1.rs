//! HTTP/1.0 and HTTP/1.1 (RFC 9112) on a passive pair of streams.

mod exchange;
mod framing;
mod head;
mod incomplete;
mod pending;
mod reader;
mod scan;
mod streams;

pub use exchange::{Exchange, Message};
pub use framing::Body;
pub use head::{Head, HeadError, MAX_HEAD, Start, Version};
pub use incomplete::{Incomplete, Reason};
pub use streams::{Ending, Streams, Verdict, Want, begins_request};

#[cfg(test)]
mod tests;
