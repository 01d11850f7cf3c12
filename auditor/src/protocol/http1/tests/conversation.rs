//! Generated conversations: however the bytes are cut, they say the same.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    Answer, AnswerHole, AnswerResumes, AnswerSkipped, Ask, AskHole, AskResumes, AskSkipped, Close,
    Interrupt, Reset, Step, Talk,
};
use crate::protocol::{Side, Span};

#[derive(Clone, Debug)]
enum Content {
    None,
    Length(Vec<u8>),
    Chunks(Vec<Vec<u8>>),
}

impl Content {
    fn len(&self) -> usize {
        match self {
            Self::None => 0,
            Self::Length(body) => body.len(),
            Self::Chunks(chunks) => chunks.iter().map(Vec::len).sum(),
        }
    }
}

#[derive(Clone, Debug)]
struct Turn {
    method: &'static str,
    content: Content,
    interim: bool,
    status: u16,
    answer: Content,
}

impl Turn {
    fn request(&self, number: usize, wire: &mut Wire) {
        wire.framing(&format!(
            "{} /{number} HTTP/1.1\r\nHost: h\r\n",
            self.method
        ));
        wire.content(&self.content, true);
    }

    fn response(&self, wire: &mut Wire) {
        if self.interim {
            wire.framing("HTTP/1.1 100 Continue\r\n\r\n");
        }
        wire.framing(&format!("HTTP/1.1 {} Reason\r\nServer: s\r\n", self.status));
        if self.status == 204 {
            wire.framing("\r\n");
        } else {
            wire.content(&self.answer, self.answer_has_body());
        }
    }

    fn answer_has_body(&self) -> bool {
        self.method != "HEAD" && self.status != 204 && self.status != 304
    }

    fn line(&self, number: usize) -> String {
        let answer = if self.answer_has_body() {
            self.answer.len()
        } else {
            0
        };
        format!(
            "{} /{number} -> {}, {}/{answer} bytes",
            self.method,
            self.status,
            self.content.len()
        )
    }
}

/// Bytes of one direction, and which of them are content.
#[derive(Default)]
struct Wire {
    bytes: Vec<u8>,
    content: Vec<bool>,
}

impl Wire {
    fn framing(&mut self, text: &str) {
        self.bytes.extend_from_slice(text.as_bytes());
        self.content.resize(self.bytes.len(), false);
    }

    fn body(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.content.resize(self.bytes.len(), true);
    }

    /// Ends the head and writes the content, if that is meant to follow.
    fn content(&mut self, content: &Content, follows: bool) {
        match content {
            Content::None => self.framing("Content-Length: 0\r\n\r\n"),
            Content::Length(body) => {
                self.framing(&format!("Content-Length: {}\r\n\r\n", body.len()));
                if follows {
                    self.body(body);
                }
            }
            Content::Chunks(chunks) => {
                self.framing("Transfer-Encoding: chunked\r\n\r\n");
                if follows {
                    for chunk in chunks {
                        self.framing(&format!("{:x}\r\n", chunk.len()));
                        self.body(chunk);
                        self.framing("\r\n");
                    }
                    self.framing("0\r\nTrailer: t\r\n\r\n");
                }
            }
        }
    }

    /// Feeds everything, cut as `cuts` says; content is passed over where it says so.
    fn feed(&self, side: Side, cuts: &mut impl Iterator<Item = (usize, bool)>, talk: &mut Talk) {
        let mut at = 0;
        while at < self.bytes.len() {
            let (size, skip) = cuts.next().expect("cuts never end");
            let mut end = (at + size).min(self.bytes.len());
            let skip = skip && self.content[at];
            if skip {
                // Only content is ever passed over.
                end = (at..end).find(|&i| !self.content[i]).unwrap_or(end);
            }
            talk.at += 1;
            let span = if skip {
                Span::Skipped((end - at) as u64)
            } else {
                Span::Bytes(&self.bytes[at..end])
            };
            talk.feed(side, span);
            at = end;
        }
    }
}

fn content() -> impl Strategy<Value = Content> {
    let bytes = || vec(any::<u8>(), 1..60);
    prop_oneof![
        Just(Content::None),
        bytes().prop_map(Content::Length),
        // A body that looks like messages.
        Just(Content::Length(
            b"HTTP/1.1 200 OK\r\n\r\nGET / HTTP/1.1\r\n\r\n".to_vec()
        )),
        vec(bytes(), 0..4).prop_map(Content::Chunks),
    ]
}

