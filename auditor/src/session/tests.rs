use std::net::SocketAddr;

use proptest::{collection::vec, prelude::*};

use super::{Directive, Output, Role, Sessions, Termination};
use crate::{
    decode::{BootTime, Close, Data, Direction, Early, Event, Open, Owner},
    protocol::{Reason, Verdict},
};

mod conversation;
mod loss;
mod plaintext;

const COOKIE: u64 = 7;
const GET: &[u8] = b"GET / HTTP/1.1\r\nHost: h\r\n\r\n";
const FIVE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello";

fn address(port: u16) -> SocketAddr {
    SocketAddr::from(([10, 0, 0, 1], port))
}

fn owner() -> Owner {
    Owner {
        cgroup_id: 0,
        netns_cookie: 1,
        process: None,
    }
}

fn open(role: Role, receive_next: u32, send_next: u32) -> Open {
    Open {
        cookie: COOKIE,
        time: BootTime(1),
        local: address(80),
        peer: address(40_000),
        owner: owner(),
        role,
        receive_next,
        send_next,
    }
}

/// Bytes that arrive, whose framing the kernel does not follow.
fn arrives(sequence: u32, bytes: &[u8]) -> Data<'_> {
    Data {
        cookie: COOKIE,
        time: BootTime(2),
        direction: Direction::Ingress,
        sequence,
        skipped_before: 0,
        skipped_after: 0,
        lost: 0,
        messages: 0,
        cgroup_id: 0,
        message_start: false,
        unframed: true,
        truncated: false,
        frames: false,
        bytes,
    }
}

fn leaves(sequence: u32, bytes: &[u8]) -> Data<'_> {
    Data {
        direction: Direction::Egress,
        ..arrives(sequence, bytes)
    }
}

fn close() -> Close {
    Close {
        cookie: COOKIE,
        time: BootTime(9),
        local: address(80),
        peer: address(40_000),
        owner: owner(),
        role: Role::Passive,
        opened: Some(BootTime(1)),
        bytes: [0; 2],
        ended: [None; 2],
        skipped: [0; 2],
        lost: [0; 2],
        smoothed_rtt_us: 250,
        retransmits: 3,
        fin_received: true,
        fin_sent: true,
        reset_received: false,
        reset_sent: false,
        never_opened: false,
        released: false,
    }
}

#[derive(Default)]
struct Node {
    sessions: Sessions,
    out: Vec<Output>,
}

impl Node {
    /// A node that accepted a connection.
    fn accepted(receive_next: u32, send_next: u32) -> Self {
        let mut node = Self::default();
        node.step(Event::Open(open(Role::Passive, receive_next, send_next)));
        node
    }

    fn step(&mut self, event: Event<'_>) {
        self.sessions.step(event, &mut self.out);
    }

    fn data(&mut self, data: Data<'_>) {
        self.step(Event::Data(data));
    }

    fn directives(&mut self) -> Vec<(Direction, Directive)> {
        let mut given = Vec::new();
        self.sessions.directives(|cookie, direction, directive| {
            assert_eq!(cookie, COOKIE);
            given.push((direction, directive));
        });
        given
    }

    /// Exchanges in a line each: `GET / -> 200, 5 bytes` and what is missing.
    fn lines(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for output in &self.out {
            let Output::Exchange {
                number, exchange, ..
            } = output
            else {
                continue;
            };
            assert_eq!(*number as usize, lines.len());
            let head = exchange.request.as_ref().and_then(|r| r.head.as_ref());
            let target = head.and_then(|h| h.target()).unwrap_or(b"-");
            let response = exchange.response.as_ref();
            let status = response.and_then(|r| r.head.as_ref()?.status());
            let mut line = format!(
                "{} -> {}, {} bytes",
                crate::text::printable(target),
                status.unwrap_or_default(),
                response.map_or(0, |r| r.body)
            );
            for reason in exchange.incomplete.iter() {
                line.push_str(", ");
                line.push_str(reason.as_str());
            }
            lines.push(line);
        }
        lines
    }

