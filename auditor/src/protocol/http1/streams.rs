//! The two directions of a connection: which response belongs to which request.

use std::collections::VecDeque;

use super::{
    Exchange, Incomplete, Message, Reason,
    framing::{self, Body},
    head::Head,
    reader::{Item, Reader},
};
use crate::protocol::{Nanos, Side, Span};

/// Requests that may wait for their responses; more, and the oldest goes out without.
const MAX_PENDING: usize = 256;

/// Whether the connection speaks HTTP/1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    Undetermined,
    Http,
    Foreign,
}

/// What is still needed of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Want {
    /// Every byte.
    Bytes,
    /// Nothing for so many bytes; then a message begins, which is number `messages`.
    MessageAfter { skip: u64, messages: u32 },
    /// Nothing more.
    Nothing,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug)]
pub struct Ending {
    pub at: Nanos,
    /// All bytes of the directions, whether copied or not; `None` if not known.
    pub request_bytes: Option<u64>,
    pub response_bytes: Option<u64>,
    /// When the directions ended.
    pub request_ended: Option<Nanos>,
    pub response_ended: Option<Nanos>,
    pub cause: Reason,
}

/// An exchange in the making.
#[derive(Debug)]
struct Pending {
    /// Number of the request on the connection.
    index: u32,
    request: Option<Message>,
    request_done: bool,
    response: Option<Message>,
    response_done: bool,
    incomplete: Incomplete,
    tunnel: bool,
    began: Nanos,
}

/// Both directions of an HTTP/1 connection.
#[derive(Debug)]
pub struct Streams {
    request: Reader,
    response: Reader,
    /// Oldest first.
    pending: VecDeque<Pending>,
    /// Requests begun and final responses begun: equal numbers belong together.
    requests: u32,
    responses: u32,
    verdict: Verdict,
    /// The response being read is an interim one.
    interim: bool,
    request_began: Nanos,
    response_began: Nanos,
    /// Given to exchanges until both directions have been whole once.
    joined: Incomplete,
}

impl Streams {
    /// A connection seen from its beginning.
    pub fn new() -> Self {
        Self {
            request: Reader::new(Side::Request),
            response: Reader::new(Side::Response),
            pending: VecDeque::new(),
            requests: 0,
            responses: 0,
            verdict: Verdict::Undetermined,
            interim: false,
            request_began: 0,
            response_began: 0,
            joined: Incomplete::default(),
        }
    }

    /// A connection joined midway: nothing is read until a message begins.
    pub fn joined_midway() -> Self {
        let mut streams = Self::new();
        streams.request.set_lost();
        streams.response.set_lost();
        streams.joined.add(Reason::JoinedMidway);
        streams
    }

    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// True while a direction waits for a certain message start.
    pub fn is_lost(&self, side: Side) -> bool {
        self.reader(side).is_lost()
    }

    /// What the caller should provide of a direction.
    pub fn want(&self, side: Side) -> Want {
        let reader = self.reader(side);
        if self.verdict == Verdict::Foreign || reader.is_open() {
            return Want::Nothing;
        }
        let messages = match side {
            Side::Request => self.requests,
            Side::Response => self.responses,
        };
        match reader.until_boundary() {
            Some(skip) if self.verdict == Verdict::Http => Want::MessageAfter { skip, messages },
            _ => Want::Bytes,
        }
    }

    /// Reads a stretch of a direction that continues it.
    pub fn feed(&mut self, side: Side, mut span: Span<'_>, at: Nanos, done: &mut Vec<Exchange>) {
        if self.verdict == Verdict::Foreign {
            return;
        }
        loop {
            if self.reader(side).is_at_start() {
                match side {
                    Side::Request => self.request_began = at,
                    Side::Response => self.response_began = at,
                }
            }
            let reader = match side {
                Side::Request => &mut self.request,
                Side::Response => &mut self.response,
            };
            let Some(item) = reader.read(&mut span) else {
                return;
            };
            match (side, item) {
                (Side::Request, Item::Head(head)) => self.request_head(head, at, done),
                (Side::Request, Item::End) => {
                    self.request_ended(Some(at), Incomplete::default(), done);
                }
                (Side::Request, Item::Unparsable) => self.request_unparsable(at),
                (Side::Request, Item::Lost) => {
                    self.request_ended(None, only(Reason::Hole), done);
                }
                (Side::Response, Item::Head(head)) => self.response_head(head, at, done),
                (Side::Response, Item::End) => {
                    self.response_ended(Some(at), Incomplete::default(), at, done);
                }
                (Side::Response, Item::Unparsable) => self.response_unparsable(),
                (Side::Response, Item::Lost) => {
                    self.response_ended(None, only(Reason::Hole), at, done);
                }
            }
        }
    }

