//! Sockets whose every call goes through io_uring, at both ends.

#![expect(unsafe_code, reason = "io_uring is given pointers")]

use std::io::{self, BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::{AsRawFd as _, FromRawFd as _, OwnedFd};
use std::thread;

use io_uring::{IoUring, cqueue, opcode, squeue, types};

use super::{Exchange, Played, answer, assert_played, listener};
use crate::support::auditor::Auditor;
use crate::support::message::answer_all;

/// One call at a time through a ring of its own.
struct Ring(IoUring);

/// How bytes are sent.
#[derive(Clone, Copy)]
enum Send {
    Copied,
    /// From the memory of the program.
    InPlace,
}

/// A connection of a ring.
struct Stream {
    ring: Ring,
    socket: OwnedFd,
    send: Send,
}

// === impl Ring ===

impl Ring {
    fn new() -> Self {
        Self(IoUring::new(8).expect("the kernel has io_uring"))
    }

    /// A thread of the kernel makes the calls.
    fn polled() -> Self {
        let ring = IoUring::builder().setup_sqpoll(1000).build(8);
        Self(ring.expect("the kernel has io_uring"))
    }

    /// Has this done to its end.
    ///
    /// # Safety
    ///
    /// What the entry points to stays until this returns.
    unsafe fn run(&mut self, entry: &squeue::Entry) -> io::Result<usize> {
        // SAFETY: the caller has promised it.
        unsafe { self.0.submission().push(entry) }.expect("the ring is empty");
        let mut result = None;
        loop {
            match self.0.submit_and_wait(1) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                submitted => submitted?,
            };
            let done = self.0.completion().next().expect("it was waited for");
            // Of two, the second says that the memory is not used any more.
            let result = *result.get_or_insert(done.result());
            if !cqueue::more(done.flags()) {
                return usize::try_from(result).map_err(|_| io::Error::from_raw_os_error(-result));
            }
        }
    }

    fn accept(&mut self, listener: &TcpListener) -> OwnedFd {
        let fd = types::Fd(listener.as_raw_fd());
        let accept = opcode::Accept::new(fd, std::ptr::null_mut(), std::ptr::null_mut()).build();
        // SAFETY: it points to nothing.
        let accepted = unsafe { self.run(&accept) }.expect("a client comes");
        // SAFETY: the kernel has just made it.
        unsafe { OwnedFd::from_raw_fd(accepted as i32) }
    }

    fn connect(&mut self, port: u16) -> OwnedFd {
        let socket = opcode::Socket::new(libc::AF_INET, libc::SOCK_STREAM, 0).build();
        // SAFETY: it points to nothing.
        let socket = unsafe { self.run(&socket) }.expect("a socket can be made");
        // SAFETY: the kernel has just made it.
        let socket = unsafe { OwnedFd::from_raw_fd(socket as i32) };
        let address = libc::sockaddr_in {
            sin_family: libc::AF_INET as libc::sa_family_t,
            sin_port: port.to_be(),
            sin_addr: libc::in_addr {
                s_addr: u32::from(Ipv4Addr::LOCALHOST).to_be(),
            },
            sin_zero: [0; 8],
        };
        let (fd, length) = (types::Fd(socket.as_raw_fd()), size_of_val(&address));
        let connect = opcode::Connect::new(fd, (&raw const address).cast(), length as u32).build();
        // SAFETY: the address is on this stack.
        unsafe { self.run(&connect) }.expect("the server listens");
        socket
    }
}

// === impl Stream ===

impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let fd = types::Fd(self.socket.as_raw_fd());
        let receive = opcode::Recv::new(fd, buffer.as_mut_ptr(), buffer.len() as u32).build();
        // SAFETY: the buffer is borrowed for the whole call.
        unsafe { self.ring.run(&receive) }
    }
}

impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let fd = types::Fd(self.socket.as_raw_fd());
        let (start, length) = (bytes.as_ptr(), bytes.len() as u32);
        let send = match self.send {
            Send::Copied => opcode::Send::new(fd, start, length).build(),
            Send::InPlace => opcode::SendZc::new(fd, start, length).build(),
        };
        // SAFETY: the bytes are borrowed for the whole call.
        unsafe { self.ring.run(&send) }
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// Both ends use rings of this kind.
fn assert_recorded(ring: fn() -> Ring, send: Send) {
    const CONNECTIONS: usize = 10;
    let stream = move |socket| Stream {
        ring: ring(),
        socket,
        send,
    };
    let (listener, port) = listener();
    let server = thread::spawn(move || {
        let mut ring = ring();
        for _ in 0..CONNECTIONS {
            answer_all(stream(ring.accept(&listener)), answer);
        }
    });
    let auditor = Auditor::start(&[]);
    let mut played = Vec::new();
    for _ in 0..CONNECTIONS {
        let exchanges = vec![
            Exchange::new("ring", 0, 200, 5),
            Exchange::new("ring", 7, 201, 0),
            Exchange::new("ring", 100_000, 202, 100_000),
            Exchange::new("ring", 1, 404, 1_000_000),
        ];
        // Only to learn the port, it is seen as a socket of the standard library for a moment.
        let socket = TcpStream::from(ring().connect(port));
        let client_port = socket.local_addr().expect("it is connected").port();
        let mut server = BufReader::new(stream(socket.into()));
        for exchange in &exchanges {
            exchange.ask(&mut server);
        }
        played.push(Played::here(client_port, exchanges));
    }
    server.join().expect("the server did not panic");
    let stopped = auditor.stop();
    assert_played(&stopped, port, &played);
    stopped.assert_nothing_lost();
}

#[test]
fn calls_of_io_uring() {
    assert_recorded(Ring::new, Send::Copied);
}

#[test]
fn calls_of_io_uring_by_a_thread_of_the_kernel() {
    assert_recorded(Ring::polled, Send::Copied);
}

#[test]
fn calls_of_io_uring_that_do_not_copy() {
    assert_recorded(Ring::new, Send::InPlace);
}
