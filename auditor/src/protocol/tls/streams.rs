//! The two directions of a connection that speaks TLS.

use std::sync::Arc;

use super::{
    direction::Direction,
    facts::{Facts, Gap},
};
use crate::protocol::{Nanos, Side, Span, Verdict, Want};

/// Kept of what the client said first: a hello as most are.
const MAX_OPENING: usize = 1024;

/// Both directions from the beginning of the connection.
#[derive(Debug)]
pub struct Streams {
    client: Direction,
    server: Direction,
    facts: Arc<Facts>,
    /// When the client began.
    began: Nanos,
    /// What it said first, until the server has spoken.
    opening: Vec<u8>,
    has_answer: bool,
}

impl Streams {
    pub fn new(began: Nanos) -> Self {
        Self {
            client: Direction::new(Side::Request),
            server: Direction::new(Side::Response),
            facts: Arc::default(),
            began,
            opening: Vec::new(),
            has_answer: false,
        }
    }

    /// What the client said first, and when, if this is all there is of the server: one that does
    /// not know TLS refuses a hello in HTTP.
    pub fn refused_in_http(&self, answer: &[u8]) -> Option<(&[u8], Nanos)> {
        let refused = !self.has_answer && answer.starts_with(b"HTTP/");
        refused.then_some((&self.opening, self.began))
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
            None if self.client.is_done() && self.has_answer => Verdict::Foreign,
            None => Verdict::Undetermined,
        }
    }

    /// The server says the next thing to a client that was not heard.
    pub fn is_unasked(&self) -> bool {
        self.facts.client.is_none() && !self.client.is_done()
    }

    pub fn want(&self, side: Side) -> Want {
        let may_refuse = side == Side::Response && !self.has_answer;
        if !may_refuse && self.direction(side).is_done() || self.verdict() == Verdict::Foreign {
            Want::Nothing
        } else {
            Want::Bytes
        }
    }

    /// Reads a stretch of a direction that continues it.
    pub fn feed(&mut self, side: Side, span: Span<'_>) {
        self.keep_opening(side, span);
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

    fn keep_opening(&mut self, side: Side, span: Span<'_>) {
        if side == Side::Response {
            self.has_answer = true;
            self.opening = Vec::new();
        } else if let Span::Bytes(bytes) = span
            && !self.has_answer
        {
            let room = MAX_OPENING - self.opening.len();
            let kept = bytes.len().min(room);
            self.opening.extend_from_slice(&bytes[..kept]);
        }
    }

    fn direction(&self, side: Side) -> &Direction {
        match side {
            Side::Request => &self.client,
            Side::Response => &self.server,
        }
    }
}

#[cfg(test)]
impl Streams {
    /// Bytes kept of messages.
    pub(super) fn held(&self) -> usize {
        self.client.held() + self.server.held()
    }
}