    /// `n` bytes of a direction were there and will never be seen.
    pub fn hole(&mut self, side: Side, n: u64, at: Nanos, done: &mut Vec<Exchange>) {
        match side {
            Side::Request => {
                let within_head = self.request.is_within_head();
                if self.request.hole(n) {
                    return;
                }
                if within_head && let Some(head) = self.request.take_partial() {
                    self.push_request(Some(head), only(Reason::HeadTruncated), done);
                }
                if within_head || !self.back_is_done() {
                    self.request_ended(None, only(Reason::Hole), done);
                }
            }
            Side::Response => {
                let within_head = self.response.is_within_head();
                if self.response.hole(n) {
                    return;
                }
                if within_head && let Some(head) = self.response.take_partial() {
                    self.attach_response(head, only(Reason::HeadTruncated), done);
                }
                if self.front_is_answering() {
                    self.response_ended(None, only(Reason::Hole), at, done);
                }
            }
        }
    }

    /// A message begins at the next byte of a direction, for certain: it is number `messages`.
    pub fn resume(&mut self, side: Side, messages: u32) {
        match side {
            Side::Request => {
                self.request.resynchronize();
                self.requests = messages;
            }
            Side::Response => {
                self.response.resynchronize();
                self.responses = messages;
            }
        }
    }

    /// A direction is lost and these bytes, the first of a segment, may begin a message: they do
    /// if they are a whole first line. What is read from there on is marked as joined midway.
    pub fn try_resume(&mut self, side: Side, bytes: &[u8]) {
        let Some(end) = bytes.iter().position(|&b| b == b'\n') else {
            return;
        };
        match side {
            Side::Request if Head::request(&bytes[..=end]).is_ok() => {
                self.joined.add(Reason::JoinedMidway);
                self.requests = self.requests.max(self.responses);
                self.request.resynchronize();
            }
            // A response is only known to be one if its request was seen.
            Side::Response if Head::response(&bytes[..=end]).is_ok() => {
                if let Some(front) = self.pending.front() {
                    self.responses = front.index;
                    self.response.resynchronize();
                }
            }
            _ => {}
        }
    }

    /// The connection is over: whatever is unfinished goes out as it is.
    pub fn close(&mut self, ending: &Ending, done: &mut Vec<Exchange>) {
        if self.verdict == Verdict::Foreign {
            return;
        }
        self.finish_open_bodies(ending, done);
        if self.request.is_within_head()
            && let Some(partial) = self.request.take_partial()
        {
            self.push_request(Some(partial), only(Reason::HeadTruncated), done);
        }
        let confirmed = self.verdict == Verdict::Http;
        while let Some(mut pending) = self.pending.pop_front() {
            if !pending.request_done
                && let Some(request) = &mut pending.request
            {
                request.body = self.request.body();
                request.wire = self.request.wire();
            }
            if !pending.response_done
                && let Some(response) = &mut pending.response
            {
                response.body = self.response.body();
                response.wire = self.response.wire();
            }
            pending.incomplete.add(ending.cause);
            // Bytes that are no request and got no answer say nothing about HTTP.
            if confirmed || pending.request.is_some() {
                Self::emit(pending, ending.at, done);
            }
        }
    }

    /// Bodies that last until the connection ends end now.
    fn finish_open_bodies(&mut self, ending: &Ending, done: &mut Vec<Exchange>) {
        let clean = ending.cause == Reason::ConnectionClosed;
        for (side, total) in [
            (Side::Request, ending.request_bytes),
            (Side::Response, ending.response_bytes),
        ] {
            let reader = match side {
                Side::Request => &mut self.request,
                Side::Response => &mut self.response,
            };
            if !reader.is_open() {
                continue;
            }
            if let Some(total) = total {
                let rest = total.saturating_sub(reader.position());
                reader.hole(rest);
            }
        }
        let tunnel = self.pending.front().is_some_and(|p| p.tunnel);
        if self.request.is_open() && tunnel && (clean || ending.request_ended.is_some()) {
            let at = ending.request_ended.unwrap_or(ending.at);
            self.request_ended(Some(at), Incomplete::default(), done);
        }
        if self.response.is_open() && self.front_is_answering() && clean {
            let at = ending.response_ended.unwrap_or(ending.at);
            self.response_ended(Some(at), Incomplete::default(), at, done);
        }
    }

