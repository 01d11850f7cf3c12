//! HTTP/1.0 and HTTP/1.1 (RFC 9112) on a passive pair of streams.

mod framing;
mod head;
mod pending;
mod reader;
mod scan;
mod streams;

pub use framing::Body;
pub use head::HeadError;
pub use streams::{Streams, begins_request};

#[cfg(test)]
mod tests;