    fn closed(&self) -> &super::Closed {
        match self.out.last() {
            Some(Output::Closed { closed, .. }) => closed,
            other => panic!("no closed connection but {other:?}"),
        }
    }
}

#[test]
fn segments_are_put_in_order() {
    let mut node = Node::accepted(1000, 5000);
    node.data(arrives(1010, &GET[10..20]));
    node.data(arrives(1020, &GET[20..]));
    assert!(node.directives().is_empty());
    node.data(arrives(1000, &GET[..10]));
    node.data(leaves(5030, &FIVE[30..]));
    node.data(leaves(5000, &FIVE[..30]));
    assert_eq!(node.lines(), ["/ -> 200, 5 bytes"]);
}

#[test]
fn duplicates_and_overlaps_count_once() {
    let mut node = Node::accepted(1000, 5000);
    node.data(arrives(1000, &GET[..12]));
    node.data(arrives(1000, &GET[..12]));
    node.data(arrives(1004, &GET[4..8]));
    node.data(arrives(1008, &GET[8..]));
    node.data(arrives(1000, GET));
    // The same ahead of a gap: the longer of two, and pieces that overlap.
    node.data(leaves(5010, &FIVE[10..14]));
    node.data(leaves(5010, &FIVE[10..20]));
    node.data(leaves(5010, &FIVE[10..12]));
    node.data(leaves(5018, &FIVE[18..]));
    node.data(leaves(5000, &FIVE[..15]));
    assert_eq!(node.lines(), ["/ -> 200, 5 bytes"]);
}

#[test]
fn sequence_numbers_wrap() {
    let mut node = Node::accepted(u32::MAX - 9, u32::MAX);
    node.data(arrives(5, &GET[15..]));
    node.data(arrives(u32::MAX - 9, &GET[..15]));
    node.data(leaves(0, &FIVE[1..]));
    node.data(leaves(u32::MAX, &FIVE[..1]));
    assert_eq!(node.lines(), ["/ -> 200, 5 bytes"]);
}

#[test]
fn a_lost_event_leaves_a_hole_at_once() {
    let mut node = Node::accepted(1000, 5000);
    node.data(arrives(1000, GET));
    node.data(leaves(5000, b"HTTP/1.1 200 OK\r\nContent-Le"));
    node.data(Data {
        lost: 1,
        ..leaves(5100, b"whatever")
    });
    assert_eq!(node.lines(), ["/ -> 200, 0 bytes, head_truncated, hole"]);
}

#[test]
fn a_lost_event_behind_a_held_piece_leaves_a_hole_too() {
    let mut node = Node::accepted(1000, 5000);
    node.data(arrives(1000, GET));
    node.data(leaves(
        5000,
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n",
    ));
    node.data(leaves(5050, &[b'x'; 10]));
    assert!(node.lines().is_empty());
    node.data(Data {
        lost: 1,
        ..leaves(5080, &[b'x'; 60])
    });
    assert_eq!(node.lines(), ["/ -> 200, 100 bytes"]);
}

#[test]
fn what_the_kernel_did_not_tell_of_a_framed_direction_is_a_hole() {
    let mut node = Node::accepted(1000, 5000);
    node.data(arrives(1000, GET));
    let framed = |sequence, messages, bytes| Data {
        unframed: false,
        message_start: true,
        messages,
        ..leaves(sequence, bytes)
    };
    node.data(arrives(1000 + GET.len() as u32, GET));
    node.data(framed(5200, 1, FIVE));
    assert_eq!(
        node.lines(),
        [
            "/ -> 0, 0 bytes, hole, response_missing",
            "/ -> 200, 5 bytes"
        ]
    );
}

#[test]
fn a_gap_that_nobody_fills_is_a_hole_in_the_end() {
    let mut node = Node::accepted(1000, 5000);
    node.data(arrives(1000, GET));
    node.data(leaves(5000, b"HTTP/1.1 200 OK\r\n\r\n"));
    node.data(leaves(5100, b"more"));
    node.step(Event::Close(Close {
        bytes: [GET.len() as u64, 104],
        ended: [None, Some(BootTime(8))],
        ..close()
    }));
    assert_eq!(node.lines(), ["/ -> 200, 85 bytes"]);
    let closed = node.closed();
    assert_eq!(closed.exchanges, 1);
    assert_eq!(closed.verdict, Verdict::Http);
    assert_eq!(closed.termination, Termination::Graceful);
    assert!(node.sessions.is_empty());
}