    // === requests ===

    fn request_head(&mut self, head: Head, at: Nanos, done: &mut Vec<Exchange>) {
        let truncated = head.is_truncated();
        let mut incomplete = Incomplete::default();
        if truncated {
            incomplete.add(Reason::HeadTruncated);
        } else {
            let body = framing::of_request(&head);
            if body == Body::Doubtful {
                incomplete.add(Reason::FramingAmbiguous);
            }
            self.request.set_body(body);
        }
        self.verdict = Verdict::Http;
        self.push_request(Some(head), incomplete, done);
        if self.request.is_lost() {
            self.request_ended(Some(at), Incomplete::default(), done);
        }
    }

    fn request_unparsable(&mut self, at: Nanos) {
        self.request_began = at;
        let mut incomplete = only(Reason::RequestUnparsable);
        incomplete.merge(self.joined);
        self.pending.push_back(Pending {
            index: self.requests,
            request: None,
            request_done: true,
            response: None,
            response_done: false,
            incomplete,
            tunnel: false,
            began: at,
        });
        self.requests = self.requests.wrapping_add(1);
        if self.response.is_lost() && self.verdict == Verdict::Undetermined {
            self.verdict = Verdict::Foreign;
        }
    }

    fn push_request(
        &mut self,
        head: Option<Head>,
        mut incomplete: Incomplete,
        done: &mut Vec<Exchange>,
    ) {
        incomplete.merge(self.joined);
        if self.pending.len() >= MAX_PENDING
            && let Some(mut oldest) = self.pending.pop_front()
        {
            oldest.incomplete.add(Reason::Interrupted);
            let at = self.request_began;
            Self::emit(oldest, at, done);
        }
        self.pending.push_back(Pending {
            index: self.requests,
            request: Some(Message {
                head,
                began: self.request_began,
                ended: None,
                body: 0,
                wire: self.request.wire(),
            }),
            request_done: false,
            response: None,
            response_done: false,
            incomplete,
            tunnel: false,
            began: self.request_began,
        });
        self.requests = self.requests.wrapping_add(1);
    }

    fn request_ended(
        &mut self,
        at: Option<Nanos>,
        incomplete: Incomplete,
        done: &mut Vec<Exchange>,
    ) {
        let (body, wire) = (self.request.body(), self.request.wire());
        let Some(back) = self.pending.iter_mut().rev().find(|p| !p.request_done) else {
            return;
        };
        back.request_done = true;
        back.incomplete.merge(incomplete);
        if let Some(request) = &mut back.request {
            request.ended = at;
            request.body = body;
            request.wire = wire;
        }
        self.finish_front(at.unwrap_or(self.request_began), done);
    }

    // === responses ===

    fn response_head(&mut self, head: Head, at: Nanos, done: &mut Vec<Exchange>) {
        let truncated = head.is_truncated();
        let interim = head.status().is_some_and(|s| s < 200 && s != 101);
        self.interim = interim;
        if interim {
            if !truncated {
                self.response.set_body(Body::Interim);
            }
            return;
        }
        self.verdict = Verdict::Http;
        let mut incomplete = Incomplete::default();
        if truncated {
            incomplete.add(Reason::HeadTruncated);
        }
        self.attach_response(head, incomplete, done);
        let Some(front) = self.pending.front_mut() else {
            return;
        };
        if !truncated {
            let method = front
                .request
                .as_ref()
                .and_then(|r| r.head.as_ref()?.method());
            let head = front.response.as_ref().and_then(|r| r.head.as_ref());
            let body = head.map_or(Body::Doubtful, |h| framing::of_response(h, method));
            self.response.set_body(body);
            match body {
                Body::Tunnel => {
                    front.tunnel = true;
                    front.request_done = false;
                    self.request.set_open();
                }
                Body::Doubtful => front.incomplete.add(Reason::FramingAmbiguous),
                _ => {}
            }
        }
        if self.response.is_lost() {
            self.response_ended(Some(at), Incomplete::default(), at, done);
        }
    }

