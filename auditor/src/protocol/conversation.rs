//! A connection, whichever version of HTTP it speaks, or TLS.

use std::sync::Arc;

use super::{
    Ending, Exchange, Nanos, Reason, Side, Span, Verdict, Want, http1,
    http2::{self, PREFACE},
    tls,
};

/// Both directions of a connection: finds out what it speaks and follows it there.
#[derive(Debug)]
pub struct Conversation(State);

#[derive(Debug)]
enum State {
    /// What the client said is so much of the preface of HTTP/2, and began at that time. Whether
    /// the framing of responses is followed matters to HTTP/1.
    Undecided {
        matched: usize,
        began: Nanos,
        followed: bool,
        /// A server need not wait for the client with its settings. What it says proves nothing
        /// about the client, who may still begin with HTTP/1.
        settings: Option<Box<http2::Streams>>,
    },
    Http1(Box<http1::Streams>),
    Http2 {
        streams: Box<http2::Streams>,
        /// The client began with it and the server has said nothing yet: one that does not know
        /// HTTP/2 answers in HTTP/1.
        unanswered_since: Option<Nanos>,
    },
    Tls(Box<tls::Streams>),
}

impl Conversation {
    /// A connection seen from its beginning.
    pub fn new() -> Self {
        Self(State::Undecided {
            matched: 0,
            began: 0,
            followed: false,
            settings: None,
        })
    }

    /// A connection joined midway: nothing is read until a message begins.
    pub fn joined_midway() -> Self {
        Self(State::Http1(Box::new(http1::Streams::joined_midway())))
    }

    pub fn verdict(&self) -> Verdict {
        match &self.0 {
            State::Undecided { .. } => Verdict::Undetermined,
            State::Http1(streams) => streams.verdict(),
            State::Http2 { streams, .. } => streams.verdict(),
            State::Tls(streams) => streams.verdict(),
        }
    }

    /// What the handshake of TLS showed so far.
    pub fn tls(&self) -> Option<&Arc<tls::Facts>> {
        match &self.0 {
            State::Tls(streams) => streams.facts(),
            State::Undecided { .. } | State::Http1(_) | State::Http2 { .. } => None,
        }
    }

    /// True while a direction waits for a certain message start.
    pub fn is_lost(&self, side: Side) -> bool {
        match &self.0 {
            State::Undecided { .. } | State::Tls(_) => false,
            State::Http1(streams) => streams.is_lost(side),
            State::Http2 { streams, .. } => streams.is_lost(side),
        }
    }

    /// The next response would be one to a request that was not seen. In HTTP/2 that is told by
    /// its stream.
    pub fn is_unasked(&self) -> bool {
        match &self.0 {
            State::Undecided { .. } => true,
            State::Http1(streams) => streams.is_unasked(),
            State::Http2 { .. } => false,
            State::Tls(streams) => streams.is_unasked(),
        }
    }

    /// What the caller should provide of a direction.
    pub fn want(&self, side: Side) -> Want {
        match &self.0 {
            State::Undecided { .. } => Want::Bytes,
            State::Http1(streams) => streams.want(side),
            State::Http2 { streams, .. } => streams.want(side),
            State::Tls(streams) => streams.want(side),
        }
    }

    /// Exchanges whose request has begun and that are not over.
    pub fn unfinished(&self) -> usize {
        match &self.0 {
            State::Undecided { .. } | State::Tls(_) => 0,
            State::Http1(streams) => streams.unfinished(),
            State::Http2 { streams, .. } => streams.unfinished(),
        }
    }

    /// How many requests that were announced since the last call are none.
    pub fn take_disowned(&mut self) -> u64 {
        match &mut self.0 {
            State::Http1(streams) => streams.take_disowned(),
            State::Undecided { .. } | State::Http2 { .. } | State::Tls(_) => 0,
        }
    }

    /// The exchanges that are under way, as far as they have come.
    pub fn ongoing(&self, at: Nanos) -> Vec<Exchange> {
        match &self.0 {
            State::Undecided { .. } | State::Tls(_) => Vec::new(),
            State::Http1(streams) => streams.ongoing(at).into_iter().collect(),
            State::Http2 { streams, .. } => streams.ongoing(at).collect(),
        }
    }

    /// Says whether the giver of the bytes follows the framing of responses from here on.
    pub fn set_followed(&mut self, is_followed: bool) {
        match &mut self.0 {
            State::Undecided { followed, .. } => *followed = is_followed,
            State::Http1(streams) => streams.set_followed(is_followed),
            State::Http2 { .. } | State::Tls(_) => {}
        }
    }

