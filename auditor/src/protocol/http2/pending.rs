//! Streams that are open.

use std::collections::BTreeMap;

use crate::protocol::{
    Exchange, Head, Incomplete, Message, Nanos, Reason, Side, Stream, grpc::MessageCounter,
};

/// Streams that may be open at a time; servers allow some hundred. More, and the oldest goes out as
/// it is.
const MAX_OPEN: usize = 2048;
/// Memory that their heads may take, because a client can send many that are large.
const MAX_OPEN_BYTES: usize = 1024 * 1024;

/// An exchange in the making.
#[derive(Clone, Debug)]
pub(super) struct Pending {
    pub(super) stream: Stream,
    request: Option<Message>,
    response: Option<Message>,
    request_done: bool,
    response_done: bool,
    pub(super) incomplete: Incomplete,
    pub(super) tunnel: bool,
    began: Nanos,
    /// When there was last a sign of it.
    seen: Nanos,
    /// Where the body holds gRPC messages.
    messages: Option<[MessageCounter; 2]>,
}

/// Open streams by number. How many there are, and how large, is bounded.
#[derive(Debug, Default)]
pub(super) struct Table {
    open: BTreeMap<u32, Pending>,
    /// Memory of the heads.
    bytes: usize,
}

// === impl Pending ===

impl Pending {
    /// A stream of whose request there is a head, or nothing.
    pub(super) fn new(id: u32, request: Option<Message>, at: Nanos) -> Self {
        Self {
            stream: Stream {
                id,
                pushed: id.is_multiple_of(2),
                reset: None,
            },
            request_done: request.is_none(),
            began: request.as_ref().map_or(at, |message| message.began),
            request,
            response: None,
            response_done: false,
            incomplete: Incomplete::default(),
            tunnel: false,
            seen: at,
            messages: None,
        }
    }

    pub(super) fn message(&self, side: Side) -> Option<&Message> {
        match side {
            Side::Request => self.request.as_ref(),
            Side::Response => self.response.as_ref(),
        }
    }

    pub(super) fn message_mut(&mut self, side: Side) -> Option<&mut Message> {
        match side {
            Side::Request => self.request.as_mut(),
            Side::Response => self.response.as_mut(),
        }
    }

    pub(super) fn set_response(&mut self, response: Message) {
        self.response = Some(response);
    }

    pub(super) fn request_head(&self) -> Option<&Head> {
        self.request.as_ref()?.head.as_ref()
    }

    pub(super) fn is_done(&self, side: Side) -> bool {
        match side {
            Side::Request => self.request_done,
            Side::Response => self.response_done,
        }
    }

    pub(super) fn is_over(&self) -> bool {
        self.request_done && self.response_done
    }

    /// There was a sign of it.
    pub(super) fn touch(&mut self, at: Nanos) {
        self.seen = at;
    }

    /// The body holds gRPC messages, which are counted from here.
    pub(super) fn count_messages(&mut self) {
        self.messages.get_or_insert_default();
    }

    pub(super) fn counter(&mut self, side: Side) -> Option<&mut MessageCounter> {
        self.messages.as_mut().map(|both| &mut both[side as usize])
    }

    /// Nothing more comes from this side; when it ended, if that was seen.
    pub(super) fn end(&mut self, side: Side, ended: Option<Nanos>) {
        match side {
            Side::Request => self.request_done = true,
            Side::Response => self.response_done = true,
        }
        if let Some(message) = self.message_mut(side) {
            message.ended = ended;
        }
        if self.contradicts_its_length(side) {
            self.incomplete.add(Reason::FramingAmbiguous);
        }
    }

    /// Bytes of this side were not seen, and some may have been of this stream.
    pub(super) fn lose(&mut self, side: Side, why: Incomplete) {
        if self.is_done(side) {
            return;
        }
        self.incomplete.merge(why);
        if let Some(message) = self.message_mut(side) {
            message.uncounted = true;
        }
        if let Some(counter) = self.counter(side) {
            counter.lose();
        }
    }

