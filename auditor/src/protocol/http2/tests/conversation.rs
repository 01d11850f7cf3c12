//! Generated conversations: however the bytes are cut and whatever data is passed over, they say
//! the same.

use proptest::{collection::vec, prelude::*, sample::select};

use super::{
    DATA, END_HEADERS, END_STREAM, HEADERS, PADDED, Reason, Side, Span, Streams, Talk, block,
    frame, wire::inserted,
};

/// Bytes of one direction, and which of them are content of DATA.
#[derive(Clone, Debug, Default)]
struct Wire {
    bytes: Vec<u8>,
    content: Vec<bool>,
}

/// What happens on a stream.
#[derive(Clone, Debug)]
struct Turn {
    method: &'static str,
    upload: Vec<usize>,
    interim: bool,
    status: &'static str,
    download: Vec<usize>,
    padding: Option<u8>,
    trailers: bool,
    insert: bool,
}

impl Wire {
    fn framing(&mut self, bytes: &[u8]) {
        self.bytes.extend_from_slice(bytes);
        self.content.resize(self.bytes.len(), false);
    }

    fn data(&mut self, id: u32, size: usize, padding: Option<u8>, flags: u8) {
        // Looks like frames, so that only its length keeps it from being some.
        let body: Vec<u8> = super::get(99, "/no")
            .into_iter()
            .cycle()
            .take(size)
            .collect();
        let padding = padding.filter(|_| size > 0);
        let payload = match padding {
            Some(n) => [&[n], body.as_slice(), &vec![0; usize::from(n)]].concat(),
            None => body,
        };
        let flags = flags | if padding.is_some() { PADDED } else { 0 };
        let prefix = 9 + usize::from(padding.is_some());
        let bytes = frame(DATA, flags, id, &payload);
        self.framing(&bytes[..prefix]);
        self.bytes.extend_from_slice(&bytes[prefix..]);
        self.content.resize(self.bytes.len(), true);
    }

