//! The two directions of a connection, from bytes to exchanges.

mod pairing;

use super::{
    pending::{Pending, Queue},
    reader::{Item, Reader},
    scan,
};
use crate::protocol::{
    Ending, Exchange, Head, Incomplete, Message, Nanos, Reason, Side, Span, Verdict, Version, Want,
};

/// An upgrade to HTTP/2.
#[derive(Debug)]
pub(in crate::protocol) struct H2c {
    pub(in crate::protocol) request: Option<Message>,
    pub(in crate::protocol) incomplete: Incomplete,
    /// Bytes behind the response that were taken for those of a tunnel.
    pub(in crate::protocol) surplus: u64,
}

/// Both directions of an HTTP/1 connection.
#[derive(Debug)]
pub struct Streams {
    request: Reader,
    response: Reader,
    pending: Queue,
    /// Requests begun and final responses begun: equal numbers belong together.
    requests: u32,
    responses: u32,
    verdict: Verdict,
    request_began: Nanos,
    response_began: Nanos,
    /// The giver of the bytes follows the framing of responses too, so it knows no request whose
    /// response is framed by more than its head.
    followed: bool,
    /// A request was sent before the response to the one before it.
    pipelined: bool,
    /// What the giver of the bytes takes for requests and is the contents of a tunnel.
    disowned: u64,
    /// Given to exchanges until both directions have been whole once.
    joined: Incomplete,
}

