//! HTTP/2 (RFC 9113) on a passive pair of streams.

mod block;
mod direction;
mod error_code;
mod frame;
mod hpack;
mod ids;
mod pending;
mod reader;
mod resync;
mod streams;

pub use error_code::error_name;
pub use frame::PREFACE;
pub use resync::{begins_block, begins_settings};
pub use streams::Streams;

#[cfg(test)]
mod tests;
