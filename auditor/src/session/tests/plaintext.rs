use super::{COOKIE, FIVE, GET, Node};
use crate::{
    decode::{BootTime, Direction, Event, Plaintext},
    session::{Inside, Output, Tier, plaintext::Unseen},
};

const LIBRARY: u32 = 3;

impl Node {
    /// A node that accepted a connection of a library which is probed.
    fn probed() -> Self {
        let mut node = Self::accepted(1000, 5000);
        node.sessions.expect_plaintext(Tier::Probing);
        let since = Some(BootTime(0));
        node.sessions
            .learn_library(LIBRARY, "libssl.so.3".into(), since);
        node
    }

    fn plaintext(&mut self, event: Plaintext<'_>) {
        self.step(Event::Plaintext(event));
    }
}

fn read(session: u64, offset: u64, bytes: &[u8]) -> Plaintext<'_> {
    Plaintext {
        cookie: Some(COOKIE),
        time: BootTime(3),
        direction: Direction::Ingress,
        session,
        offset,
        skipped_before: 0,
        skipped_after: 0,
        lost: 0,
        cgroup_id: 0,
        pid: 1,
        library: LIBRARY,
        client_random: None,
        bytes,
    }
}

fn written(session: u64, offset: u64, bytes: &[u8]) -> Plaintext<'_> {
    Plaintext {
        direction: Direction::Egress,
        ..read(session, offset, bytes)
    }
}

#[test]
fn an_exchange_in_the_clear_names_its_library() {
    let mut node = Node::probed();
    node.plaintext(read(1, 0, GET));
    node.plaintext(written(1, 0, FIVE));
    assert_eq!(node.lines(), ["/ -> 200, 5 bytes"]);
    let Some(Output::Exchange { library, .. }) = node.out.last() else {
        panic!("{:?}", node.out);
    };
    assert_eq!(library.as_deref(), Some("libssl.so.3"));
    node.step(Event::Close(super::close()));
    assert_eq!(node.closed().inside, Inside::Captured);
}

#[test]
fn what_came_before_the_connection_was_known_is_not_lost() {
    let mut node = Node::probed();
    let unbound = |event| Plaintext {
        cookie: None,
        ..event
    };
    node.plaintext(unbound(read(1, 0, &GET[..10])));
    node.plaintext(unbound(read(1, 10, &GET[10..])));
    node.plaintext(written(1, 0, FIVE));
    assert_eq!(node.lines(), ["/ -> 200, 5 bytes"]);
    assert_eq!(node.sessions.statistics().plaintext_unbound, 0);
}

/// A ClientHello with these random bytes, and nothing else that could be told from another's.
fn hello(random: u8) -> Vec<u8> {
    let mut hello = vec![3, 3];
    hello.extend([random; 32]);
    // No session, one cipher, no compression, no extension.
    hello.extend([0, 0, 2, 0x13, 1, 1, 0]);
    let length = hello.len() as u8;
    [&[22, 3, 1, 0, length + 4, 1, 0, 0, length][..], &hello].concat()
}

#[test]
fn a_session_that_uses_no_socket_is_found_by_its_hello() {
    let mut node = Node::probed();
    node.data(super::arrives(1000, &hello(7)));
    let of = |random: u8, event| Plaintext {
        cookie: None,
        client_random: Some([random; 32]),
        ..event
    };
    // Another's, and what the client on this node would have written.
    node.plaintext(of(8, read(1, 0, GET)));
    node.plaintext(of(7, written(2, 0, GET)));
    assert!(node.lines().is_empty());
    node.plaintext(of(7, read(3, 0, GET)));
    // What does not say who asks follows what did.
    node.plaintext(of(7, written(3, 0, &FIVE[..20])));
    node.plaintext(of(7, written(3, 20, &FIVE[20..])));
    assert_eq!(node.lines(), ["/ -> 200, 5 bytes"]);
    node.step(Event::Close(super::close()));
    assert_eq!(node.closed().inside, Inside::Captured);
    // The hello is forgotten with its connection.
    node.plaintext(of(7, read(4, 0, GET)));
    assert_eq!(node.lines().len(), 1);
}

#[test]
fn what_stays_without_a_connection_is_counted() {
    let mut node = Node::probed();
    let event = Plaintext {
        cookie: None,
        ..read(1, 0, GET)
    };
    node.plaintext(event);
    assert_eq!(node.sessions.statistics().plaintext_unbound, 0);
    // Long after; of another session.
    node.plaintext(Plaintext {
        session: 2,
        time: BootTime(100_000_000_000),
        ..event
    });
    assert_eq!(node.sessions.statistics().plaintext_unbound, 1);
    node.sessions
        .interrupt(BootTime(100_000_000_001), &mut node.out);
    assert_eq!(node.sessions.statistics().plaintext_unbound, 2);
    assert!(node.lines().is_empty());
}

#[test]
fn what_was_lost_on_the_way_is_a_hole() {
    let mut node = Node::probed();
    node.plaintext(read(1, 0, GET));
    node.plaintext(written(1, 0, &FIVE[..38]));
    node.plaintext(Plaintext {
        lost: 1,
        ..written(1, FIVE.len() as u64, FIVE)
    });
    assert_eq!(
        node.lines(),
        [
            "/ -> 200, 5 bytes",
            "- -> 200, 0 bytes, hole, request_missing"
        ]
    );
}

#[test]
fn another_session_on_the_connection_begins_anew() {
    let mut node = Node::probed();
    node.plaintext(read(1, 0, GET));
    node.plaintext(read(2, 0, GET));
    node.plaintext(written(2, 0, FIVE));
    let lines = node.lines();
    assert_eq!(lines.len(), 2, "{lines:?}");
    assert!(lines[0].contains("response_missing"), "{lines:?}");
    assert_eq!(lines[1], "/ -> 200, 5 bytes");
}

#[test]
fn a_connection_says_why_nothing_was_seen() {
    let mut node = Node::accepted(1000, 5000);
    node.step(Event::Close(super::close()));
    assert_eq!(node.closed().inside, Inside::Disabled);
    for (tier, unseen) in [
        (Tier::Refused, Unseen::NoTier),
        (Tier::Probing, Unseen::NoProbedLibrary),
    ] {
        let mut node = Node::accepted(1000, 5000);
        node.sessions.expect_plaintext(tier);
        node.step(Event::Close(super::close()));
        assert_eq!(node.closed().inside, Inside::Unsupported(unseen));
    }
}
