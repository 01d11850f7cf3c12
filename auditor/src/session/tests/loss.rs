//! What is known when events did not fit the ring, or came in an odd order.

use super::{
    BootTime, Close, Data, Direction, Directive, Early, Event, FIVE, GET, Node, Open, Output, Role,
    address, arrives, close, leaves, open,
};

/// A piece whose framing the kernel follows.
fn framed(mut data: Data<'_>) -> Data<'_> {
    data.unframed = false;
    data
}

#[test]
fn a_loss_that_was_told_with_bytes_in_order_leaves_its_hole_later() {
    let mut node = Node::accepted(1000, 5000);
    node.data(arrives(1000, GET));
    node.data(leaves(5000, b"HTTP/1.1 200 OK\r\n"));
    node.data(Data {
        lost: 1,
        ..leaves(5017, b"Content-Length: 100\r\n\r\n")
    });
    node.data(Data {
        lost: 1,
        ..leaves(5060, &[b'x'; 80])
    });
    assert_eq!(node.lines(), ["/ -> 200, 100 bytes"]);
}

#[test]
fn bytes_that_tell_of_a_loss_are_not_dropped_for_those_that_wait() {
    let mut node = Node::accepted(1000, 5000);
    node.data(arrives(1000, GET));
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 30\r\n\r\n";
    let body = 5000 + head.len() as u32;
    node.data(leaves(5000, head));
    // Ten bytes are lost, the last ten wait, and what stands between them comes with the news.
    let next = [b"0123456789".as_slice(), FIVE].concat();
    node.data(leaves(body + 20, &next));
    node.data(arrives(1000 + GET.len() as u32, GET));
    node.data(Data {
        lost: 1,
        ..leaves(body + 10, b"0123456789")
    });
    assert_eq!(node.lines(), ["/ -> 200, 30 bytes", "/ -> 200, 5 bytes"]);
}

#[test]
fn the_end_of_a_body_is_known_from_the_close() {
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n";
    let total = head.len() as u64 + 1000;
    // Passed over, or lost, or never sent.
    for (bytes, skipped, line) in [
        (total, 1000, "/ -> 200, 1000 bytes"),
        (total, 0, "/ -> 200, 1000 bytes"),
        (total - 400, 600, "/ -> 200, 600 bytes, connection_closed"),
    ] {
        let mut node = Node::accepted(1000, 5000);
        node.data(framed(arrives(1000, GET)));
        node.data(framed(leaves(5000, head)));
        node.step(Event::Close(Close {
            bytes: [GET.len() as u64, bytes],
            skipped: [0, skipped],
            ..close()
        }));
        assert_eq!(node.lines(), [line]);
    }
}

#[test]
fn a_response_shows_that_what_was_before_it_will_not_come() {
    let mut node = Node::accepted(1000, 5000);
    // The first request came with the handshake, and that event was lost.
    node.data(framed(leaves(5000, FIVE)));
    node.data(arrives(1100, GET));
    assert_eq!(node.lines().len(), 1);
    node.data(Data {
        message_start: true,
        messages: 1,
        ..framed(leaves(5000 + FIVE.len() as u32, FIVE))
    });
    assert_eq!(
        node.lines(),
        [
            "- -> 200, 5 bytes, request_missing",
            "/ -> 200, 5 bytes, joined_midway"
        ]
    );
}

#[test]
fn a_connection_whose_beginning_was_lost_is_paired_by_the_numbers_of_the_kernel() {
    let mut node = Node::accepted(1000, 5000);
    let numbered = |data, messages| Data {
        message_start: true,
        messages,
        ..framed(data)
    };
    // The response to the fourth request comes first, then the fifth of each.
    node.data(numbered(leaves(5000, FIVE), 3));
    node.data(numbered(arrives(1000, GET), 4));
    let next = leaves(5000 + FIVE.len() as u32, b"HTTP/1.1 204 No Content\r\n\r\n");
    node.data(numbered(next, 4));
    assert_eq!(
        node.lines(),
        ["- -> 200, 5 bytes, request_missing", "/ -> 204, 0 bytes"]
    );

    let mut node = Node::accepted(1000, 5000);
    node.data(numbered(arrives(1000, GET), 4));
    node.data(numbered(leaves(5000, FIVE), 3));
    assert_eq!(node.lines(), ["- -> 200, 5 bytes, request_missing"]);
}

#[test]
fn nothing_more_is_copied_of_what_is_not_known_to_be_http() {
    let noise = [0; 16 * 1024];
    let mut older = Node::default();
    older.step(Event::Open(open(Role::Unseen, 0, 0)));
    for mut node in [Node::accepted(1000, 5000), older] {
        for i in 0..20 {
            node.data(arrives(1000 + i * 16 * 1024, &noise));
        }
        assert!(node.directives().is_empty());
    }
}

#[test]
fn the_request_that_shows_the_direction_may_come_ahead_of_a_gap() {
    let mut node = Node::default();
    node.step(Event::Open(open(Role::Unseen, 0, 0)));
    node.data(arrives(1000, b"rest"));
    node.data(arrives(1010, GET));
    node.data(arrives(1004, b"of it."));
    node.data(leaves(5000, FIVE));
    assert_eq!(node.lines(), ["/ -> 200, 5 bytes, joined_midway"]);
}

#[test]
fn early_bytes_are_bounded_and_told_once() {
    let mut node = Node::default();
    let bytes = [b'x'; 16 * 1024];
    for port in 0..2000 {
        // A retransmission is the same arrival.
        for _ in 0..2 {
            node.step(Event::Early(Early {
                time: BootTime(1),
                local: address(80),
                peer: address(port),
                sequence: 0,
                unframed: true,
                frames: false,
                bytes: &bytes,
            }));
        }
    }
    assert_eq!(node.sessions.statistics().early_unclaimed, 2000 - 1024);
}

#[test]
fn loopback_addresses_mean_something_else_in_each_namespace() {
    let loopback = |port: u16| std::net::SocketAddr::from(([127, 0, 0, 1], port));
    let ends = [
        (10, 1, Role::Active),
        (20, 2, Role::Active),
        (11, 1, Role::Passive),
        (21, 2, Role::Passive),
        (31, 0, Role::Passive),
    ];
    let mut node = Node::default();
    for (cookie, netns_cookie, role) in ends {
        let (local, peer) = match role {
            Role::Active => (loopback(40_000), loopback(80)),
            _ => (loopback(80), loopback(40_000)),
        };
        let mut opened = Open {
            cookie,
            local,
            peer,
            ..open(role, 0, 0)
        };
        opened.owner.netns_cookie = netns_cookie;
        node.step(Event::Open(opened));
    }
    let mut others = Vec::new();
    for (cookie, ..) in ends {
        node.step(Event::Close(Close { cookie, ..close() }));
        let Some(Output::Closed { connection, .. }) = node.out.last() else {
            panic!("not closed");
        };
        others.push(connection.other.as_ref().map(|other| other.cookie));
    }
    assert_eq!(others, [Some(11), Some(21), Some(10), Some(20), None]);
}

#[test]
fn the_kernel_shall_stop_where_a_tunnel_begins() {
    let mut node = Node::accepted(1000, 5000);
    let ask = b"CONNECT h:1 HTTP/1.1\r\n\r\n";
    node.data(arrives(1000, ask));
    node.data(leaves(5000, b"HTTP/1.1 200 OK\r\n\r\n"));
    assert_eq!(
        node.directives(),
        [
            (Direction::Ingress, Directive::Stop),
            (Direction::Egress, Directive::Stop)
        ]
    );
    node.step(Event::Close(Close {
        bytes: [ask.len() as u64 + 70, 19 + 9000],
        ended: [Some(BootTime(8)), Some(BootTime(8))],
        ..close()
    }));
    assert_eq!(node.lines(), ["h:1 -> 200, 9000 bytes"]);
}

#[test]
fn what_was_copied_beside_passed_over_bytes_leaves_no_hole() {
    let mut node = Node::accepted(1000, 5000);
    node.data(framed(arrives(1000, GET)));
    let head = b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n";
    let body = 5000 + head.len() as u32;
    node.data(framed(leaves(5000, head)));
    // Another CPU had these ten bytes while the kernel followed the rest.
    node.data(leaves(body + 40, b"0123456789"));
    let next = body + 100;
    node.data(framed(Data {
        skipped_before: 100,
        ..leaves(next, b"HTTP/1.1 204 No Content\r\n\r\n")
    }));
    node.data(framed(arrives(1000 + GET.len() as u32, GET)));
    assert_eq!(node.lines()[0], "/ -> 200, 100 bytes");
}

/// What the kernel does not follow it cuts anywhere, frame headers included.
#[test]
fn what_was_cut_off_is_not_taken_for_whole_frames() {
    const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    const SETTINGS: &[u8] = &[0, 0, 0, 4, 0, 0, 0, 0, 0];
    let post = [0, 0, 3, 1, 4, 0, 0, 0, 1, 0x83, 0x86, 0x84];
    let data = [0, 0, 5, 0, 0, 0, 0, 0, 1, b'0', b'1', b'2', b'3', b'4'];
    let mut node = Node::accepted(1000, 5000);
    let begun = [PREFACE, SETTINGS, &post, &data].concat();
    node.data(Data {
        skipped_after: 14,
        ..arrives(1000, &begun)
    });
    node.data(leaves(5000, SETTINGS));
    node.step(Event::Close(close()));
    let lines = node.lines();
    assert_eq!(lines.len(), 1, "{lines:?}");
    assert!(lines[0].contains("hole"), "{lines:?}");
}
