//! The two directions of a connection, from frames to exchanges.

mod messages;

use super::{
    direction::Direction,
    frame::{FrameHeader, Kind},
    ids::Ids,
    pending::{Pending, Table},
    reader::{Item, Reader},
    resync,
};
use crate::protocol::{
    Ending, Exchange, Incomplete, Message, Nanos, Reason, Reset, Side, Span, Verdict, Want,
};

/// Both directions of an HTTP/2 connection.
#[derive(Debug)]
pub struct Streams {
    request: Direction,
    response: Direction,
    open: Table,
    /// Streams of the client, and of the server.
    ids: [Ids; 2],
    /// The last stream that a side will process, by who said so.
    goaway: [Option<u32>; 2],
    verdict: Verdict,
    /// Given to exchanges until both directions have been whole once.
    joined: Incomplete,
}

impl Streams {
    /// A connection seen from its beginning, preface included.
    pub fn new() -> Self {
        Self {
            request: Direction::new(Reader::with_preface()),
            response: Direction::new(Reader::new()),
            open: Table::default(),
            ids: [Ids::new(), Ids::new()],
            goaway: [None; 2],
            verdict: Verdict::Undetermined,
            joined: Incomplete::default(),
        }
    }

    /// A connection joined midway: nothing is read until a frame begins for certain.
    pub fn joined_midway() -> Self {
        let mut ids = [Ids::new(), Ids::new()];
        ids.iter_mut().for_each(Ids::lose);
        Self {
            request: Direction::joined_midway(),
            response: Direction::joined_midway(),
            ids,
            verdict: Verdict::Http,
            joined: Incomplete::only(Reason::JoinedMidway),
            ..Self::new()
        }
    }

    /// A connection that was upgraded from HTTP/1.1: the first stream is the answer to that
    /// request (RFC 7540, section 3.2).
    pub fn upgraded(request: Option<Message>, incomplete: Incomplete, at: Nanos) -> Self {
        let mut streams = Self::new();
        streams.verdict = Verdict::Http;
        streams.ids[0].open(1);
        let mut first = Pending::new(1, request, at);
        first.incomplete = incomplete;
        let ended = first
            .message(Side::Request)
            .and_then(|request| request.ended);
        first.end(Side::Request, ended);
        streams.open.insert(first);
        streams
    }

    pub fn verdict(&self) -> Verdict {
        self.verdict
    }

    /// True while a direction waits for a certain frame start.
    pub fn is_lost(&self, side: Side) -> bool {
        self.direction(side).reader.is_lost()
    }

    /// What the caller should provide of a direction.
    pub fn want(&self, side: Side) -> Want {
        if self.verdict == Verdict::Foreign {
            return Want::Nothing;
        }
        let until_frame = self.direction(side).reader.until_frame();
        // A payload that matters is wanted to its end.
        let is_passed_over = |kind| matches!(kind, Kind::Data | Kind::Other);
        let frame = self.direction(side).frame;
        let passed_over = frame.is_none_or(|frame| is_passed_over(frame.kind));
        match until_frame {
            Some(skip) if skip == 0 || passed_over => Want::FramesAfter {
                skip,
                stream: self.ids[0].last(),
            },
            _ => Want::Bytes,
        }
    }

    /// Exchanges that the client has begun and that are not over.
    pub fn unfinished(&self) -> usize {
        let asked = self.open.iter().filter(|pending| !pending.stream.pushed);
        asked.count() + usize::from(self.request.block.is_some())
    }

    /// The exchanges that are under way, as far as they have come.
    pub fn ongoing(&self, at: Nanos) -> impl Iterator<Item = Exchange> {
        self.open.iter().map(move |pending| pending.so_far(at))
    }

    /// Reads a stretch of a direction that continues it.
    pub fn feed(&mut self, side: Side, mut span: Span<'_>, at: Nanos, done: &mut Vec<Exchange>) {
        loop {
            if self.verdict == Verdict::Foreign {
                return;
            }
            let direction = self.direction_mut(side);
            if direction.reader.is_at_start() {
                direction.began = at;
            }
            let item = direction.reader.read(&mut span);
            // Padding is passed over without an item.
            if !matches!(item, Some(Item::Frame { .. })) {
                self.count(side, at);
            }
            match item {
                None => return,
                Some(Item::Frame { header, promised }) => {
                    self.frame(side, header, promised, at, done);
                }
                Some(Item::Carried(bytes)) => self.carried(side, bytes),
                Some(Item::Unseen { bytes, padded }) => self.unseen(side, bytes, padded),
                Some(Item::End) => self.end(side, at, done),
                Some(Item::Foreign) => self.verdict = Verdict::Foreign,
                Some(Item::Lost) => self.lose(side, Reason::Hole, at, done),
                Some(Item::Malformed) => self.lose(side, Reason::FramingAmbiguous, at, done),
            }
        }
    }

