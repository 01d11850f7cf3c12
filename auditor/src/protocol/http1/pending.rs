//! Exchanges in the making.

use std::collections::VecDeque;

use crate::protocol::{Exchange, Head, Incomplete, Message, Nanos, Reason, Version};

/// Requests that may wait for their responses; more, and the oldest goes out without.
const MAX_PENDING: usize = 256;
/// Memory their heads may take, because a client can send many that are large.
const MAX_PENDING_BYTES: usize = 512 * 1024;

/// An exchange in the making.
#[derive(Debug)]
pub struct Pending {
    /// Number of the request on the connection.
    pub index: u32,
    pub request: Option<Message>,
    pub request_done: bool,
    pub response: Option<Message>,
    pub response_done: bool,
    pub incomplete: Incomplete,
    pub tunnel: bool,
    pub began: Nanos,
    /// Where in its direction the request began.
    pub from: u64,
}

/// Exchanges in the order of their requests. How many there are, and how large, is bounded.
#[derive(Debug, Default)]
pub struct Queue {
    entries: VecDeque<Pending>,
    /// Memory of the request heads.
    bytes: usize,
}

// === impl Pending ===

impl Pending {
    /// A request whose bytes are still to come.
    pub fn asked(index: u32, request: Message, from: u64) -> Self {
        Self {
            began: request.began,
            request: Some(request),
            request_done: false,
            from,
            ..Self::unasked(index, 0)
        }
    }

    /// A request of which there are no bytes, or none that can be read.
    pub fn unasked(index: u32, began: Nanos) -> Self {
        Self {
            index,
            request: None,
            request_done: true,
            response: None,
            response_done: false,
            incomplete: Incomplete::default(),
            tunnel: false,
            began,
            from: 0,
        }
    }

    /// Its response has begun and not ended.
    pub fn is_answering(&self) -> bool {
        self.response.is_some() && !self.response_done
    }

    fn request_head(&self) -> Option<&Head> {
        self.request.as_ref()?.head.as_ref()
    }

    pub fn method(&self) -> Option<&[u8]> {
        self.request_head()?.method()
    }

    pub fn version(&self) -> Option<Version> {
        self.request_head().map(Head::version)
    }

    pub fn finish(self, at: Nanos) -> Exchange {
        let mut incomplete = self.incomplete;
        if self.response.is_none() {
            incomplete.add(Reason::ResponseMissing);
        }
        // What could not be read still has its time.
        let unread = incomplete
            .has(Reason::RequestUnparsable)
            .then(|| Message::begun(None, self.began, 0));
        Exchange {
            request: self.request.or(unread),
            response: self.response,
            ended: at.max(self.began),
            incomplete,
            tunnel: self.tunnel,
            stream: None,
        }
    }
}

// === impl Queue ===

impl Queue {
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn front(&self) -> Option<&Pending> {
        self.entries.front()
    }

    pub fn front_mut(&mut self) -> Option<&mut Pending> {
        self.entries.front_mut()
    }

    pub fn back_mut(&mut self) -> Option<&mut Pending> {
        self.entries.back_mut()
    }

    /// The request that is being read.
    pub fn asking_mut(&mut self) -> Option<&mut Pending> {
        self.entries.iter_mut().rev().find(|p| !p.request_done)
    }

    /// A request that was not seen comes before all that were.
    pub fn push_front(&mut self, pending: Pending) {
        self.entries.push_front(pending);
    }

    pub fn push_back(&mut self, pending: Pending) {
        self.bytes += footprint(&pending);
        if self.entries.capacity() == 0 {
            // Most clients ask for one thing at a time, and an idle connection keeps the room for it.
            self.entries.reserve_exact(1);
        }
        self.entries.push_back(pending);
    }

    pub fn pop_front(&mut self) -> Option<Pending> {
        let front = self.entries.pop_front()?;
        self.bytes -= footprint(&front);
        Some(front)
    }

    /// Forgets all but the first: what was taken for requests was none.
    pub fn keep_front(&mut self) {
        self.entries.truncate(1);
        self.bytes = self.entries.iter().map(footprint).sum();
    }

    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// The first has to give way, for the last.
    pub fn is_overfull(&self) -> bool {
        let over = self.entries.len() > MAX_PENDING || self.bytes > MAX_PENDING_BYTES;
        over && self.entries.len() > 1
    }
}

fn footprint(pending: &Pending) -> usize {
    pending.request_head().map_or(0, Head::footprint)
}