impl Streams {
    /// A connection seen from its beginning.
    pub fn new() -> Self {
        Self {
            request: Reader::new(Side::Request),
            response: Reader::new(Side::Response),
            pending: Queue::default(),
            requests: 0,
            responses: 0,
            verdict: Verdict::Undetermined,
            request_began: 0,
            response_began: 0,
            followed: false,
            pipelined: false,
            disowned: 0,
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

    /// The next response would be one to a request that was not seen.
    pub fn is_unasked(&self) -> bool {
        self.requests == self.responses && self.response.is_at_start()
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

    /// Exchanges whose request has begun and that are not over.
    pub fn unfinished(&self) -> usize {
        self.pending.len() + usize::from(self.request.is_within_head())
    }

    /// How many requests that were announced since the last call are none.
    pub fn take_disowned(&mut self) -> u64 {
        std::mem::take(&mut self.disowned)
    }

    /// The exchange that is under way, as far as it has come.
    pub fn ongoing(&self, at: Nanos) -> Option<Exchange> {
        let front = self.pending.front()?;
        let mut request = front.request.clone()?;
        if !front.request_done {
            request.body = self.request.body();
            request.wire = self.request.wire();
        }
        let mut response = front.response.clone();
        if front.is_answering()
            && let Some(response) = &mut response
        {
            response.body = self.response.body();
            response.wire = self.response.wire();
        }
        Some(Exchange {
            request: Some(request),
            response,
            ended: at.max(front.began),
            incomplete: front.incomplete,
            tunnel: front.tunnel,
            stream: None,
        })
    }

    /// Says whether the giver of the bytes follows the framing of responses from here on.
    pub fn set_followed(&mut self, followed: bool) {
        self.followed = followed;
    }

    /// Reads a stretch of a direction that continues it.
    pub fn feed(&mut self, side: Side, span: Span<'_>, at: Nanos, done: &mut Vec<Exchange>) {
        self.run(side, span, Incomplete::default(), at, done);
    }

    /// `n` bytes of a direction were there and will never be seen.
    pub fn hole(&mut self, side: Side, n: u64, at: Nanos, done: &mut Vec<Exchange>) {
        self.run(
            side,
            Span::Skipped(n),
            Incomplete::only(Reason::Hole),
            at,
            done,
        );
    }

    /// The giver of the bytes says that message number `messages` begins at the next byte of a
    /// direction. That is certain where a message may begin at all.
    pub fn resume(&mut self, side: Side, messages: u32) {
        if side == Side::Request && self.request.is_open() {
            self.disowned += 1;
        }
        if !self.reader(side).is_lost() && !self.reader(side).is_at_start() {
            return;
        }
        self.reader_mut(side).resynchronize();
        match side {
            Side::Request => self.requests = messages,
            Side::Response => self.responses = messages,
        }
    }

    /// A direction is lost and these bytes, the first of a segment, may begin a message: they do
    /// if they are a whole first line. What is read from there on is marked as joined midway.
    pub fn try_resume(&mut self, side: Side, bytes: &[u8]) {
        if self.verdict == Verdict::Foreign || !scan::begins_message(side, bytes) {
            return;
        }
        match side {
            Side::Request => {
                self.joined.add(Reason::JoinedMidway);
                self.catch_up();
                self.request.resynchronize();
            }
            // A client that waits for each response has only the last one still to come. Of one
            // that does not, nothing says which of them this is.
            Side::Response if !self.pipelined => {
                if let Some(last) = self.pending.back_mut()
                    && last.response.is_none()
                {
                    last.incomplete.add(Reason::JoinedMidway);
                    self.responses = last.index;
                    self.response.resynchronize();
                }
            }
            Side::Response => {}
        }
    }

    /// The connection goes on in HTTP/2 because the client asked for that; after this nothing here
    /// is of use.
    pub(in crate::protocol) fn take_h2c(&mut self) -> Option<H2c> {
        let front = self.pending.front().filter(|front| front.tunnel)?;
        let head = front.response.as_ref()?.head.as_ref()?;
        let is_h2c = |value: &[u8]| value.eq_ignore_ascii_case(b"h2c");
        if head.status() != Some(101) || !head.values("upgrade").any(is_h2c) {
            return None;
        }
        let front = self.pending.pop_front()?;
        Some(H2c {
            request: front.request,
            incomplete: front.incomplete,
            surplus: self.response.body(),
        })
    }

    /// The connection is over: whatever is unfinished goes out as it is.
    pub fn close(&mut self, ending: &Ending, done: &mut Vec<Exchange>) {
        if self.verdict == Verdict::Foreign && !self.request.is_within_head() {
            return;
        }
        self.finish_open_bodies(ending, done);
        for side in [Side::Request, Side::Response] {
            if self.reader(side).is_within_head()
                && let Some(partial) = self.reader_mut(side).take_partial()
            {
                self.head(
                    side,
                    partial,
                    Incomplete::only(ending.cause),
                    ending.at,
                    done,
                );
            }
        }
        let confirmed = self.verdict == Verdict::Http;
        while let Some(mut pending) = self.pop_front() {
            pending.incomplete.add(ending.cause);
            // Bytes that are no request and got no answer say nothing about HTTP.
            if confirmed {
                done.push(pending.finish(ending.at));
            }
        }
    }

    /// Bodies that last until the connection ends end now.
    fn finish_open_bodies(&mut self, ending: &Ending, done: &mut Vec<Exchange>) {
        let clean = ending.cause == Reason::ConnectionClosed;
        let tunnel = self.pending.front().is_some_and(|p| p.tunnel);
        if self.request.is_open() && tunnel && (clean || ending.request_ended.is_some()) {
            let at = ending.request_ended.unwrap_or(ending.at);
            self.request_ended(Some(at), Incomplete::default(), at, done);
        }
        // Only the sender's own end says that a body is whole.
        if self.response.is_open()
            && clean
            && let Some(at) = ending.response_ended
        {
            self.response_ended(Some(at), Incomplete::default(), at, done);
        }
    }

    /// Reads `span`; what gets lost by what it does not hold is marked with `why`.
    fn run(
        &mut self,
        side: Side,
        mut span: Span<'_>,
        why: Incomplete,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        // What a server says first that is not HTTP does not keep a client from speaking it.
        if self.verdict == Verdict::Foreign && (side == Side::Response || self.request.is_lost()) {
            return;
        }
        loop {
            if self.reader(side).is_at_start() {
                match side {
                    Side::Request => self.request_began = at,
                    Side::Response => self.response_began = at,
                }
            }
            let Some(item) = self.reader_mut(side).read(&mut span) else {
                return;
            };
            match (side, item) {
                (Side::Request, item) if self.verdict == Verdict::Foreign && !is_certain(&item) => {
                    self.request.set_lost();
                    return;
                }
                (_, Item::Head(head)) => self.head(side, head, why, at, done),
                (_, Item::End) => self.ended(side, Some(at), Incomplete::default(), at, done),
                (_, Item::Lost) => self.ended(side, None, Incomplete::only(Reason::Hole), at, done),
                (_, Item::Malformed) => {
                    self.ended(
                        side,
                        None,
                        Incomplete::only(Reason::FramingAmbiguous),
                        at,
                        done,
                    );
                }
                // A hole hides what this was.
                (_, Item::Cut) if why.has(Reason::Hole) => {}
                (Side::Request, Item::Cut) => {
                    let mut unread = Incomplete::only(Reason::RequestUnparsable);
                    unread.add(Reason::HeadTruncated);
                    self.request_unparsable(unread, at, done);
                }
                (Side::Request, Item::Unparsable) => {
                    self.request_unparsable(Incomplete::only(Reason::RequestUnparsable), at, done);
                }
                (Side::Response, Item::Unparsable | Item::Cut) => self.response_unparsable(),
            }
        }
    }

    /// A head, whole or cut. `why` is added where it was cut.
    fn head(
        &mut self,
        side: Side,
        head: Head,
        why: Incomplete,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        let mut incomplete = Incomplete::default();
        if head.is_truncated() {
            incomplete.add(Reason::HeadTruncated);
            incomplete.merge(why);
        }
        match side {
            Side::Request => self.request_head(head, incomplete, at, done),
            Side::Response => self.response_head(head, incomplete, at, done),
        }
    }

    fn ended(
        &mut self,
        side: Side,
        ended: Option<Nanos>,
        incomplete: Incomplete,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        match side {
            Side::Request => self.request_ended(ended, incomplete, at, done),
            Side::Response => self.response_ended(ended, incomplete, at, done),
        }
    }

    fn finish_front(&mut self, at: Nanos, done: &mut Vec<Exchange>) {
        while let Some(front) = self.pending.front()
            && front.request_done
            && front.response_done
            && let Some(front) = self.pending.pop_front()
        {
            if self.pending.is_empty() && !self.request.is_lost() && !self.response.is_lost() {
                self.joined = Incomplete::default();
            }
            done.push(front.finish(at));
        }
    }

    /// Takes the front out, with what was read so far of its messages.
    fn pop_front(&mut self) -> Option<Pending> {
        let mut front = self.pending.pop_front()?;
        if !front.request_done
            && let Some(request) = &mut front.request
        {
            request.body = self.request.body();
            request.wire = self.request.wire();
        }
        if front.is_answering()
            && let Some(response) = &mut front.response
        {
            response.body = self.response.body();
            response.wire = self.response.wire();
        }
        Some(front)
    }

    /// A response has begun, so its request has too.
    fn catch_up(&mut self) {
        if is_before(self.requests, self.responses) {
            self.requests = self.responses;
        }
    }

    fn reader(&self, side: Side) -> &Reader {
        match side {
            Side::Request => &self.request,
            Side::Response => &self.response,
        }
    }

    fn reader_mut(&mut self, side: Side) -> &mut Reader {
        match side {
            Side::Request => &mut self.request,
            Side::Response => &mut self.response,
        }
    }
}

impl Default for Streams {
    fn default() -> Self {
        Self::new()
    }
}

/// A request that is one whatever the server said before it: one without a version is not.
fn is_certain(item: &Item) -> bool {
    matches!(item, Item::Head(head) if head.version() != Version::Http09)
}

/// These bytes begin with the whole first line of a request.
pub fn begins_request(bytes: &[u8]) -> bool {
    scan::begins_message(Side::Request, bytes)
}

/// Number `a` comes before number `b`; numbers wrap.
fn is_before(a: u32, b: u32) -> bool {
    (a.wrapping_sub(b) as i32) < 0
}