    pub(super) fn finish(mut self, at: Nanos) -> Exchange {
        for side in [Side::Request, Side::Response] {
            let count = self.counter(side).and_then(|counter| counter.count());
            if let Some(message) = self.message_mut(side) {
                message.grpc_messages = count;
            }
        }
        if self.response.is_none() {
            self.incomplete.add(Reason::ResponseMissing);
        }
        // Where bytes are missing the end may have been among them.
        let unsure = self.incomplete.has(Reason::Hole) && !self.is_over();
        let ended = if unsure { self.seen } else { at };
        Exchange {
            request: self.request,
            response: self.response,
            ended: ended.max(self.began),
            incomplete: self.incomplete,
            tunnel: self.tunnel,
            stream: Some(self.stream),
        }
    }

    /// As far as it has come.
    pub(super) fn so_far(&self, at: Nanos) -> Exchange {
        let mut exchange = self.clone().finish(at);
        exchange.incomplete = self.incomplete;
        exchange.ended = at.max(self.began);
        exchange
    }

    /// The head promises another length than the body has (RFC 9113, section 8.1.1).
    fn contradicts_its_length(&self, side: Side) -> bool {
        let Some(message) = self.message(side).filter(|message| !message.uncounted) else {
            return false;
        };
        let Some(head) = &message.head else {
            return false;
        };
        // Of a request that is not known it is not known either whether it was HEAD.
        let method = self.request_head().and_then(Head::method);
        let bodiless = side == Side::Response
            && message.body == 0
            && (method.is_none_or(|method| method == b"HEAD") || head.status() == Some(304));
        let mut lengths = head.values("content-length");
        !bodiless && lengths.any(|text| digits(text) != Some(message.body))
    }

    fn footprint(&self) -> usize {
        let heads = [&self.request, &self.response].into_iter().flatten();
        heads
            .flat_map(|message| [&message.head, &message.trailers])
            .flatten()
            .map(Head::footprint)
            .sum()
    }
}

// === impl Table ===

impl Table {
    pub(super) fn is_empty(&self) -> bool {
        self.open.is_empty()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Pending> {
        self.open.values()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Pending> {
        self.open.values_mut()
    }

    pub(super) fn contains(&self, id: u32) -> bool {
        self.open.contains_key(&id)
    }

    /// The stream, for changes that leave its heads alone.
    pub(super) fn get_mut(&mut self, id: u32) -> Option<&mut Pending> {
        self.open.get_mut(&id)
    }

    /// Changes a stream and its heads.
    pub(super) fn change(&mut self, id: u32, change: impl FnOnce(&mut Pending)) {
        if let Some(pending) = self.open.get_mut(&id) {
            self.bytes -= pending.footprint();
            change(pending);
            self.bytes += pending.footprint();
        }
    }

    pub(super) fn insert(&mut self, pending: Pending) {
        self.bytes += pending.footprint();
        if let Some(replaced) = self.open.insert(pending.stream.id, pending) {
            self.bytes -= replaced.footprint();
        }
    }

    pub(super) fn remove(&mut self, id: u32) -> Option<Pending> {
        let pending = self.open.remove(&id)?;
        self.bytes -= pending.footprint();
        Some(pending)
    }

    /// The oldest, if it has to give way.
    pub(super) fn pop_overfull(&mut self) -> Option<Pending> {
        let over = self.open.len() > MAX_OPEN || self.bytes > MAX_OPEN_BYTES;
        let oldest = *self.open.keys().next().filter(|_| over)?;
        self.remove(oldest)
    }

    pub(super) fn pop_first(&mut self) -> Option<Pending> {
        let first = *self.open.keys().next()?;
        self.remove(first)
    }

    #[cfg(test)]
    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }

    #[cfg(test)]
    pub(super) fn len(&self) -> usize {
        self.open.len()
    }
}

fn digits(text: &[u8]) -> Option<u64> {
    let is_number = !text.is_empty() && text.iter().all(u8::is_ascii_digit);
    let text = std::str::from_utf8(text).ok().filter(|_| is_number)?;
    text.parse().ok()
}
