//! A process that holds connections, both ends of each. It is this one started again, because a
//! process may not have as many files as all of them take.

use std::{
    io::{self, Read as _, Write as _},
    net::{Ipv4Addr, TcpListener, TcpStream},
    process::{Child, Command, Stdio},
    time::Duration,
};

/// The argument that makes this process a holder.
pub const ROLE: &str = "--hold";
/// Connections of one.
pub const HELD: usize = 5_000;

const REQUEST: &[u8] = b"GET /idle HTTP/1.1\r\nHost: localhost\r\n\r\n";
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/// It ends when it is dropped.
pub struct Holder(Child);

impl Holder {
    /// Waits until they are open.
    pub fn start() -> Self {
        let this = std::env::current_exe().expect("this program has a file");
        let mut child = Command::new(this)
            .arg(ROLE)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect("this program can be started");
        let mut said = [0];
        let stdout = child.stdout.as_mut().expect("it is a pipe");
        stdout
            .read_exact(&mut said)
            .expect("it says when it is done");
        Self(child)
    }
}

impl Drop for Holder {
    fn drop(&mut self) {
        drop(self.0.stdin.take());
        let _ = self.0.wait();
    }
}

/// What it does.
pub fn hold_here() {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let connections: Vec<_> = (0..HELD).map(|_| open(&listener)).collect();
    println!("{}", connections.len());
    let _ = io::stdin().read(&mut [0]);
}

fn open(listener: &TcpListener) -> [TcpStream; 2] {
    let address = listener.local_addr().expect("it is bound");
    let client = TcpStream::connect(address).expect("the listener accepts");
    let (server, _) = listener.accept().expect("a client has connected");
    for end in [&client, &server] {
        // Reset at the end: else their ports would be kept for a minute.
        rustix::net::sockopt::set_socket_linger(end, Some(Duration::ZERO))
            .expect("a TCP socket has this option");
    }
    for (mut from, mut to, bytes) in [(&client, &server, REQUEST), (&server, &client, RESPONSE)] {
        let mut received = [0; 128];
        from.write_all(bytes).expect("the other end is there");
        to.read_exact(&mut received[..bytes.len()])
            .expect("it was sent");
    }
    [client, server]
}
