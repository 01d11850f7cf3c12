//! Listening sockets of several processes, and several sockets of one port.

use std::collections::HashMap;

use super::{Exchange, Played, assert_played, connect};
use crate::support::auditor::Auditor;
use crate::support::ports;
use crate::support::script::Script;

const CONNECTIONS: usize = 20;

/// The child has the socket because it is a child.
const INHERITED: &str = "
listener = listen(int(sys.argv[2]))
child = os.fork()
if child == 0:
    serve(listener)
end_with(child)
ready(os.getpid(), child)
while True:
    signal.pause()
";

/// The child is older than the socket, and is sent it.
const PASSED: &str = "
here, there = socket.socketpair(socket.AF_UNIX)
child = os.fork()
if child == 0:
    _, descriptors, _, _ = socket.recv_fds(there, 1, 1)
    there.send(b'.')
    serve(socket.socket(fileno=descriptors[0]))
end_with(child)
listener = listen(int(sys.argv[2]))
socket.send_fds(here, [b'.'], [listener.fileno()])
here.recv(1)
ready(os.getpid(), child)
while True:
    signal.pause()
";

/// One of several that listen at the same port.
const ONE_OF_SEVERAL: &str = "
listener = listen(int(sys.argv[2]), reuse=True)
ready(os.getpid())
serve(listener)
";

/// When the servers are started.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Listening {
    BeforeTheAuditor,
    AfterIt,
}

impl Listening {
    /// Starts both in this order.
    fn start<T>(self, servers: impl FnOnce() -> T) -> (T, Auditor) {
        match self {
            Self::BeforeTheAuditor => {
                let servers = servers();
                (servers, Auditor::start(&[]))
            }
            Self::AfterIt => {
                let auditor = Auditor::start(&[]);
                (servers(), auditor)
            }
        }
    }
}

/// One exchange on a connection of its own, and the process that says it served it.
fn ask(port: u16, exchange: Exchange) -> (Played, u32) {
    let (mut server, client_port) = connect(port);
    let answer = exchange.ask(&mut server);
    let by = answer.header("Server").expect("the script says who it is");
    let by = by.parse().expect("it is a pid");
    (Played::here(client_port, vec![exchange]), by)
}

/// Whoever serves, the records name the process that listens.
fn assert_listener_is_named(script: &str, listening: Listening) {
    let port = ports::free();
    let (server, auditor) = listening.start(|| Script::start(script, &[&port.to_string()]));
    let [owner, child] = server.words[..] else {
        panic!("the script says both: {:?}", server.words);
    };
    assert_eq!(owner, server.pid());
    let ask = |n| {
        let exchange = Exchange::new("shared", 0, 220 + n as u16, n);
        let (mut played, by) = ask(port, exchange);
        assert_eq!(by, child);
        played.server = Some(owner);
        played
    };
    let played: Vec<_> = (0..CONNECTIONS).map(ask).collect();
    let stopped = auditor.stop();
    assert_played(&stopped, port, &played);
    stopped.assert_nothing_lost();
}

#[test]
fn a_child_serves_at_an_inherited_socket() {
    assert_listener_is_named(INHERITED, Listening::AfterIt);
}

#[test]
fn a_child_serves_at_an_inherited_socket_that_is_older() {
    assert_listener_is_named(INHERITED, Listening::BeforeTheAuditor);
}

#[test]
fn another_process_serves_at_a_socket_that_it_was_sent() {
    assert_listener_is_named(PASSED, Listening::AfterIt);
}

#[test]
fn another_process_serves_at_a_socket_that_it_was_sent_that_is_older() {
    assert_listener_is_named(PASSED, Listening::BeforeTheAuditor);
}

/// Two processes listen at one port, each with a socket of its own.
fn assert_servers_of_one_port(listening: Listening) {
    const EACH: usize = 10;
    let port = ports::free();
    let start = || Script::start(ONE_OF_SEVERAL, &[&port.to_string()]);
    let (servers, auditor) = listening.start(|| [start(), start()]);
    let mut counts: HashMap<u32, usize> = servers.iter().map(|s| (s.pid(), 0)).collect();
    let mut all = Vec::new();
    // The kernel picks one by a hash of the ports, so both have their turn.
    while counts.values().any(|count| *count < EACH) {
        let exchange = Exchange::new("one-of-two", 0, 200, all.len());
        let (mut played, by) = ask(port, exchange);
        *counts.get_mut(&by).expect("only they listen") += 1;
        played.server = match listening {
            Listening::AfterIt => Some(by),
            // Which socket was picked cannot be known: none is named, rather than the wrong one.
            Listening::BeforeTheAuditor => None,
        };
        all.push(played);
        assert!(all.len() < 1000, "one serves alone: {counts:?}");
    }
    let stopped = auditor.stop();
    assert_played(&stopped, port, &all);
    stopped.assert_nothing_lost();
}

#[test]
fn each_of_two_servers_of_one_port_is_named() {
    assert_servers_of_one_port(Listening::AfterIt);
}

#[test]
fn neither_of_two_older_servers_of_one_port_is_taken_for_the_other() {
    assert_servers_of_one_port(Listening::BeforeTheAuditor);
}
