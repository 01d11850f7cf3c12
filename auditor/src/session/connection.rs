//! One connection: two streams and what they carry.

mod secret;

use std::sync::Arc;

use super::{
    facts::ConnectionFacts,
    plaintext::{Inside, Libraries, Secret},
    progress::{Moment, Ongoing, Progress},
    stream::{Part, Start, Stream},
};
use crate::{
    decode::{BootTime, Close, Data, Direction, Role},
    protocol::{
        Conversation, Ending, Exchange, Reason, Side, Span, Verdict, Want, side_of_first, tls,
    },
};

/// Bytes copied of an unframed direction before its allowance is renewed.
const RENEW_BYTES: u64 = 128 * 1024;

/// What the kernel shall be told of a direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Directive {
    /// `skip` bytes from `sequence` on are body, then message number `messages` begins.
    Resume {
        sequence: u32,
        skip: u64,
        messages: u32,
    },
    /// `skip` bytes from `sequence` on are not wanted, then a frame of HTTP/2 begins. `stream` is
    /// the highest that the direction of requests has begun before.
    Frames {
        sequence: u32,
        skip: u64,
        stream: u32,
    },
    Stop,
    Continue,
}

/// How a connection ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Termination {
    Graceful,
    ResetReceived,
    ResetSent,
    /// Neither FIN nor RST was seen: the kernel gave it up.
    Abandoned,
    NeverOpened,
    /// Its process let go of a connection older than the auditor.
    Released,
}

/// A connection that is over.
#[derive(Debug)]
pub struct Closed {
    pub opened: Option<BootTime>,
    pub closed: BootTime,
    /// Payload bytes, by [`Direction`].
    pub bytes: [u64; 2],
    pub termination: Termination,
    pub smoothed_rtt_us: u32,
    pub retransmits: u32,
    /// Exchanges recorded on it.
    pub exchanges: u32,
    pub verdict: Verdict,
    /// What its handshake showed, if it speaks TLS.
    pub tls: Option<Arc<tls::Facts>>,
    pub inside: Inside,
}

#[derive(Debug)]
struct Flow {
    stream: Stream,
    /// Unframed bytes copied since the last directive.
    copied: u64,
    /// The kernel does not follow the framing at present.
    unframed: bool,
    stopped: bool,
}

/// Number of an exchange that goes on, what is told of it, and itself.
type Lasting = (u32, Moment, Exchange);

/// A connection from open to close.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) facts: Arc<ConnectionFacts>,
    /// Direction of requests; not known at first where the connection is older than the auditor.
    request: Option<Direction>,
    flows: [Flow; 2],
    http: Conversation,
    /// What a TLS library has in the clear.
    secret: Option<Box<Secret>>,
    /// The random bytes of its ClientHello, once they were asked for.
    hello: Option<[u8; tls::RANDOM]>,
    /// Exchanges in it were told.
    pub(super) captured: bool,
    pub(super) exchanges: u32,
    /// Directives may be due.
    pub(super) dirty: bool,
    progress: Progress,
}

impl Connection {
    pub(super) fn new(facts: ConnectionFacts, receive_next: u32, send_next: u32) -> Self {
        let request = match facts.role {
            Role::Passive => Some(Direction::Ingress),
            Role::Active => Some(Direction::Egress),
            Role::Unseen => None,
        };
        let flow = |next| Flow {
            stream: Stream::new(next),
            copied: 0,
            unframed: false,
            stopped: false,
        };
        let known = request.is_some();
        Self {
            progress: Progress::new(facts.opened),
            facts: Arc::new(facts),
            request,
            flows: [
                flow(known.then_some(receive_next)),
                flow(known.then_some(send_next)),
            ],
            http: if known {
                Conversation::new()
            } else {
                Conversation::joined_midway()
            },
            secret: None,
            hello: None,
            captured: false,
            exchanges: 0,
            dirty: false,
        }
    }

    /// Requests arrive at this socket; `None` if it is not known which side asks.
    pub(super) fn is_inbound(&self) -> Option<bool> {
        self.request.map(|d| d == Direction::Ingress)
    }

    /// The control group of an accepted socket comes with its first segment. True if it is news.
    pub(super) fn learn(&mut self, cgroup_id: u64) -> bool {
        let is_news = cgroup_id != 0 && self.facts.owner.cgroup_id == 0;
        if is_news {
            Arc::make_mut(&mut self.facts).owner.cgroup_id = cgroup_id;
        }
        is_news
    }

