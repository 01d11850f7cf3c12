//! A client that says exactly what it is told, and reads answers to their end.

use std::fmt::Write as _;
use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{IpAddr, Shutdown, SocketAddr, TcpStream};
use std::os::fd::AsFd as _;
use std::time::Duration;

use rustix::net::sockopt;

use crate::random::Random;
use crate::support::until::DEADLINE;

pub(crate) const HOSTS: [&str; 5] = [
    "shop.example",
    "shop.example:8080",
    "10.1.2.3",
    "[2001:db8::7]:81",
    "UPPER.example",
];
pub(crate) const AGENTS: [&str; 3] = [
    "curl/8.5.0",
    "Mozilla/5.0 (X11; Linux x86_64)",
    "a b;c=\"d\"",
];

pub(crate) struct Client {
    stream: BufReader<TcpStream>,
    state: State,
    pub(crate) address: SocketAddr,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    /// Envoy has closed it, or has said that it will.
    Ended,
}

/// How far an answer reaches.
enum Until {
    Nothing,
    Length(u64),
    Chunks,
    End,
}

// === impl Client ===

impl Client {
    pub(crate) fn connect(server: (IpAddr, u16)) -> Self {
        let stream = TcpStream::connect(server).expect("envoy listens");
        stream.set_nodelay(true).expect("a TCP socket has this");
        stream
            .set_read_timeout(Some(DEADLINE))
            .expect("it is not zero");
        let address = stream.local_addr().expect("it is connected");
        let stream = BufReader::new(stream);
        Self {
            stream,
            state: State::Open,
            address,
        }
    }

    /// Whether another exchange may follow.
    pub(crate) fn is_open(&self) -> bool {
        self.state == State::Open
    }

    pub(crate) fn send(&mut self, bytes: impl AsRef<[u8]>) {
        if self.stream.get_mut().write_all(bytes.as_ref()).is_err() {
            self.state = State::Ended;
        }
    }

    pub(crate) fn send_in_pieces(&mut self, bytes: impl AsRef<[u8]>, piece: usize) {
        for piece in bytes.as_ref().chunks(piece) {
            self.send(piece);
        }
    }

    /// Reads an answer to its end. Interim ones are passed over.
    pub(crate) fn answer(&mut self) {
        loop {
            match self.head() {
                (100..200, _) => {}
                (204 | 304, _) => return,
                (_, until) => return self.skip(&until),
            }
        }
    }

    /// Reads a head whose body does not follow, and gives its status.
    pub(crate) fn answer_without_body(&mut self) -> u16 {
        self.head().0
    }

    /// Reads so many bytes of whatever comes.
    pub(crate) fn take(&mut self, bytes: usize) {
        let mut taken = vec![0; bytes];
        if self.stream.read_exact(&mut taken).is_err() {
            self.state = State::Ended;
        }
    }

    /// Reads whatever comes, until the other end has gone.
    pub(crate) fn drain(&mut self) {
        // A reset is an end as well.
        let _ = io::copy(&mut self.stream, &mut io::sink());
    }

    /// Has nothing more to say.
    pub(crate) fn done(&mut self) {
        // Envoy may be gone already.
        let _ = self.stream.get_ref().shutdown(Shutdown::Write);
    }

    /// Closed with no time to linger, a socket sends RST.
    pub(crate) fn reset_at_end(&mut self) {
        let none = Some(Duration::ZERO);
        let socket = self.stream.get_ref().as_fd();
        sockopt::set_socket_linger(socket, none).expect("a TCP socket has this");
    }

    fn head(&mut self) -> (u16, Until) {
        let first = self.line();
        let status = first.get(9..12).and_then(|status| status.parse().ok());
        let Some(status) = status else {
            self.state = State::Ended;
            return (0, Until::Nothing);
        };
        let mut until = Until::End;
        loop {
            let field = self.line().to_ascii_lowercase();
            match field.split_once(": ") {
                None => return (status, until),
                Some(("content-length", length)) => {
                    until = Until::Length(length.parse().expect("envoy sends a number"));
                }
                Some(("connection", "close")) => self.state = State::Ended,
                Some(("transfer-encoding", _)) => until = Until::Chunks,
                Some(_) => {}
            }
        }
    }

    fn skip(&mut self, until: &Until) {
        match until {
            Until::Nothing => {}
            Until::Length(length) => self.skip_bytes(*length),
            Until::End => self.drain(),
            Until::Chunks => loop {
                let line = self.line();
                let size = line.split(';').next().unwrap_or_default();
                match u64::from_str_radix(size, 16).unwrap_or(0) {
                    0 => break while !self.line().is_empty() {},
                    size => self.skip_bytes(size + 2),
                }
            },
        }
    }

    fn skip_bytes(&mut self, bytes: u64) {
        let skipped = io::copy(&mut self.stream.by_ref().take(bytes), &mut io::sink());
        if !skipped.is_ok_and(|skipped| skipped == bytes) {
            self.state = State::Ended;
        }
    }

    fn line(&mut self) -> String {
        let mut line = Vec::new();
        // What ends before its line does ends the connection as well.
        let read = self.stream.read_until(b'\n', &mut line);
        if !read.is_ok_and(|read| read > 0) {
            self.state = State::Ended;
        }
        String::from_utf8_lossy(line.trim_ascii_end()).into_owned()
    }
}

/// A head with the fields that clients send or leave out; ends with `more` and the empty line.
pub(crate) fn request(random: &mut Random, method: &str, target: &str, more: &str) -> String {
    let host = random.pick(&HOSTS);
    // Writing to a string never fails.
    let mut head = format!("{method} {target} HTTP/1.1\r\nHost: {host}\r\n");
    if !random.once_in(4) {
        let _ = write!(head, "User-Agent: {}\r\n", random.pick(&AGENTS));
    }
    if random.once_in(2) {
        let _ = write!(head, "X-Request-ID: {:016x}\r\n", random.next());
    }
    if random.once_in(3) {
        let (a, b) = (random.below(256), random.below(256));
        let _ = write!(head, "x-forwarded-for: 203.0.113.{a}, 10.0.0.{b}\r\n");
    }
    head + more + "\r\n"
}