fn turn() -> impl Strategy<Value = Turn> {
    (
        select(vec!["GET", "POST", "HEAD", "DELETE"]),
        content(),
        any::<bool>(),
        select(vec![200, 204, 304, 404, 500]),
        content(),
    )
        .prop_map(|(method, content, interim, status, answer)| Turn {
            method,
            content,
            interim,
            status,
            answer,
        })
}

#[derive(Clone, Debug)]
enum Act {
    Ask(Vec<u8>),
    Answer(Vec<u8>),
    TryResume(bool, Vec<u8>),
    Number(u8, u32),
    End(u8),
}

fn noise() -> impl Strategy<Value = Vec<u8>> {
    let known: Vec<&'static [u8]> = vec![
        b"GET / HTTP/1.1\r\n",
        b"CONNECT h:1 HTTP/1.1\r\n\r\n",
        b"HTTP/1.1 200 OK\r\n",
        b"HTTP/1.1 101 Switching\r\n\r\n",
        b"HTTP/1.1 100 Continue\r\n\r\n",
        b"Content-Length: 5\r\n",
        b"Content-Length: 18446744073709551615\r\n\r\n",
        b"Transfer-Encoding: chunked\r\n\r\n",
        b"fffffffffffffff\r\n",
        b"0\r\n",
        b"\r\n",
        b"\n",
        b" folded\r\n",
        b":\r\n",
    ];
    let piece = prop_oneof![
        4 => select(known).prop_map(<[u8]>::to_vec),
        1 => vec(any::<u8>(), 0..40),
    ];
    vec(piece, 0..5).prop_map(|pieces| pieces.concat())
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        4 => noise().prop_map(Act::Ask),
        4 => noise().prop_map(Act::Answer),
        1 => (any::<bool>(), noise()).prop_map(|(request, bytes)| Act::TryResume(request, bytes)),
        3 => (any::<u8>(), prop_oneof![0..4_u32, any::<u32>()]).prop_map(|(kind, n)| Act::Number(kind, n)),
        1 => any::<u8>().prop_map(Act::End),
    ]
}

fn perform(act: &Act, talk: &mut Talk) {
    let step: Step<'_> = match act {
        Act::Ask(bytes) => Ask(bytes),
        Act::Answer(bytes) => Answer(bytes),
        Act::TryResume(request, bytes) => {
            let side = if *request {
                Side::Request
            } else {
                Side::Response
            };
            talk.streams.try_resume(side, bytes);
            return;
        }
        Act::Number(kind, n) => match kind % 6 {
            0 => AskSkipped(u64::from(*n)),
            1 => AnswerSkipped(u64::from(*n)),
            2 => AskHole(u64::from(*n)),
            3 => AnswerHole(u64::from(*n)),
            4 => AskResumes(*n),
            _ => AnswerResumes(*n),
        },
        Act::End(kind) => match kind % 3 {
            0 => Close,
            1 => Reset,
            _ => Interrupt,
        },
    };
    talk.step(step);
}

proptest! {
    #[test]
    fn cuts_make_no_difference(
        turns in vec(turn(), 1..6),
        cuts in vec((1..50_usize, any::<bool>()), 1..30),
        pipelined in any::<bool>(),
    ) {
        let mut cuts = cuts.into_iter().cycle();
        let mut talk = Talk::new();
        let mut wires = [Wire::default(), Wire::default()];
        for (number, turn) in turns.iter().enumerate() {
            turn.request(number, &mut wires[0]);
            turn.response(&mut wires[1]);
            if !pipelined {
                let [request, response] = std::mem::take(&mut wires);
                request.feed(Side::Request, &mut cuts, &mut talk);
                response.feed(Side::Response, &mut cuts, &mut talk);
            }
        }
        let [request, response] = wires;
        request.feed(Side::Request, &mut cuts, &mut talk);
        response.feed(Side::Response, &mut cuts, &mut talk);

        let expected: Vec<_> = turns.iter().enumerate().map(|(number, turn)| turn.line(number)).collect();
        prop_assert_eq!(talk.lines(), expected);
        talk.step(Close);
        prop_assert_eq!(talk.done.len(), turns.len());
    }

    #[test]
    fn nothing_panics(acts in vec(act(), 0..40)) {
        let mut talk = Talk::new();
        for act in &acts {
            perform(act, &mut talk);
        }
        for side in [Side::Request, Side::Response] {
            let _ = talk.streams.want(side);
        }
        talk.step(Close);
        let _ = talk.lines();
    }
}
