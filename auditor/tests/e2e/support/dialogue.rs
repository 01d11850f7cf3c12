//! Both ends of a connection in one hand: who sends what, and when, is exactly as written.

use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, Shutdown, SocketAddrV4, TcpListener, TcpStream};
use std::os::fd::{AsFd as _, AsRawFd as _, RawFd};

use rustix::net::{AddressFamily, SocketType, connect, socket, sockopt};

use super::until::DEADLINE;

/// Never so much that it does not fit into the buffers of a socket.
const PIECE: usize = 16 * 1024;

/// Where dialogues take place.
pub(crate) struct Stage {
    listener: TcpListener,
    pub(crate) port: u16,
}

/// One connection.
pub(crate) struct Dialogue {
    client: TcpStream,
    server: TcpStream,
    pub(crate) client_port: u16,
}

// === impl Stage ===

impl Stage {
    pub(crate) fn new() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        Self { listener, port }
    }

    pub(crate) fn dialogue(&self) -> Dialogue {
        let address = (Ipv4Addr::LOCALHOST, self.port);
        self.accept(TcpStream::connect(address).expect("the stage listens"))
    }

    /// The client's first bytes come with the third packet of the handshake.
    pub(crate) fn dialogue_with_early(&self, bytes: &[u8]) -> Dialogue {
        let mut client = connect_without_acknowledging(self.port);
        client.write_all(bytes).expect("the stage listens");
        let mut dialogue = self.accept(client);
        let mut received = vec![0; bytes.len()];
        let server = &mut dialogue.server;
        server.read_exact(&mut received).expect("it was sent");
        assert!(received == bytes, "the bytes were changed on their way");
        dialogue
    }

    fn accept(&self, client: TcpStream) -> Dialogue {
        let (server, peer) = self.listener.accept().expect("the client has connected");
        for end in [&client, &server] {
            end.set_nodelay(true).expect("a TCP socket has this option");
            end.set_read_timeout(Some(DEADLINE))
                .expect("it is not zero");
        }
        Dialogue {
            client,
            server,
            client_port: peer.port(),
        }
    }
}

// === impl Dialogue ===

impl Dialogue {
    /// The client sends, the server receives.
    pub(crate) fn ask(&mut self, bytes: impl AsRef<[u8]>) {
        self.ask_in_pieces(bytes, PIECE);
    }

    /// The server sends, the client receives.
    pub(crate) fn answer(&mut self, bytes: impl AsRef<[u8]>) {
        self.answer_in_pieces(bytes, PIECE);
    }

    /// Every piece is a packet of its own: it has arrived before the next one is sent.
    pub(crate) fn ask_in_pieces(&mut self, bytes: impl AsRef<[u8]>, piece: usize) {
        transfer(&mut self.client, &mut self.server, bytes.as_ref(), piece);
    }

    pub(crate) fn answer_in_pieces(&mut self, bytes: impl AsRef<[u8]>, piece: usize) {
        transfer(&mut self.server, &mut self.client, bytes.as_ref(), piece);
    }

    /// The client says that it has nothing more to send.
    pub(crate) fn client_is_done(&mut self) {
        end(&self.client, &mut self.server);
    }

    pub(crate) fn server_is_done(&mut self) {
        end(&self.server, &mut self.client);
    }

    /// Those of the client and of the server.
    pub(crate) fn descriptors(&self) -> [RawFd; 2] {
        [self.client.as_raw_fd(), self.server.as_raw_fd()]
    }

    /// The client goes without a word.
    pub(crate) fn client_resets(self) {
        reset(self.client);
    }

    pub(crate) fn server_resets(self) {
        reset(self.server);
    }
}

fn transfer(from: &mut TcpStream, to: &mut TcpStream, bytes: &[u8], piece: usize) {
    let mut buffer = vec![0; piece];
    for piece in bytes.chunks(piece) {
        from.write_all(piece).expect("the other end reads");
        let received = &mut buffer[..piece.len()];
        to.read_exact(received).expect("it was sent");
        assert!(received == piece, "the bytes were changed on their way");
    }
}

fn end(from: &TcpStream, to: &mut TcpStream) {
    from.shutdown(Shutdown::Write).expect("it is connected");
    let rest = to.read(&mut [0; 1]).expect("the end was sent");
    assert_eq!(rest, 0, "something was sent that nobody received");
}

/// Closed with no time to linger, a socket sends RST.
fn reset(end: TcpStream) {
    let none = Some(std::time::Duration::ZERO);
    sockopt::set_socket_linger(end.as_fd(), none).expect("a TCP socket has this option");
    drop(end);
}

/// Sends what a server may refuse to read to the end, then takes whatever it answers.
pub(crate) fn exchange_with(mut server: TcpStream, bytes: &[u8]) -> Vec<u8> {
    server
        .set_read_timeout(Some(DEADLINE))
        .expect("it is not zero");
    let gone = |error: &std::io::Error| {
        matches!(
            error.kind(),
            ErrorKind::BrokenPipe | ErrorKind::ConnectionReset
        )
    };
    match server
        .write_all(bytes)
        .and_then(|()| server.shutdown(Shutdown::Write))
    {
        Err(error) if !gone(&error) && error.kind() != ErrorKind::NotConnected => {
            panic!("send: {error}")
        }
        _ => {}
    }
    let mut answer = Vec::new();
    match server.read_to_end(&mut answer) {
        Err(error) if !gone(&error) => panic!("receive: {error}"),
        _ => answer,
    }
}

/// Its acknowledgement of the handshake waits for the first bytes to be sent.
pub(crate) fn connect_without_acknowledging(port: u16) -> TcpStream {
    let socket =
        socket(AddressFamily::INET, SocketType::STREAM, None).expect("a socket can be made");
    sockopt::set_tcp_quickack(socket.as_fd(), false).expect("a TCP socket has this option");
    let address = SocketAddrV4::new(Ipv4Addr::LOCALHOST, port);
    connect(&socket, &address).expect("the server listens");
    socket.into()
}