    /// Feeds everything, cut as `cuts` says; content is passed over where it says so.
    fn feed(&self, side: Side, cuts: &mut impl Iterator<Item = (usize, bool)>, talk: &mut Talk) {
        let mut at = 0;
        while at < self.bytes.len() {
            let (size, skip) = cuts.next().expect("cuts never end");
            let mut end = (at + size).min(self.bytes.len());
            let skip = skip && self.content[at];
            if skip {
                end = (at..end).find(|&i| !self.content[i]).unwrap_or(end);
            }
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

impl Turn {
    fn head(&self, wire: &mut Wire, id: u32, flags: u8, fields: &[(&str, &str)]) {
        let fields = if self.insert {
            inserted(fields)
        } else {
            block(fields)
        };
        wire.framing(&frame(HEADERS, END_HEADERS | flags, id, &fields));
    }

    fn request(&self, wire: &mut Wire, id: u32) {
        let path = format!("/{id}");
        let fields = [
            (":method", self.method),
            (":scheme", "http"),
            (":path", &path),
        ];
        self.body(wire, id, &fields, &self.upload);
    }

    fn response(&self, wire: &mut Wire, id: u32) {
        if self.interim {
            self.head(wire, id, 0, &[(":status", "103")]);
        }
        self.body(wire, id, &[(":status", self.status)], &self.download);
    }

    fn body(&self, wire: &mut Wire, id: u32, head: &[(&str, &str)], sizes: &[usize]) {
        let is_bare = sizes.is_empty() && !self.trailers;
        self.head(wire, id, if is_bare { END_STREAM } else { 0 }, head);
        for (n, size) in sizes.iter().enumerate() {
            let is_last = n + 1 == sizes.len() && !self.trailers;
            wire.data(
                id,
                *size,
                self.padding,
                if is_last { END_STREAM } else { 0 },
            );
        }
        if self.trailers {
            self.head(wire, id, END_STREAM, &[("grpc-status", "0")]);
        }
    }

    fn line(&self, id: u32) -> String {
        format!(
            "{id} {} /{id} -> {}, {}/{} bytes",
            self.method,
            self.status,
            self.upload.iter().sum::<usize>(),
            self.download.iter().sum::<usize>()
        )
    }
}

fn turn() -> impl Strategy<Value = Turn> {
    let sizes = || vec(0..120_usize, 0..4);
    (
        select(vec!["GET", "POST", "PUT"]),
        sizes(),
        any::<[bool; 3]>(),
        select(vec!["200", "204", "404"]),
        sizes(),
        proptest::option::of(0..5_u8),
    )
        .prop_map(|(method, upload, flags, status, download, padding)| Turn {
            method,
            upload,
            interim: flags[0],
            status,
            download,
            padding,
            trailers: flags[1],
            insert: flags[2],
        })
}

proptest! {
    #[test]
    fn cuts_make_no_difference(
        turns in vec(turn(), 1..8),
        cuts in vec((1..60_usize, any::<bool>()), 1..30),
    ) {
        let mut cuts = cuts.into_iter().cycle();
        let mut talk = Talk::new();
        let mut wires = [Wire::default(), Wire::default()];
        for (n, turn) in turns.iter().enumerate() {
            turn.request(&mut wires[0], 2 * n as u32 + 1);
        }
        for (n, turn) in turns.iter().enumerate().rev() {
            turn.response(&mut wires[1], 2 * n as u32 + 1);
        }
        wires[0].feed(Side::Request, &mut cuts, &mut talk);
        wires[1].feed(Side::Response, &mut cuts, &mut talk);
        let lines: Vec<_> = turns.iter().enumerate().rev()
            .map(|(n, turn)| turn.line(2 * n as u32 + 1))
            .collect();
        prop_assert_eq!(talk.lines(), lines);
        let wire: u64 = talk.done.iter().map(|e| e.request.as_ref().unwrap().wire).sum();
        prop_assert_eq!(wire, wires[0].bytes.len() as u64);
    }

    /// Joined at any exchange: the number of those that follow is right, and nothing is wrong.
    #[test]
    fn joining_anywhere(turns in vec(turn(), 1..12), from in 0..12_usize) {
        let from = from.min(turns.len() - 1);
        let mut talk = Talk::with(Streams::joined_midway());
        talk.streams.resume(Side::Request);
        talk.streams.resume(Side::Response);
        for (n, turn) in turns.iter().enumerate().skip(from) {
            let id = 2 * n as u32 + 1;
            let (mut request, mut response) = (Wire::default(), Wire::default());
            turn.request(&mut request, id);
            turn.response(&mut response, id);
            talk.ask(&request.bytes);
            talk.answer(&response.bytes);
        }
        prop_assert_eq!(talk.done.len(), turns.len() - from);
        for (n, line) in talk.lines().iter().enumerate() {
            let n = n + from;
            prop_assert!(line.starts_with(&turns[n].line(2 * n as u32 + 1)), "{}", line);
        }
    }

    #[test]
    fn nothing_panics(
        pieces in vec((0..6_u8, any::<u32>(), vec(any::<u8>(), 0..40)), 0..60),
        framed in any::<bool>(),
    ) {
        let mut talk = if framed { Talk::new() } else { Talk::with(Streams::joined_midway()) };
        for (what, n, bytes) in &pieces {
            let side = if what % 2 == 0 { Side::Request } else { Side::Response };
            match what {
                0 | 1 => {
                    let frame = frame(*n as u8 % 11, (n >> 8) as u8, n >> 16 & 7, bytes);
                    talk.feed(side, Span::Bytes(&frame));
                }
                2 | 3 => talk.feed(side, Span::Bytes(bytes)),
                4 => talk.hole(side, u64::from(*n)),
                _ => {
                    talk.streams.resume(Side::Request);
                    talk.streams.resume(Side::Response);
                }
            }
            let _ = (talk.streams.want(side), talk.streams.ongoing(0).count());
        }
        talk.end(Reason::ConnectionClosed);
        let _ = talk.lines();
        prop_assert_eq!(talk.streams.held(), if talk.streams.verdict() == super::Verdict::Http {
            (0, 0)
        } else {
            talk.streams.held()
        });
    }
}
