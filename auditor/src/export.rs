//! Sends sealed records out: to a collector over OTLP, or to standard output.
//!
//! A record arrives encoded and leaves as the same bytes, or as a text form read straight out of
//! them. Nothing here changes a record, and the OTLP types of other crates stay in here.

pub mod otlp;
pub mod stdout;
pub mod view;

mod wire;

#[cfg(test)]
mod sample;