#[test]
fn a_body_may_be_longer_than_the_sequence_space() {
    for length in [3_000_000_000_u64, 5_000_000_000, 9_000_000_000] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n");
        let body = 5000 + head.len() as u32;
        let framed = |data| Data {
            unframed: false,
            message_start: true,
            ..data
        };
        let mut node = Node::accepted(1000, 5000);
        node.data(framed(arrives(1000, GET)));
        node.data(framed(leaves(5000, head.as_bytes())));
        node.data(framed(Data {
            messages: 1,
            ..arrives(1000 + GET.len() as u32, GET)
        }));
        node.data(framed(Data {
            skipped_before: length,
            messages: 1,
            ..leaves(body.wrapping_add(length as u32), FIVE)
        }));
        assert_eq!(
            node.lines(),
            [
                format!("/ -> 200, {length} bytes"),
                "/ -> 200, 5 bytes".to_owned()
            ]
        );
    }
}

#[test]
fn early_bytes_belong_to_the_connection_that_begins_with_them() {
    let early = |sequence, bytes| {
        Event::Early(Early {
            time: BootTime(1),
            local: address(80),
            peer: address(40_000),
            sequence,
            unframed: false,
            frames: false,
            bytes,
        })
    };
    let mut node = Node::default();
    node.step(early(1000, &GET[..20]));
    node.step(Event::Open(open(Role::Passive, 1000, 5000)));
    node.data(arrives(1020, &GET[20..]));
    node.data(leaves(5000, FIVE));
    assert_eq!(node.lines(), ["/ -> 200, 5 bytes"]);

    // Those of an earlier connection between the same addresses do not.
    let mut node = Node::default();
    node.step(early(77, GET));
    node.step(Event::Open(open(Role::Passive, 1000, 5000)));
    node.data(leaves(5000, FIVE));
    // Nor is it known whether the request was one whose response has a body.
    assert_eq!(node.lines(), ["- -> 200, 0 bytes, hole, request_missing"]);
    assert_eq!(node.sessions.statistics().early_unclaimed, 1);
}

#[test]
fn early_bytes_that_nobody_claims_are_counted() {
    let mut node = Node::default();
    for port in 0..5000 {
        node.step(Event::Early(Early {
            time: BootTime(1),
            local: address(80),
            peer: address(port),
            sequence: 0,
            unframed: false,
            frames: false,
            bytes: GET,
        }));
    }
    assert_eq!(node.sessions.statistics().early_unclaimed, 5000 - 4096);
}

#[test]
fn the_kernel_shall_stop_for_what_is_not_http() {
    let mut node = Node::accepted(1000, 5000);
    // A start-up packet of PostgreSQL and what answers it.
    node.data(arrives(1000, b"\x00\x00\x00\x08\x00\x03\x00\x00"));
    assert!(node.directives().is_empty());
    node.data(leaves(5000, b"R\x00\x00\x00\x08\x00"));
    assert_eq!(
        node.directives(),
        [
            (Direction::Ingress, Directive::Stop),
            (Direction::Egress, Directive::Stop)
        ]
    );
    // Once is enough.
    node.data(arrives(1008, b"Q\x00\x00"));
    assert!(node.directives().is_empty());
    node.step(Event::Close(close()));
    assert!(node.lines().is_empty());
    assert_eq!(node.closed().verdict, Verdict::Foreign);
}

