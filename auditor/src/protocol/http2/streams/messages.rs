//! What heads and ends mean for the exchange of their stream.

use super::{
    super::{block::Block, direction::OpenBlock, pending::Pending},
    Streams,
};
use crate::protocol::{Exchange, Head, Incomplete, Message, Nanos, Reason, Side, Verdict, grpc};

impl Streams {
    /// The open header block is over.
    pub(super) fn block(&mut self, side: Side, at: Nanos, done: &mut Vec<Exchange>) {
        let Some(mut block) = self.direction_mut(side).finish_block() else {
            return;
        };
        let Some(id) = block.stream else {
            return;
        };
        let fields = std::mem::take(&mut block.fields);
        match side {
            Side::Response if block.is_promise => self.promised(id, fields, &block, at, done),
            Side::Request if block.is_promise => {}
            Side::Request => self.request_block(id, fields, &block, at, done),
            Side::Response => self.response_block(id, fields, &block, at, done),
        }
        if block.ends_stream {
            self.ended(side, id, at, done);
        }
    }

    fn request_block(
        &mut self,
        id: u32,
        fields: Block,
        block: &OpenBlock,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        if self.open.contains(id) {
            self.trailers(Side::Request, id, fields, block);
            return;
        }
        let is_client = !id.is_multiple_of(2);
        if !is_client || !self.ids[0].open(id) {
            return;
        }
        let (head, incomplete) = fields.into_request();
        let message = Message::begun(Some(head), block.began, block.wire);
        self.verdict = Verdict::Http;
        self.insert(id, Some(message), incomplete, at, done);
        if self.is_refused(id) {
            self.refuse(id, at, done);
        }
    }

    /// The server makes the request itself, on behalf of the client.
    fn promised(
        &mut self,
        id: u32,
        fields: Block,
        block: &OpenBlock,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        if !id.is_multiple_of(2) || !self.ids[1].open(id) {
            return;
        }
        let (head, incomplete) = fields.into_request();
        // The client sent nothing.
        let mut message = Message::begun(Some(head), block.began, 0);
        message.ended = Some(at);
        self.insert(id, Some(message), incomplete, at, done);
        self.close_side(Side::Request, id, Some(at), at, done);
        if self.is_refused(id) {
            self.refuse(id, at, done);
        }
    }

    fn response_block(
        &mut self,
        id: u32,
        fields: Block,
        block: &OpenBlock,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        self.expect(Side::Response, id, at, done);
        let Some(pending) = self.open.get_mut(id) else {
            return;
        };
        pending.touch(at);
        // Interim responses have heads of their own, before the final one.
        if fields.status().is_some_and(|status| status < 200) && !block.ends_stream {
            return;
        }
        let begun = pending.message(Side::Response);
        let is_certain = begun.is_some_and(|begun| has_status(begun) || begun.body > 0);
        // A head whose status is not known may have been an interim one.
        let is_behind_head = is_certain || begun.is_some() && block.ends_stream;
        if is_behind_head && fields.status().is_none() {
            self.trailers(Side::Response, id, fields, block);
            return;
        }
        let (head, incomplete) = fields.into_response();
        self.open.change(id, |pending| {
            pending.incomplete.merge(incomplete);
            if is_certain {
                pending.incomplete.add(Reason::ResponseUnparsable);
                return;
            }
            if grpc::is_grpc(&head) {
                pending.count_messages();
            }
            let method = pending.request_head().and_then(Head::method);
            let accepted = head.status().is_some_and(|s| (200..300).contains(&s));
            pending.tunnel = method == Some(b"CONNECT") && accepted;
            pending.set_response(Message::begun(Some(head), block.began, block.wire));
        });
    }

    fn trailers(&mut self, side: Side, id: u32, fields: Block, block: &OpenBlock) {
        let (trailers, incomplete) = fields.into_trailers();
        self.open.change(id, |pending| {
            if pending.is_done(side) {
                return;
            }
            pending.incomplete.merge(incomplete);
            if let Some(message) = pending.message_mut(side) {
                message.wire = message.wire.saturating_add(block.wire);
                message.trailers = Some(trailers);
            }
        });
    }

    /// Something of a stream arrives. If its beginning was not seen, an exchange without it begins.
    pub(super) fn expect(&mut self, side: Side, id: u32, at: Nanos, done: &mut Vec<Exchange>) {
        if side == Side::Request {
            return;
        }
        if !self.open.contains(id) {
            let opener = usize::from(id.is_multiple_of(2));
            if !self.ids[opener].answer(id) {
                return;
            }
            let missing = Incomplete::only(Reason::RequestMissing);
            self.insert(id, None, missing, at, done);
        }
        let began = self.direction(side).began;
        let is_data = self
            .direction(side)
            .frame
            .is_some_and(|frame| !frame.is_block());
        if is_data
            && let Some(pending) = self.open.get_mut(id)
            && pending.message(side).is_none()
        {
            // The head was not seen, so more may be missing.
            let mut response = Message::begun(None, began, 0);
            response.uncounted = true;
            pending.incomplete.add(Reason::Hole);
            pending.set_response(response);
        }
    }

    /// One side of a stream is over.
    pub(super) fn ended(&mut self, side: Side, id: u32, at: Nanos, done: &mut Vec<Exchange>) {
        self.close_side(side, id, Some(at), at, done);
    }

    /// One side of a stream is over; when it ended, if that was seen.
    pub(super) fn close_side(
        &mut self,
        side: Side,
        id: u32,
        ended: Option<Nanos>,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        let Some(pending) = self.open.get_mut(id) else {
            return;
        };
        pending.touch(at);
        pending.end(side, ended);
        if pending.is_over()
            && let Some(pending) = self.open.remove(id)
        {
            self.finish(pending, at, done);
        }
    }

    fn insert(
        &mut self,
        id: u32,
        request: Option<Message>,
        incomplete: Incomplete,
        at: Nanos,
        done: &mut Vec<Exchange>,
    ) {
        let is_grpc = request
            .as_ref()
            .and_then(|message| message.head.as_ref())
            .is_some_and(grpc::is_grpc);
        let mut pending = Pending::new(id, request, at);
        pending.incomplete = incomplete;
        pending.incomplete.merge(self.joined);
        if is_grpc {
            pending.count_messages();
        }
        self.open.insert(pending);
        while let Some(mut oldest) = self.open.pop_overfull() {
            oldest.incomplete.add(Reason::Interrupted);
            self.finish(oldest, at, done);
        }
    }
}

fn has_status(response: &Message) -> bool {
    response
        .head
        .as_ref()
        .is_some_and(|head| head.status().is_some())
}