    /// `n` bytes of a direction were there and will never be seen.
    pub fn hole(&mut self, side: Side, n: u64, at: Nanos, done: &mut Vec<Exchange>) {
        // As far as a frame reaches, it is known whose bytes are missing.
        let within = n.min(self.direction(side).reader.rest_of_frame());
        self.feed(side, Span::Skipped(within), at, done);
        if within < n && self.verdict != Verdict::Foreign && !self.is_lost(side) {
            self.lose(side, Reason::Hole, at, done);
        }
    }

    /// The giver of the bytes says that a frame begins at the next byte of a direction.
    pub fn resume(&mut self, side: Side) {
        if self.direction(side).reader.is_lost() {
            self.direction_mut(side).resynchronize();
        }
    }

    /// A direction is lost and these bytes, the first of a segment, may begin a frame: they do if
    /// they are frames, the first of which is a whole head of that side. What is read from there
    /// on is marked as joined midway.
    pub fn try_resume(&mut self, side: Side, bytes: &[u8]) {
        if resync::begins_block(bytes) == Some(side) {
            self.joined.add(Reason::JoinedMidway);
            self.direction_mut(side).resynchronize();
        }
    }

    /// Open streams, and bytes that their heads take.
    #[cfg(test)]
    pub(super) fn held(&self) -> (usize, usize) {
        (self.open.len(), self.open.bytes())
    }

    /// The connection is over: whatever is unfinished goes out as it is.
    pub fn close(&mut self, ending: &Ending, done: &mut Vec<Exchange>) {
        if self.verdict == Verdict::Foreign {
            return;
        }
        for side in [Side::Request, Side::Response] {
            if self.direction(side).block.is_some() {
                self.direction_mut(side).cut_block();
                self.block(side, ending.at, done);
            }
        }
        while let Some(mut pending) = self.open.pop_first() {
            pending.incomplete.add(ending.cause);
            done.push(pending.finish(ending.at));
        }
    }

    fn frame(
        &mut self,
        side: Side,
        header: FrameHeader,
        promised: Option<u32>,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        if side == Side::Response && self.verdict == Verdict::Undetermined {
            // A server says its settings first. One that does not has not understood the client.
            if header.kind != Kind::Settings {
                self.verdict = Verdict::Foreign;
                return;
            }
            self.verdict = Verdict::Http;
        }
        if !self.direction(side).may_follow(&header) {
            self.direction_mut(side).reader.set_lost();
            self.lose(side, Reason::FramingAmbiguous, at, done);
            return;
        }
        self.direction_mut(side).begin(header, promised);
        if header.kind == Kind::Data {
            self.expect(side, header.stream, at, done);
        }
        self.count(side, at);
    }

    /// Bytes of a frame are bytes of its message.
    fn count(&mut self, side: Side, at: Nanos) {
        let direction = self.direction_mut(side);
        if direction.frame.is_none() {
            // Of a frame header that is not whole it is not known whose it is.
            return;
        }
        let bytes = direction.uncounted();
        if let Some(block) = &mut direction.block {
            block.wire = block.wire.saturating_add(bytes);
        } else if let Some(pending) = self.data_stream(side) {
            pending.touch(at);
            if let Some(message) = pending.message_mut(side) {
                message.wire = message.wire.saturating_add(bytes);
            }
        }
    }

    fn carried(&mut self, side: Side, bytes: &[u8]) {
        let direction = self.direction_mut(side);
        if direction.block.is_some() {
            direction.read_block(bytes);
        } else if let Some(pending) = self.data_stream(side) {
            if let Some(message) = pending.message_mut(side) {
                message.body = message.body.saturating_add(bytes.len() as u64);
            }
            if let Some(counter) = pending.counter(side) {
                counter.read(bytes);
            }
        } else if let Some(control) = &mut self.direction_mut(side).control {
            control.read(bytes);
        }
    }