#[test]
fn the_kernel_shall_resume_where_a_message_begins() {
    let mut node = Node::accepted(1000, 5000);
    node.data(arrives(
        1000,
        b"POST / HTTP/1.1\r\nContent-Length: 5000000000\r\n\r\nabc",
    ));
    let resume = |sequence, skip, messages| Directive::Resume {
        sequence,
        skip,
        messages,
    };
    assert_eq!(
        node.directives(),
        [(Direction::Ingress, resume(1050, 4_999_999_997, 1))]
    );
    node.data(leaves(5000, &FIVE[..20]));
    let within_head = node.directives();
    assert!(
        within_head
            .iter()
            .all(|(direction, _)| *direction == Direction::Ingress)
    );
    node.data(leaves(5020, &FIVE[20..]));
    let whole = node.directives();
    assert!(whole.contains(&(Direction::Egress, resume(5000 + FIVE.len() as u32, 0, 1))));
}

#[test]
fn the_kernel_shall_not_resume_before_a_gap() {
    let mut node = Node::accepted(1000, 5000);
    node.data(arrives(1000, GET));
    node.data(arrives(2000, GET));
    assert!(node.directives().is_empty());
}

#[test]
fn the_kernel_shall_go_on_while_the_framing_is_not_known() {
    let mut node = Node::accepted(1000, 5000);
    node.data(arrives(1000, GET));
    node.directives();
    let mut sequence = 5000;
    node.data(leaves(
        sequence,
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n",
    ));
    sequence += 55;
    let chunk = [b'x'; 16 * 1024];
    let mut given = Vec::new();
    for _ in 0..8 {
        node.data(leaves(sequence, &chunk));
        sequence += chunk.len() as u32;
        given.extend(node.directives());
    }
    let egress: Vec<_> = given
        .iter()
        .filter(|(d, _)| *d == Direction::Egress)
        .collect();
    assert_eq!(egress, [&(Direction::Egress, Directive::Continue)]);
}

#[test]
fn the_direction_of_requests_of_an_older_connection_is_found() {
    let mut node = Node::default();
    node.step(Event::Open(open(Role::Unseen, 0, 0)));
    node.data(arrives(1000, b"rest of something"));
    node.data(leaves(5000, GET));
    node.data(arrives(1017, FIVE));
    assert_eq!(node.lines(), ["/ -> 200, 5 bytes, joined_midway"]);
    assert!(matches!(
        node.out[0],
        Output::Exchange { inbound: false, .. }
    ));
}

#[test]
fn terminations_have_names() {
    let cases = [
        (Termination::Graceful, close()),
        (
            Termination::ResetReceived,
            Close {
                reset_received: true,
                ..close()
            },
        ),
        (
            Termination::ResetSent,
            Close {
                reset_sent: true,
                ..close()
            },
        ),
        (
            Termination::Abandoned,
            Close {
                fin_received: false,
                fin_sent: false,
                ..close()
            },
        ),
        (
            Termination::NeverOpened,
            Close {
                never_opened: true,
                reset_received: true,
                ..close()
            },
        ),
    ];
    for (termination, close) in cases {
        let mut node = Node::default();
        node.step(Event::Close(close));
        assert_eq!(node.closed().termination, termination);
    }
}

#[test]
fn the_two_ends_of_a_connection_know_each_other() {
    let mut node = Node::default();
    node.step(Event::Open(Open {
        cookie: 8,
        local: address(40_000),
        peer: address(80),
        ..open(Role::Active, 0, 0)
    }));
    node.step(Event::Open(open(Role::Passive, 0, 0)));
    for cookie in [7, 8] {
        node.step(Event::Close(Close { cookie, ..close() }));
        let Some(Output::Closed { connection, .. }) = node.out.last() else {
            panic!("not closed");
        };
        let other = connection.other.as_ref().expect("the other end is known");
        assert_eq!(other.cookie, 15 - cookie);
        assert!(other.other.is_none());
    }
}