    /// Reads a stretch of a direction that continues it.
    pub fn feed(&mut self, side: Side, span: Span<'_>, at: Nanos, done: &mut Vec<Exchange>) {
        if span.is_empty() {
            return;
        }
        match &mut self.0 {
            State::Undecided {
                matched,
                began,
                settings,
                ..
            } => {
                if side == Side::Response && (settings.is_some() || begins_settings(span)) {
                    return settings.get_or_insert_default().feed(side, span, at, done);
                }
                if *matched == 0 {
                    *began = at;
                }
                if side == Side::Request
                    && *matched == 0
                    && let Span::Bytes([first, ..]) = span
                    && tls::may_begin(*first)
                {
                    self.0 = State::Tls(Box::new(tls::Streams::new(at)));
                    return self.feed(side, span, at, done);
                }
                if side == Side::Request
                    && let Span::Bytes(bytes) = span
                    && continues_preface(*matched, bytes)
                {
                    *matched += bytes.len();
                    if *matched >= PREFACE.len() {
                        let before = PREFACE.len().min(*matched - bytes.len());
                        self.speak_http2(before, span, at, done);
                    }
                    return;
                }
                self.speak_http1(done);
                self.feed(side, span, at, done);
            }
            State::Http1(streams) => {
                streams.feed(side, span, at, done);
                if side == Side::Response
                    && let Span::Bytes(bytes) = span
                    && let Some(upgrade) = streams.take_h2c()
                {
                    let surplus = bytes.len().saturating_sub(upgrade.surplus as usize);
                    let upgraded =
                        http2::Streams::upgraded(upgrade.request, upgrade.incomplete, at);
                    self.0 = State::Http2 {
                        streams: Box::new(upgraded),
                        unanswered_since: None,
                    };
                    self.feed(side, Span::Bytes(&bytes[surplus..]), at, done);
                }
            }
            State::Http2 {
                streams,
                unanswered_since,
            } => {
                if side == Side::Response
                    && let Some(began) = unanswered_since.take()
                    && let Span::Bytes([b'H', ..]) = span
                {
                    // Settings are not that long.
                    self.0 = State::Undecided {
                        matched: PREFACE.len(),
                        began,
                        followed: false,
                        settings: None,
                    };
                    self.speak_http1(done);
                    self.feed(side, span, at, done);
                    return;
                }
                streams.feed(side, span, at, done);
            }
            State::Tls(streams) => {
                if side == Side::Response
                    && let Span::Bytes(answer) = span
                    && let Some((opening, began)) = streams.refused_in_http(answer)
                {
                    let mut http1 = http1::Streams::new();
                    http1.feed(Side::Request, Span::Bytes(opening), began, done);
                    self.0 = State::Http1(Box::new(http1));
                    return self.feed(side, span, at, done);
                }
                streams.feed(side, span);
            }
        }
    }

    /// `n` bytes of a direction were not copied, and nothing says that they are no framing.
    pub fn truncated(&mut self, side: Side, n: u64, at: Nanos, done: &mut Vec<Exchange>) {
        match &mut self.0 {
            State::Http2 { streams, .. } => streams.hole(side, n, at, done),
            State::Undecided {
                settings: Some(_), ..
            } => self.hole(side, n, at, done),
            // A body is the only thing of HTTP/1 that is that long.
            State::Undecided { .. } | State::Http1(_) | State::Tls(_) => {
                self.feed(side, Span::Skipped(n), at, done);
            }
        }
    }

    /// `n` bytes of a direction were there and will never be seen.
    pub fn hole(&mut self, side: Side, n: u64, at: Nanos, done: &mut Vec<Exchange>) {
        match &mut self.0 {
            State::Undecided {
                matched,
                settings: Some(_),
                ..
            } => {
                // What the server said is all there is to go by.
                let matched = *matched;
                self.speak_http2(matched, Span::Bytes(&[]), at, done);
                self.hole(side, n, at, done);
            }
            State::Undecided { .. } => {
                self.speak_http1(done);
                self.hole(side, n, at, done);
            }
            State::Http1(streams) => streams.hole(side, n, at, done),
            State::Http2 { streams, .. } => streams.hole(side, n, at, done),
            State::Tls(streams) => streams.hole(side),
        }
    }

    /// The giver of the bytes says that message number `messages` of HTTP/1 begins at the next byte
    /// of a direction.
    pub fn resume(&mut self, side: Side, messages: u32) {
        match &mut self.0 {
            // The first message begins at the beginning.
            State::Undecided { .. } if messages == 0 => {}
            State::Undecided { .. } => {
                self.speak_http1(&mut Vec::new());
                self.resume(side, messages);
            }
            State::Http1(streams) => streams.resume(side, messages),
            // A server that answers in HTTP/1 is recognised by what it says.
            State::Http2 { .. } | State::Tls(_) => {}
        }
    }