    pub(super) fn data(&mut self, data: &Data<'_>, done: &mut Vec<Exchange>) {
        if self.request.is_none() {
            self.find_request_direction(data);
        }
        let Self {
            flows,
            http,
            request,
            ..
        } = self;
        let flow = &mut flows[data.direction as usize];
        flow.unframed = data.unframed;
        if data.unframed {
            flow.copied += data.bytes.len() as u64;
            self.dirty = true;
        }
        let Some(request) = *request else {
            // Without knowing who asks, nothing can be read; the stream only keeps its place.
            flow.stream.push(data, |_, _| {});
            return;
        };
        let side = side_of(data.direction, request);
        if side == Side::Response && http.is_unasked() {
            // What is answered has arrived: a gap before it was lost on the way here.
            let asking = &mut flows[request as usize].stream;
            asking.give_up_gaps(&mut |part, time| take(http, Side::Request, &part, time, done));
        }
        let flow = &mut flows[data.direction as usize];
        flow.stream
            .push(data, |part, time| take(http, side, &part, time, done));
    }

    /// How the end of the connection ends what is on it.
    pub(super) fn ending(&self, close: &Close) -> Ending {
        let termination = termination(close);
        let cause = match termination {
            Termination::ResetReceived | Termination::ResetSent => Reason::ConnectionReset,
            _ => Reason::ConnectionClosed,
        };
        let time = |d: Direction| close.ended[d as usize].map(|t| t.0);
        Ending {
            at: close.time.0,
            request_ended: self.request.and_then(time),
            response_ended: self.request.and_then(|r| time(opposite(r))),
            cause,
        }
    }

    pub(super) fn close(&mut self, close: &Close, done: &mut Vec<Exchange>) {
        if let Some(request) = self.request {
            self.read_rest(request, close, done);
            let ending = self.ending(close);
            self.http.close(&ending, done);
        }
    }

    /// The auditor stops or lets go: whatever is unfinished goes out as it is.
    pub(super) fn interrupt(&mut self, at: BootTime, done: &mut Vec<Exchange>) {
        if let Some(request) = self.request {
            self.give_up_gaps(request, done);
            self.http.close(&interrupted(at), done);
        }
    }

    /// The connection and its exchanges, if they last and it is time to tell of them.
    pub(super) fn ongoing(
        &mut self,
        at: BootTime,
        interval_ns: u64,
    ) -> Option<(Ongoing, Vec<Lasting>)> {
        let bytes = self.flows.each_ref().map(|flow| flow.stream.position());
        if !self.progress.is_due(at, interval_ns) {
            return None;
        }
        let mut exchanges = Vec::new();
        let in_the_clear = self.secret.as_ref().map(|secret| secret.ongoing(at));
        for exchange in in_the_clear.unwrap_or_else(|| self.http.ongoing(at.0)) {
            if at.0.saturating_sub(exchange.began()) >= interval_ns {
                let (number, moment) = self.progress.exchange(&exchange, &mut self.exchanges);
                exchanges.push((number, moment, exchange));
            }
        }
        // An idle connection is no news; an exchange that does not move on is.
        let mut ongoing = self.progress.tell(at, bytes, !exchanges.is_empty())?;
        ongoing.tls = self.http.tls().cloned();
        Some((ongoing, exchanges))
    }

    /// The number of an exchange that is over.
    pub(super) fn number(&mut self, exchange: &Exchange) -> u32 {
        self.progress.end(exchange, &mut self.exchanges)
    }

    /// Announced requests that are none, since the last call.
    pub(super) fn take_disowned(&mut self) -> u64 {
        self.http.take_disowned()
    }

    /// Exchanges under way.
    pub(super) fn unfinished(&self) -> u64 {
        self.http.unfinished() as u64
    }

    pub(super) fn closed(&self, close: &Close, libraries: &Libraries) -> Closed {
        Closed {
            opened: close.opened,
            closed: close.time,
            bytes: close.bytes,
            termination: termination(close),
            smoothed_rtt_us: close.smoothed_rtt_us,
            retransmits: close.retransmits,
            exchanges: self.exchanges,
            verdict: self.http.verdict(),
            tls: self.http.tls().cloned(),
            inside: libraries.inside(self.captured),
        }
    }

