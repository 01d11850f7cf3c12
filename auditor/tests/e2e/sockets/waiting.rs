//! Servers that have waited for long when the first client comes.

use std::fs;
use std::net::TcpListener;
use std::sync::Arc;
use std::sync::mpsc::sync_channel;
use std::thread::{self, JoinHandle};

use rustix::thread::gettid;

use super::{Exchange, assert_played, listener, play, serve_one};
use crate::support::auditor::Auditor;
use crate::support::record::{CONNECTION, Side};
use crate::support::until::until;

const WAITING: usize = 25;

/// A thread that waits for one client and serves it; it waits when this returns.
fn acceptor(listener: Arc<TcpListener>) -> JoinHandle<()> {
    let (sender, receiver) = sync_channel(1);
    let thread = thread::spawn(move || {
        sender.send(gettid()).expect("it is received");
        serve_one(&listener);
    });
    let id = receiver.recv().expect("it is sent").as_raw_nonzero();
    let accept = format!("{} ", libc::SYS_accept4);
    until("the thread waits in accept", || {
        let call = fs::read_to_string(format!("/proc/self/task/{id}/syscall"));
        let call = call.expect("a thread can be looked at");
        call.starts_with(&accept).then_some(())
    });
    thread
}

#[test]
fn requests_are_recorded_beside_idle_acceptors_and_so_are_theirs() {
    const REQUESTS: usize = 10;
    let (many, many_port) = listener();
    let many = Arc::new(many);
    // Some wait already when the auditor starts, some begin to wait under its eyes.
    let mut threads: Vec<_> = (0..WAITING).map(|_| acceptor(many.clone())).collect();
    let auditor = Auditor::start(&[]);
    let mut ports = vec![many_port; WAITING];
    for _ in 0..WAITING {
        let (own, port) = listener();
        threads.push(acceptor(Arc::new(own)));
        ports.push(port);
    }
    let (busy, busy_port) = listener();
    let busy = thread::spawn(move || (0..REQUESTS).for_each(|_| serve_one(&busy)));
    let exchange = |name: &str, n| vec![Exchange::new(name, n, 220 + n as u16, 100 + n)];
    let busy_played: Vec<_> = (0..REQUESTS)
        .map(|n| play(busy_port, exchange("busy", n)))
        .collect();
    busy.join().unwrap();
    let idle_played: Vec<_> = ports
        .iter()
        .enumerate()
        .map(|(n, port)| play(*port, exchange("idle", n)))
        .collect();
    for thread in threads {
        thread.join().unwrap();
    }
    auditor.await_closed(busy_port, REQUESTS);
    auditor.await_closed(many_port, WAITING);
    for port in &ports[WAITING..] {
        auditor.await_closed(*port, 1);
    }
    let stopped = auditor.stop();
    let (many_played, own_played) = idle_played.split_at(WAITING);
    assert_played(&stopped, busy_port, &busy_played);
    assert_played(&stopped, many_port, many_played);
    for (port, played) in ports[WAITING..].iter().zip(own_played.chunks(1)) {
        assert_played(&stopped, *port, played);
    }
    ports.push(busy_port);
    for side in Side::BOTH {
        let connections = stopped.records().filter(|record| {
            let here = |port| ports.contains(&port);
            record.is(CONNECTION, side) && record.server_port(side).is_some_and(here)
        });
        assert_eq!(connections.count(), REQUESTS + 2 * WAITING);
    }
    stopped.assert_nothing_lost();
}
