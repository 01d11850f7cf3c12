//! Many exchanges in one record.

use std::sync::Arc;

use crate::{
    protocol::{Exchange, Message},
    session::ConnectionFacts,
};

/// Exchanges that are alike in all but their time, their size and the connection they came on.
#[derive(Debug)]
pub struct Aggregate {
    /// Of the first.
    pub connection: Arc<ConnectionFacts>,
    pub inbound: bool,
    /// Number of the first on its connection.
    pub number: u32,
    pub first: Box<Exchange>,
    pub totals: Totals,
}

/// What they come to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals {
    pub count: u64,
    /// When the last began, nanoseconds since the epoch.
    pub last_time: u64,
    /// Bytes of all requests and of all responses, heads and framing included.
    pub request_bytes: u64,
    pub response_bytes: u64,
    pub max_duration_ns: u64,
}

impl Totals {
    /// Counts an exchange that began at `time`, nanoseconds since the epoch.
    pub fn add(&mut self, time: u64, exchange: &Exchange) {
        let wire = |message: &Option<Message>| message.as_ref().map_or(0, |m| m.wire);
        self.count += 1;
        self.last_time = self.last_time.max(time);
        self.request_bytes += wire(&exchange.request);
        self.response_bytes += wire(&exchange.response);
        let duration = exchange.ended.saturating_sub(exchange.began());
        self.max_duration_ns = self.max_duration_ns.max(duration);
    }
}