    /// Bytes of a payload were not copied, or are in a hole.
    fn unseen(&mut self, side: Side, bytes: u64, padded: bool) {
        let direction = self.direction_mut(side);
        if direction.block.is_some() {
            direction.cut_block();
        } else if let Some(pending) = self.data_stream(side) {
            if let Some(message) = pending.message_mut(side) {
                message.body = message.body.saturating_add(bytes);
                message.uncounted |= padded;
            }
            if let Some(counter) = pending.counter(side) {
                counter.pass(bytes);
            }
        } else {
            self.direction_mut(side).control = None;
        }
    }

    /// The frame is over.
    fn end(&mut self, side: Side, at: Nanos, done: &mut Vec<Exchange>) {
        let Some(frame) = self.direction_mut(side).frame.take() else {
            return;
        };
        let control = self.direction_mut(side).control.take();
        let number = control.and_then(|control| control.number());
        match frame.kind {
            _ if frame.ends_headers() => self.block(side, at, done),
            Kind::Data if frame.ends_stream() => self.ended(side, frame.stream, at, done),
            Kind::RstStream => self.reset(side, frame.stream, number, at, done),
            Kind::Goaway => self.goaway(side, number, at, done),
            _ => {}
        }
    }

    fn reset(
        &mut self,
        side: Side,
        id: u32,
        code: Option<u32>,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        if let Some(mut pending) = self.open.remove(id) {
            pending.stream.reset = Some(Reset { by: side, code });
            pending.incomplete.add(Reason::StreamReset);
            pending.touch(at);
            self.finish(pending, at, done);
        }
    }

    /// A side says the last stream of the other that it will process.
    fn goaway(&mut self, side: Side, last: Option<u32>, at: Nanos, done: &mut Vec<Exchange>) {
        let Some(last) = last else {
            return;
        };
        let known = &mut self.goaway[side as usize];
        *known = Some(known.map_or(last, |before| before.min(last)));
        let refused: Vec<_> = self
            .open
            .iter()
            .map(|pending| pending.stream.id)
            .filter(|id| self.is_refused(*id))
            .collect();
        for id in refused {
            self.refuse(id, at, done);
        }
    }

    /// The side that should have answered the stream has said that it will not.
    fn is_refused(&self, id: u32) -> bool {
        let by = if id.is_multiple_of(2) {
            Side::Request
        } else {
            Side::Response
        };
        self.goaway[by as usize].is_some_and(|last| id > last)
    }

    fn refuse(&mut self, id: u32, at: Nanos, done: &mut Vec<Exchange>) {
        if let Some(mut pending) = self.open.remove(id) {
            pending.incomplete.add(Reason::Goaway);
            pending.touch(at);
            self.finish(pending, at, done);
        }
    }

    /// The direction is lost: what was being read is told as far as it came.
    fn lose(&mut self, side: Side, why: Reason, at: Nanos, done: &mut Vec<Exchange>) {
        if self.direction(side).block.is_some() {
            self.direction_mut(side).cut_block();
            self.block(side, at, done);
        }
        self.direction_mut(side).lose();
        self.ids[usize::from(side == Side::Response)].lose();
        for pending in self.open.iter_mut() {
            pending.lose(side, Incomplete::only(why));
        }
        if side == Side::Request {
            // The ends of requests may have been there. Their responses are still to come.
            let asking = self.open.iter().filter(|p| !p.is_done(side));
            let asking: Vec<_> = asking.map(|pending| pending.stream.id).collect();
            for id in asking {
                self.close_side(side, id, None, at, done);
            }
        }
    }

    fn finish(&mut self, pending: Pending, at: Nanos, done: &mut Vec<Exchange>) {
        let is_lost = self.is_lost(Side::Request) || self.is_lost(Side::Response);
        if self.open.is_empty() && !is_lost {
            self.joined = Incomplete::default();
        }
        done.push(pending.finish(at));
    }

    /// The stream of the DATA frame that is being read.
    fn data_stream(&mut self, side: Side) -> Option<&mut Pending> {
        let frame = self.direction(side).frame?;
        if frame.kind != Kind::Data {
            return None;
        }
        let pending = self.open.get_mut(frame.stream)?;
        (!pending.is_done(side)).then_some(pending)
    }

    fn direction(&self, side: Side) -> &Direction {
        match side {
            Side::Request => &self.request,
            Side::Response => &self.response,
        }
    }

    fn direction_mut(&mut self, side: Side) -> &mut Direction {
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