    /// The giver of the bytes says that a frame of HTTP/2, or the preface of the client, begins at
    /// the next byte of a direction.
    pub fn resume_frames(&mut self, side: Side, at: Nanos, done: &mut Vec<Exchange>) {
        match &mut self.0 {
            // It begins with one of the two.
            State::Undecided { .. } | State::Tls(_) => {}
            // In a tunnel it is none of ours.
            State::Http1(streams) if !streams.is_lost(side) => {}
            State::Http1(streams) => {
                let ending = Ending {
                    at,
                    request_ended: None,
                    response_ended: None,
                    cause: Reason::Hole,
                };
                streams.close(&ending, done);
                let mut streams = Box::new(http2::Streams::joined_midway());
                streams.resume(side);
                self.0 = State::Http2 {
                    streams,
                    unanswered_since: None,
                };
            }
            State::Http2 { streams, .. } => streams.resume(side),
        }
    }

    /// A direction is lost and these bytes, the first of a segment, may begin a message.
    pub fn try_resume(&mut self, side: Side, bytes: &[u8]) {
        match &mut self.0 {
            State::Http1(streams) if streams.verdict() == Verdict::Undetermined => {
                streams.try_resume(side, bytes);
                if streams.is_lost(side) && http2::begins_block(bytes) == Some(side) {
                    let mut streams = http2::Streams::joined_midway();
                    streams.try_resume(side, bytes);
                    self.0 = State::Http2 {
                        streams: Box::new(streams),
                        unanswered_since: None,
                    };
                }
            }
            State::Undecided { .. } | State::Tls(_) => {}
            State::Http1(streams) => streams.try_resume(side, bytes),
            State::Http2 { streams, .. } => streams.try_resume(side, bytes),
        }
    }

    /// The connection is over: whatever is unfinished goes out as it is.
    pub fn close(&mut self, ending: &Ending, done: &mut Vec<Exchange>) {
        match &mut self.0 {
            State::Undecided { .. } => {
                self.speak_http1(done);
                self.close(ending, done);
            }
            State::Http1(streams) => streams.close(ending, done),
            State::Http2 { streams, .. } => streams.close(ending, done),
            State::Tls(_) => {}
        }
    }

    /// It is HTTP/1, or nothing that is known.
    fn speak_http1(&mut self, done: &mut Vec<Exchange>) {
        let State::Undecided {
            matched,
            began,
            followed,
            ..
        } = self.0
        else {
            return;
        };
        let mut streams = http1::Streams::new();
        streams.set_followed(followed);
        let said = &PREFACE[..matched.min(PREFACE.len())];
        streams.feed(Side::Request, Span::Bytes(said), began, done);
        self.0 = State::Http1(Box::new(streams));
    }

    /// It is HTTP/2: `before` bytes of the preface came before `span`.
    fn speak_http2(&mut self, before: usize, span: Span<'_>, at: Nanos, done: &mut Vec<Exchange>) {
        let State::Undecided {
            began, settings, ..
        } = &mut self.0
        else {
            return;
        };
        let began = *began;
        let settings = settings.take();
        let unanswered_since = settings.is_none().then_some(began);
        let mut streams = settings.unwrap_or_default();
        streams.feed(Side::Request, Span::Bytes(&PREFACE[..before]), began, done);
        streams.feed(Side::Request, span, at, done);
        self.0 = State::Http2 {
            streams,
            unanswered_since,
        };
    }
}

impl Default for Conversation {
    fn default() -> Self {
        Self::new()
    }
}

/// These bytes begin a request, or are frames of HTTP/2: says which way they go.
pub fn side_of_first(bytes: &[u8]) -> Option<Side> {
    if http1::begins_request(bytes) {
        return Some(Side::Request);
    }
    http2::begins_block(bytes)
}

/// These bytes of the server begin with the settings of HTTP/2.
fn begins_settings(span: Span<'_>) -> bool {
    matches!(span, Span::Bytes(bytes) if http2::begins_settings(bytes))
}

/// After `matched` bytes of the preface, these go on with it as far as it goes.
fn continues_preface(matched: usize, bytes: &[u8]) -> bool {
    let rest = &PREFACE[matched..];
    let n = rest.len().min(bytes.len());
    bytes[..n] == rest[..n]
}

#[cfg(test)]
mod tests;