    /// What the kernel should be told now.
    pub(super) fn directives(&mut self) -> impl Iterator<Item = (Direction, Directive)> + use<> {
        self.dirty = false;
        let request = self.request;
        let mut due = [None, None];
        for direction in [Direction::Ingress, Direction::Egress] {
            let flow = &mut self.flows[direction as usize];
            if flow.stopped || !flow.unframed {
                continue;
            }
            let want = request.map_or(Want::Bytes, |r| self.http.want(side_of(direction, r)));
            // Where nothing says that it is HTTP, the first bytes of each segment are enough.
            let wanted = request.is_some_and(|r| {
                self.http.verdict() == Verdict::Http || !self.http.is_lost(side_of(direction, r))
            });
            let directive = match (want, flow.stream.next()) {
                (Want::Nothing, _) => Some(Directive::Stop),
                (Want::MessageAfter { skip, messages }, Some(sequence))
                    if !flow.stream.is_waiting() =>
                {
                    Some(Directive::Resume {
                        sequence,
                        skip,
                        messages,
                    })
                }
                (Want::FramesAfter { skip, stream }, Some(sequence))
                    if !flow.stream.is_waiting() =>
                {
                    Some(Directive::Frames {
                        sequence,
                        skip,
                        stream,
                    })
                }
                _ if wanted && flow.copied >= RENEW_BYTES => Some(Directive::Continue),
                _ => None,
            };
            if directive.is_some() {
                flow.copied = 0;
                flow.stopped = directive == Some(Directive::Stop);
            }
            due[direction as usize] = directive.map(|d| (direction, d));
        }
        due.into_iter().flatten()
    }

    /// What was there since the last event, as the kernel counted it.
    fn read_rest(&mut self, request: Direction, close: &Close, done: &mut Vec<Exchange>) {
        for direction in [Direction::Ingress, Direction::Egress] {
            let i = direction as usize;
            let side = side_of(direction, request);
            let http = &mut self.http;
            let time = close.ended[i].unwrap_or(close.time);
            self.flows[i].stream.finish(
                close.bytes[i],
                close.skipped[i],
                time,
                &mut |part, time| {
                    take(http, side, &part, time, done);
                },
            );
        }
    }

    fn give_up_gaps(&mut self, request: Direction, done: &mut Vec<Exchange>) {
        for direction in [Direction::Ingress, Direction::Egress] {
            let side = side_of(direction, request);
            let http = &mut self.http;
            self.flows[direction as usize]
                .stream
                .give_up_gaps(&mut |part, time| take(http, side, &part, time, done));
        }
    }

    /// The direction in which a whole request line is seen is that of requests. A head of HTTP/2
    /// says of itself what it is.
    fn find_request_direction(&mut self, data: &Data<'_>) {
        self.request = side_of_first(data.bytes).map(|side| match side {
            Side::Request => data.direction,
            Side::Response => opposite(data.direction),
        });
    }
}

/// Hands a part of a stream to the protocol.
pub(super) fn take(
    http: &mut Conversation,
    side: Side,
    part: &Part<'_>,
    time: BootTime,
    done: &mut Vec<Exchange>,
) {
    match *part {
        Part::Skipped(n) => http.feed(side, Span::Skipped(n), time.0, done),
        Part::Truncated(n) => http.truncated(side, n, time.0, done),
        Part::Hole(n) => http.hole(side, n, time.0, done),
        Part::Bytes {
            bytes,
            start,
            framed,
        } => {
            if side == Side::Response {
                http.set_followed(framed);
            }
            match start {
                Start::Message(messages) => http.resume(side, messages),
                Start::Frame => http.resume_frames(side, time.0, done),
                Start::Segment if http.is_lost(side) => http.try_resume(side, bytes),
                _ => {}
            }
            http.feed(side, Span::Bytes(bytes), time.0, done);
        }
    }
}

/// How the auditor ends what it lets go of.
pub(super) fn interrupted(at: BootTime) -> Ending {
    Ending {
        at: at.0,
        request_ended: None,
        response_ended: None,
        cause: Reason::Interrupted,
    }
}

fn termination(close: &Close) -> Termination {
    if close.never_opened {
        Termination::NeverOpened
    } else if close.reset_received {
        Termination::ResetReceived
    } else if close.reset_sent {
        Termination::ResetSent
    } else if close.fin_received || close.fin_sent {
        Termination::Graceful
    } else if close.released {
        Termination::Released
    } else {
        Termination::Abandoned
    }
}

pub(super) fn side_of(direction: Direction, request: Direction) -> Side {
    if direction == request {
        Side::Request
    } else {
        Side::Response
    }
}

pub(super) fn opposite(direction: Direction) -> Direction {
    match direction {
        Direction::Ingress => Direction::Egress,
        Direction::Egress => Direction::Ingress,
    }
}
