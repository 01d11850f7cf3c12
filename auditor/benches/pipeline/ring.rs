//! Ring bytes of a busy server, as the kernel programs write them.

use std::mem::size_of;

use auditor::kernel::EventBatch;
use auditor_common::{Data, Direction, Header, Kind, Open, Owner, Role, Tuple, data_flag};
use bytemuck::bytes_of;

/// A request as curl, a browser behind a proxy or a service sends it.
const REQUEST: &[u8] = b"GET /api/v1/orders/4711/items?page=2&token=secret HTTP/1.1\r\n\
    Host: shop.example.org:8080\r\nUser-Agent: checkout/2.3.1\r\nAccept: application/json\r\n\
    Accept-Encoding: gzip\r\nX-Request-Id: 7f3c9a52-0c5e-4a40-9f0a-0d6f2f1f7a11\r\n\
    X-Forwarded-For: 203.0.113.7\r\nContent-Type: application/json\r\n\
    traceparent: 00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01\r\n\r\n";

/// A response as nginx sends it; the body behind it is passed over by the kernel.
const RESPONSE: &[u8] = b"HTTP/1.1 200 OK\r\nServer: nginx/1.22.1\r\n\
    Date: Tue, 24 Nov 2026 18:00:00 GMT\r\nContent-Type: application/json\r\n\
    Content-Length: 1024\r\nLast-Modified: Tue, 24 Nov 2026 17:00:00 GMT\r\n\
    Connection: keep-alive\r\nETag: \"65a1-400\"\r\nAccept-Ranges: bytes\r\n\r\n";
const BODY: u32 = 1024;

/// Connections in turn, as events of many interleave on a node.
const CONNECTIONS: u64 = 32;
/// Between two events.
const TICK_NS: u64 = 5_000;

/// Which connection, and how far its directions have come.
struct Connection {
    cookie: u64,
    requests: u32,
    received: u32,
    sent: u32,
}

/// Writes the events of accepted connections of this process.
pub struct Ring {
    connections: Vec<Connection>,
    time_ns: u64,
}

impl Ring {
    /// The connections open at a time of the boot clock.
    pub fn new(time_ns: u64) -> Self {
        let connection = |cookie| Connection {
            cookie,
            requests: 0,
            received: 1,
            sent: 1,
        };
        Self {
            connections: (1..=CONNECTIONS).map(connection).collect(),
            time_ns,
        }
    }

    /// All connections are opened.
    pub fn opens(&mut self) -> EventBatch {
        let mut batch = EventBatch::with_capacity(64 * 1024);
        for n in 0..self.connections.len() {
            let header = self.header(Kind::Open, Direction::Ingress, n, 0, 0);
            let event = Open {
                header,
                tuple: tuple(n as u16),
                owner: Owner {
                    cgroup_id: 0,
                    netns_cookie: 1,
                    pid: std::process::id(),
                    uid: 0,
                    comm: *b"nginx\0\0\0\0\0\0\0\0\0\0\0",
                },
                receive_next: 1,
                send_next: 1,
                role: Role::Passive as u8,
                reserved: [0; 7],
            };
            batch.push(bytes_of(&event));
        }
        batch
    }

    /// So many exchanges on each connection.
    pub fn exchanges(&mut self, rounds: u32) -> EventBatch {
        let mut batch = EventBatch::with_capacity(256 * 1024);
        for _ in 0..rounds {
            for n in 0..self.connections.len() {
                self.exchange(n, &mut batch);
            }
        }
        batch
    }

    /// How many exchanges a call of [`exchanges`](Self::exchanges) tells of.
    pub fn exchanges_in(rounds: u32) -> u64 {
        CONNECTIONS * u64::from(rounds)
    }

    fn exchange(&mut self, n: usize, batch: &mut EventBatch) {
        self.data(n, Direction::Ingress, REQUEST, 0, batch);
        self.data(n, Direction::Egress, RESPONSE, BODY, batch);
        self.connections[n].requests += 1;
    }

    fn data(
        &mut self,
        n: usize,
        direction: Direction,
        bytes: &[u8],
        skipped_after: u32,
        batch: &mut EventBatch,
    ) {
        let header = self.header(
            Kind::Data,
            direction,
            n,
            data_flag::MESSAGE_START,
            bytes.len() as u32,
        );
        let connection = &mut self.connections[n];
        let position = match direction {
            Direction::Ingress => &mut connection.received,
            Direction::Egress => &mut connection.sent,
        };
        let event = Data {
            header,
            skipped_before: 0,
            cgroup_id: 0,
            sequence: *position,
            skipped_after,
            lost: 0,
            messages: connection.requests,
        };
        *position = position.wrapping_add(bytes.len() as u32 + skipped_after);
        let mut whole = Vec::with_capacity(size_of::<Data>() + bytes.len());
        whole.extend_from_slice(bytes_of(&event));
        whole.extend_from_slice(bytes);
        batch.push(&whole);
    }

    fn header(
        &mut self,
        kind: Kind,
        direction: Direction,
        n: usize,
        flags: u16,
        captured: u32,
    ) -> Header {
        self.time_ns += TICK_NS;
        Header {
            kind: kind as u8,
            direction: direction as u8,
            flags,
            captured,
            time_ns: self.time_ns,
            cookie: self.connections[n].cookie,
        }
    }
}

fn tuple(n: u16) -> Tuple {
    let address = |last| {
        let mut bytes = [0; 16];
        bytes[..4].copy_from_slice(&[10, 0, 0, last]);
        bytes
    };
    Tuple {
        local_address: address(1),
        peer_address: address(2),
        local_port: 8080,
        peer_port: 40_000 + n,
        family: 2,
        reserved: 0,
    }
}