#[test]
fn an_end_whose_place_is_learnt_later_is_known_by_it_at_the_other() {
    let mut node = Node::default();
    node.step(Event::Open(Open {
        cookie: 8,
        local: address(40_000),
        peer: address(80),
        ..open(Role::Active, 100, 100)
    }));
    node.step(Event::Open(open(Role::Passive, 100, 100)));
    // The control group of an accepted socket comes with its first segment.
    node.data(Data {
        cgroup_id: 33,
        ..arrives(100, GET)
    });
    node.data(Data {
        cookie: 8,
        ..leaves(100, GET)
    });
    node.data(Data {
        cookie: 8,
        ..arrives(100, FIVE)
    });
    let Some(Output::Exchange { connection, .. }) = node.out.last() else {
        panic!("no exchange");
    };
    let other = connection.other.as_ref().expect("the other end is known");
    assert_eq!((connection.cookie, other.owner.cgroup_id), (8, 33));
}

#[test]
fn a_successor_shows_that_the_close_of_the_former_was_lost() {
    let mut node = Node::accepted(100, 500);
    node.data(arrives(100, b"GET /former HTTP/1.1\r\n\r\n"));
    node.step(Event::Open(Open {
        cookie: COOKIE + 1,
        ..open(Role::Passive, 7, 8)
    }));
    assert_eq!(node.lines().len(), 1, "{:?}", node.lines());
    assert!(
        node.lines()[0].contains("interrupted"),
        "{:?}",
        node.lines()
    );
}

#[test]
fn the_end_of_observation_leaves_nothing_behind() {
    let mut node = Node::accepted(1000, 5000);
    node.data(arrives(1000, GET));
    let Node { sessions, out } = &mut node;
    sessions.interrupt(BootTime(9), out);
    assert!(node.sessions.is_empty());
    assert_eq!(
        node.lines(),
        ["/ -> 0, 0 bytes, response_missing, interrupted"]
    );
    node.data(arrives(1027, GET));
    assert_eq!(node.sessions.statistics().unknown_connection, 1);
}

proptest! {
    /// Segments in any order, some of them twice, say the same as the whole.
    #[test]
    fn order_makes_no_difference(
        cuts in vec(1..30_u32, 1..10),
        order in Just((0..12_usize).collect::<Vec<_>>()).prop_shuffle(),
        start in prop_oneof![any::<u32>(), u32::MAX - 40..=u32::MAX],
        again in any::<prop::sample::Index>(),
    ) {
        let mut pieces = Vec::new();
        let mut at = 0;
        for size in cuts.iter().cycle() {
            let end = (at + *size as usize).min(FIVE.len());
            pieces.push((at, end));
            at = end;
            if at == FIVE.len() {
                break;
            }
        }
        let twice = *again.get(&pieces);
        pieces.push(twice);
        let mut shuffled: Vec<_> = pieces.iter().enumerate().collect();
        shuffled.sort_by_key(|(i, _)| order.iter().position(|o| o == i));

        let mut node = Node::accepted(1000, start);
        node.data(arrives(1000, GET));
        for (_, &(from, to)) in shuffled {
            node.data(leaves(start.wrapping_add(from as u32), &FIVE[from..to]));
        }
        prop_assert_eq!(node.lines(), ["/ -> 200, 5 bytes"]);
    }

    #[test]
    fn nothing_panics(
        pieces in vec(
            (any::<bool>(), 0..300_u32, 0..60_usize, any::<[bool; 3]>(), 0..2_u32, prop_oneof![Just(0), any::<u32>()]),
            0..40,
        ),
        role in prop_oneof![Just(Role::Unseen), Just(Role::Active), Just(Role::Passive)],
    ) {
        let mut node = Node::default();
        node.step(Event::Open(open(role, 100, 100)));
        let bytes = [GET, FIVE].concat();
        for (egress, sequence, length, [message_start, unframed, after], lost, skipped) in pieces {
            node.data(Data {
                direction: if egress { Direction::Egress } else { Direction::Ingress },
                message_start,
                unframed,
                lost,
                skipped_before: if after { 0 } else { u64::from(skipped) },
                skipped_after: if after { skipped } else { 0 },
                ..arrives(sequence, &bytes[..length])
            });
            node.directives();
        }
        node.step(Event::Close(close()));
        let reset = node.lines().iter().any(|line| line.contains(Reason::ConnectionReset.as_str()));
        prop_assert!(!reset);
    }
}
