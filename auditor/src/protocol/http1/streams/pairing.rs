//! Which response belongs to which request: equal numbers do.

use super::{
    super::{
        framing::{self, Body},
        pending::Pending,
    },
    Streams, is_before,
};
use crate::protocol::{Exchange, Head, Incomplete, Message, Nanos, Reason, Verdict, Version};

impl Streams {
    // === requests ===

    pub(super) fn request_head(
        &mut self,
        head: Head,
        mut incomplete: Incomplete,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        if !head.is_truncated() {
            let body = framing::of_request(&head);
            if framing::is_ambiguous(&head, body) {
                incomplete.add(Reason::FramingAmbiguous);
            }
            self.request.set_body(body);
            if head.version() == Version::Http09 {
                // Servers take what follows for nothing.
                self.request.set_lost();
            }
        }
        self.verdict = Verdict::Http;
        let message = Message::begun(Some(head), self.request_began, self.request.wire());
        let request = Pending::asked(self.requests, message, self.request.from());
        self.push_request(request, incomplete, at, done);
        if self.request.is_lost() {
            self.request_ended(None, Incomplete::default(), at, done);
        }
    }

    pub(super) fn request_unparsable(
        &mut self,
        incomplete: Incomplete,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        let request = Pending::unasked(self.requests, self.request_began);
        self.push_request(request, incomplete, at, done);
    }

    fn push_request(
        &mut self,
        mut request: Pending,
        incomplete: Incomplete,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        let unanswered = self
            .pending
            .back_mut()
            .is_some_and(|p| p.response.is_none());
        self.pipelined |= unanswered && !self.response.is_lost();
        request.incomplete = incomplete;
        request.incomplete.merge(self.joined);
        self.requests = self.requests.wrapping_add(1);
        self.pending.push_back(request);
        while self.pending.is_overfull()
            && let Some(mut oldest) = self.pop_front()
        {
            oldest.incomplete.add(Reason::Interrupted);
            done.push(oldest.finish(at));
        }
    }

    pub(super) fn request_ended(
        &mut self,
        ended: Option<Nanos>,
        incomplete: Incomplete,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        let (body, wire) = (self.request.body(), self.request.wire());
        let Some(pending) = self.pending.asking_mut() else {
            return;
        };
        pending.request_done = true;
        pending.incomplete.merge(incomplete);
        if let Some(request) = &mut pending.request {
            request.ended = ended;
            request.body = body;
            request.wire = wire;
        }
        self.finish_front(at, done);
    }

    // === responses ===

    pub(super) fn response_head(
        &mut self,
        head: Head,
        incomplete: Incomplete,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        let truncated = head.is_truncated();
        if head.status().is_some_and(|s| s < 200 && s != 101) {
            if !truncated {
                self.response.set_body(Body::Interim);
            }
            return;
        }
        self.verdict = Verdict::Http;
        self.find_request(done);
        let Some(front) = self.pending.front_mut() else {
            return;
        };
        front.incomplete.merge(incomplete);
        if !truncated {
            let body = framing::of_response(&head, front.method());
            // Without the request, only who has followed all requests knows that it was no HEAD.
            let unknown = front.incomplete.has(Reason::RequestMissing) && !self.followed;
            if framing::is_ambiguous(&head, body) {
                front.incomplete.add(Reason::FramingAmbiguous);
            }
            if unknown && !matches!(body, Body::None | Body::Tunnel) {
                front.incomplete.add(Reason::Hole);
                self.response.set_lost();
            } else {
                self.response.set_body(body);
            }
            front.tunnel = body == Body::Tunnel;
        }
        let message = Message::begun(Some(head), self.response_began, self.response.wire());
        front.response = Some(message);
        if front.tunnel {
            self.begin_tunnel();
        }
        if self.response.is_lost() {
            self.response_ended(None, Incomplete::default(), at, done);
        }
    }

    /// Makes the request that the next response belongs to the front.
    fn find_request(&mut self, done: &mut Vec<Exchange>) {
        let index = self.responses;
        let began = self.response_began;
        self.responses = self.responses.wrapping_add(1);
        while let Some(front) = self.pending.front()
            && is_before(front.index, index)
        {
            let Some(mut unanswered) = self.pop_front() else {
                break;
            };
            unanswered.incomplete.add(Reason::Hole);
            done.push(unanswered.finish(began));
        }
        let found = self.pending.front().is_some_and(|p| p.index == index);
        // A timeout or an error may be answered before the head is whole.
        if !found && self.requests == index && self.request.is_within_head() {
            let (from, wire) = (self.request.from(), self.request.wire());
            if let Some(partial) = self.request.take_partial() {
                let message = Message::begun(Some(partial), self.request_began, wire);
                let mut request = Pending::asked(index, message, from);
                request.request_done = true;
                self.push_request(
                    request,
                    Incomplete::only(Reason::HeadTruncated),
                    began,
                    done,
                );
            }
        }
        if self.pending.front().is_none_or(|p| p.index != index) {
            let mut missing = Pending::unasked(index, began);
            missing.incomplete = Incomplete::only(Reason::RequestMissing);
            missing.incomplete.merge(self.joined);
            self.pending.push_front(missing);
        }
        self.catch_up();
    }

    /// From here on neither direction carries HTTP.
    fn begin_tunnel(&mut self) {
        // What a client sent ahead of the response was meant for the other end of the tunnel.
        self.disowned += self.pending.len().saturating_sub(1) as u64;
        self.pending.keep_front();
        let Some(front) = self.pending.front_mut() else {
            return;
        };
        front.request_done = front.request.is_none();
        let head = front
            .request
            .as_ref()
            .map_or(0, |r| r.wire.saturating_sub(r.body));
        self.request.set_open(front.from, head);
    }

    pub(super) fn response_ended(
        &mut self,
        ended: Option<Nanos>,
        incomplete: Incomplete,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        let (body, wire) = (self.response.body(), self.response.wire());
        let Some(front) = self.pending.front_mut().filter(|p| p.is_answering()) else {
            return;
        };
        if let Some(response) = &mut front.response {
            response.ended = ended;
            response.body = body;
            response.wire = wire;
        }
        front.response_done = true;
        front.incomplete.merge(incomplete);
        self.finish_front(at, done);
    }

    pub(super) fn response_unparsable(&mut self) {
        if self.verdict == Verdict::Undetermined {
            self.verdict = Verdict::Foreign;
            self.joined.add(Reason::ResponseUnparsable);
            self.pending.clear();
            if !self.request.is_at_start() && !self.request.is_within_head() {
                self.request.set_lost();
            }
        } else if let Some(front) = self.pending.front_mut() {
            if front.version() == Some(Version::Http09) && front.response.is_none() {
                front.response = Some(Message::begun(None, self.response_began, 0));
                self.response.set_open(self.response.from(), 0);
            } else {
                front.incomplete.add(Reason::ResponseUnparsable);
            }
        }
    }
}