    /// Makes the front the exchange that `head` answers.
    fn attach_response(
        &mut self,
        head: Head,
        mut incomplete: Incomplete,
        done: &mut Vec<Exchange>,
    ) {
        let index = self.responses;
        self.responses = self.responses.wrapping_add(1);
        let began = self.response_began;
        // A timeout or an error may be answered before the request is whole.
        if self.pending.is_empty()
            && self.request.is_within_head()
            && let Some(partial) = self.request.take_partial()
        {
            self.request.set_lost();
            self.push_request(Some(partial), only(Reason::HeadTruncated), done);
            self.request_ended(None, Incomplete::default(), done);
        }
        while let Some(front) = self.pending.front() {
            if index.wrapping_sub(front.index) as i32 <= 0 {
                break;
            }
            let Some(mut unanswered) = self.pending.pop_front() else {
                break;
            };
            unanswered.incomplete.add(Reason::Hole);
            Self::emit(unanswered, began, done);
        }
        if self
            .pending
            .front()
            .is_none_or(|front| front.index != index)
        {
            let mut missing = only(Reason::RequestMissing);
            missing.merge(self.joined);
            self.pending.push_front(Pending {
                index,
                request: None,
                request_done: true,
                response: None,
                response_done: false,
                incomplete: missing,
                tunnel: false,
                began,
            });
        }
        if let Some(front) = self.pending.front_mut() {
            incomplete.merge(front.incomplete);
            front.incomplete = incomplete;
            front.response = Some(Message {
                head: Some(head),
                began,
                ended: None,
                body: 0,
                wire: self.response.wire(),
            });
        }
    }

    fn response_ended(
        &mut self,
        ended: Option<Nanos>,
        incomplete: Incomplete,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        if std::mem::take(&mut self.interim) {
            return;
        }
        let (body, wire) = (self.response.body(), self.response.wire());
        let Some(front) = self.pending.front_mut() else {
            return;
        };
        let Some(response) = &mut front.response else {
            return;
        };
        response.ended = ended;
        response.body = body;
        response.wire = wire;
        front.response_done = true;
        front.incomplete.merge(incomplete);
        self.finish_front(at, done);
    }

    fn response_unparsable(&mut self) {
        if self.verdict == Verdict::Undetermined {
            self.verdict = Verdict::Foreign;
        } else if let Some(front) = self.pending.front_mut() {
            front.incomplete.add(Reason::ResponseUnparsable);
        }
    }

    // === endings ===

    fn finish_front(&mut self, at: Nanos, done: &mut Vec<Exchange>) {
        while let Some(front) = self.pending.front() {
            if !(front.request_done && front.response_done) {
                return;
            }
            if let Some(front) = self.pending.pop_front() {
                if self.pending.is_empty() && !self.request.is_lost() && !self.response.is_lost() {
                    self.joined = Incomplete::default();
                }
                Self::emit(front, at, done);
            }
        }
    }

    fn emit(pending: Pending, at: Nanos, done: &mut Vec<Exchange>) {
        let mut incomplete = pending.incomplete;
        if pending.response.is_none() {
            incomplete.add(Reason::ResponseMissing);
        }
        done.push(Exchange {
            request: pending.request.or_else(|| {
                // What could not be read still has its time.
                incomplete
                    .has(Reason::RequestUnparsable)
                    .then_some(Message {
                        head: None,
                        began: pending.began,
                        ended: None,
                        body: 0,
                        wire: 0,
                    })
            }),
            response: pending.response,
            ended: at.max(pending.began),
            incomplete,
            tunnel: pending.tunnel,
        });
    }

    fn back_is_done(&self) -> bool {
        self.pending.back().is_none_or(|p| p.request_done)
    }

    fn front_is_answering(&self) -> bool {
        self.pending
            .front()
            .is_some_and(|p| p.response.is_some() && !p.response_done)
    }

    fn reader(&self, side: Side) -> &Reader {
        match side {
            Side::Request => &self.request,
            Side::Response => &self.response,
        }
    }
}

impl Default for Streams {
    fn default() -> Self {
        Self::new()
    }
}

fn only(reason: Reason) -> Incomplete {
    let mut incomplete = Incomplete::default();
    incomplete.add(reason);
    incomplete
}
