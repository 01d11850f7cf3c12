//! The two directions of a connection that speaks TLS.

use std::sync::Arc;

use super::{
    direction::Direction,
    facts::{Facts, Gap},
};
use crate::protocol::{Side, Span, Verdict, Want};

/// Both directions from the beginning of the connection.
#[derive(Debug)]
pub struct Streams {
    client: Direction,
    server: Direction,
    facts: Arc<Facts>,
}

impl Streams {
    pub fn new() -> Self {
        Self {
            client: Direction::new(Side::Request),
            server: Direction::new(Side::Response),
            facts: Arc::default(),
        }
    }

    /// What the handshake showed so far; `None` unless a client said hello, or a server answered
    /// one that was not seen.
    pub fn facts(&self) -> Option<&Arc<Facts>> {
        let said = self.facts.client.is_some() || self.facts.server.is_some();
        said.then_some(&self.facts)
    }

    pub fn verdict(&self) -> Verdict {
        match self.facts() {
            Some(_) => Verdict::Tls,
            None if self.client.is_done() => Verdict::Foreign,
            None => Verdict::Undetermined,
        }
    }

    /// The server says the next thing to a client that was not heard.
    pub fn is_unasked(&self) -> bool {
        self.facts.client.is_none() && !self.client.is_done()
    }

    pub fn want(&self, side: Side) -> Want {
        if self.direction(side).is_done() || self.verdict() == Verdict::Foreign {
            Want::Nothing
        } else {
            Want::Bytes
        }
    }

    /// Reads a stretch of a direction that continues it.
    pub fn feed(&mut self, side: Side, span: Span<'_>) {
        if self.direction(side).is_done() {
            return;
        }
        let facts = Arc::make_mut(&mut self.facts);
        let direction = match side {
            Side::Request => &mut self.client,
            Side::Response => &mut self.server,
        };
        match span {
            Span::Bytes(bytes) => direction.feed(bytes, facts),
            // Nothing is passed over before application data but what is too much.
            Span::Skipped(_) => direction.give_up(Gap::Truncated, facts),
        }
    }

    /// Bytes of a direction were there and will never be seen.
    pub fn hole(&mut self, side: Side) {
        let facts = Arc::make_mut(&mut self.facts);
        match side {
            Side::Request => self.client.give_up(Gap::Hole, facts),
            Side::Response => self.server.give_up(Gap::Hole, facts),
        }
    }

    fn direction(&self, side: Side) -> &Direction {
        match side {
            Side::Request => &self.client,
            Side::Response => &self.server,
        }
    }
}

impl Default for Streams {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
impl Streams {
    /// Bytes kept.
    pub(super) fn held(&self) -> usize {
        self.client.held() + self.server.held()
    }
}
