//! Bytes that no program holds: the kernel moves them from a file or from another socket.

use std::fs::File;
use std::io::Write as _;
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::thread;

use rustix::fs::sendfile;
use rustix::pipe::{SpliceFlags, pipe, splice};

use super::{Exchange, Played, assert_played, listener, play, serve_one, wanted};
use crate::support::auditor::Auditor;
use crate::support::message::answer_all;
use crate::support::temp::TempDir;

const PIECE: usize = 64 * 1024;

#[test]
fn files_that_are_sent_by_sendfile() {
    const CONNECTIONS: usize = 4;
    let sizes = [0, 1, 4096, 65_537, 1_000_000];
    let folder = TempDir::new();
    let path = folder.write("file", &vec![b'f'; 1_000_000]);
    let (listener, port) = listener();
    let server = thread::spawn(move || {
        for _ in 0..CONNECTIONS {
            serve_file(&listener, &File::open(&path).unwrap());
        }
    });
    let auditor = Auditor::start(&[]);
    let exchanges = || {
        let exchange = |size| Exchange::new("sendfile", 0, 200, size);
        sizes.into_iter().map(exchange).collect()
    };
    let played: Vec<_> = (0..CONNECTIONS).map(|_| play(port, exchanges())).collect();
    server.join().unwrap();
    let stopped = auditor.stop();
    assert_played(&stopped, port, &played);
    stopped.assert_nothing_lost();
}

/// Accepts one connection and answers all of its requests with the beginning of the file.
fn serve_file(listener: &TcpListener, file: &File) {
    let (client, _) = listener.accept().expect("a client comes");
    answer_all(client, |request, client| {
        let (head, size) = wanted(request);
        client.write_all(head.as_bytes()).expect("it is read");
        let mut offset = 0;
        while offset < size as u64 {
            let left = size - offset as usize;
            sendfile(&mut *client, file, Some(&mut offset), left).expect("it is read");
        }
    });
}

#[test]
fn both_hops_through_a_proxy_that_splices() {
    const CONNECTIONS: usize = 4;
    let (upstream, upstream_port) = listener();
    let (proxy, port) = listener();
    let server = thread::spawn(move || {
        for _ in 0..CONNECTIONS {
            serve_one(&upstream);
        }
    });
    let proxy = thread::spawn(move || {
        let connections = (0..CONNECTIONS).map(|_| splice_one(&proxy, upstream_port));
        connections.collect::<Vec<_>>()
    });
    let auditor = Auditor::start(&[]);
    let exchanges = || {
        vec![
            Exchange::new("spliced", 0, 200, 0),
            Exchange::new("spliced", 10, 201, 100),
            Exchange::new("spliced", 300_000, 202, 5),
            Exchange::new("spliced", 0, 404, 1_000_000),
            Exchange::new("spliced", 70_000, 226, 70_000),
        ]
    };
    let near: Vec<_> = (0..CONNECTIONS).map(|_| play(port, exchanges())).collect();
    server.join().unwrap();
    let far = proxy.join().unwrap().into_iter();
    let far: Vec<_> = far.map(|port| Played::here(port, exchanges())).collect();
    let stopped = auditor.stop();
    assert_played(&stopped, port, &near);
    assert_played(&stopped, upstream_port, &far);
    stopped.assert_nothing_lost();
}

/// Accepts one connection, has one of its own to the server, and moves all bytes between them.
/// The port is that of its own.
fn splice_one(listener: &TcpListener, upstream_port: u16) -> u16 {
    let (client, _) = listener.accept().expect("a client comes");
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, upstream_port)).expect("it listens");
    thread::scope(|scope| {
        scope.spawn(|| move_all(&client, &server));
        move_all(&server, &client);
    });
    server.local_addr().expect("it is connected").port()
}

fn move_all(from: &TcpStream, to: &TcpStream) {
    let (reader, writer) = pipe().expect("a pipe can be made");
    loop {
        let mut held =
            splice(from, None, &writer, None, PIECE, SpliceFlags::MOVE).expect("it is sent");
        if held == 0 {
            break;
        }
        while held > 0 {
            held -= splice(&reader, None, to, None, held, SpliceFlags::MOVE).expect("it is read");
        }
    }
    // The other end may have gone.
    let _ = to.shutdown(Shutdown::Write);
}
