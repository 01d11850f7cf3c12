//! However a program uses its sockets, what passes through them is recorded, once.

mod io_uring;
mod moved;
mod peeked;
mod reused;
mod shared;
mod waiting;

use std::io::{BufReader, Read, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use serde_json::{Value, json};

use crate::support::auditor::Stopped;
use crate::support::message::{Message, answer_all};
use crate::support::record::Side;

/// One request and its answer, as both are sent.
#[derive(Clone, Debug)]
struct Exchange {
    path: String,
    request: usize,
    status: u16,
    response: usize,
}

/// What was exchanged on one connection.
struct Played {
    client_port: u16,
    /// Process that the records of the server's end must name.
    server: Option<u32>,
    exchanges: Vec<Exchange>,
}

// === impl Exchange ===

impl Exchange {
    fn new(name: &str, request: usize, status: u16, response: usize) -> Self {
        Self {
            path: format!("/{name}/{status}/{response}"),
            request,
            status,
            response,
        }
    }

    fn method(&self) -> &'static str {
        if self.request == 0 { "GET" } else { "POST" }
    }

    /// Sends the request and receives the answer.
    #[track_caller]
    fn ask<S: Read + Write>(&self, server: &mut BufReader<S>) -> Message {
        let (method, path, length) = (self.method(), &self.path, self.request);
        let head = format!(
            "{method} {path} HTTP/1.1\r\nHost: sockets.example\r\nContent-Length: {length}\r\n\r\n"
        );
        let request = [head.as_bytes(), &vec![b'q'; length]].concat();
        server.get_mut().write_all(&request).expect("it is read");
        let answer = Message::receive(server).expect("every request is answered");
        assert_eq!(answer.second_word(), self.status.to_string());
        assert_eq!(answer.body.len(), self.response);
        answer
    }

    fn facts(&self) -> Vec<(&'static str, Value)> {
        vec![
            ("http.request.method", json!(self.method())),
            ("url.path", json!(self.path)),
            ("server.address", json!("sockets.example")),
            ("http.response.status_code", json!(self.status)),
            ("http.request.body.size", json!(self.request)),
            ("http.response.body.size", json!(self.response)),
            ("error.type", Value::Null),
            ("auditor.capture.incomplete", Value::Null),
        ]
    }
}

// === impl Played ===

impl Played {
    /// All of it is by this process.
    fn here(client_port: u16, exchanges: Vec<Exchange>) -> Self {
        Self {
            client_port,
            server: Some(std::process::id()),
            exchanges,
        }
    }
}

/// The head that a request asks for by its path, and the size of the body.
fn wanted(request: &Message) -> (String, usize) {
    let mut words = request.second_word().rsplit('/');
    let size = words.next().expect("the path ends with the size");
    let status = words.next().expect("before it is the status");
    let head = format!("HTTP/1.1 {status} OK\r\nContent-Length: {size}\r\n\r\n");
    (head, size.parse().expect("a size is a number"))
}

/// Answers a request as its path asks for it.
fn answer(request: &Message, client: &mut impl Write) {
    let (head, size) = wanted(request);
    let answer = [head.as_bytes(), &vec![b'a'; size]].concat();
    // The client may have gone.
    let _ = client.write_all(&answer);
}

fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, port)
}

/// Accepts one connection and answers all of its requests.
fn serve_one(listener: &TcpListener) {
    let (client, _) = listener.accept().expect("a client comes");
    answer_all(client, answer);
}

fn connect(port: u16) -> (BufReader<TcpStream>, u16) {
    let server = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("the server listens");
    let client_port = server.local_addr().expect("it is connected").port();
    (BufReader::new(server), client_port)
}

/// Has a connection of its own for these exchanges.
#[track_caller]
fn play(port: u16, exchanges: Vec<Exchange>) -> Played {
    let (mut server, client_port) = connect(port);
    for exchange in &exchanges {
        exchange.ask(&mut server);
    }
    Played::here(client_port, exchanges)
}

/// Both ends have a record for each exchange in its order, right, and no others.
#[track_caller]
fn assert_played(stopped: &Stopped, port: u16, played: &[Played]) {
    for side in Side::BOTH {
        let all = stopped.http(side, port);
        let mut expected = 0;
        for connection in played {
            let records = all
                .iter()
                .filter(|record| record.client_port(side) == Some(connection.client_port));
            let records: Vec<_> = records.collect();
            expected += connection.exchanges.len();
            assert_eq!(records.len(), connection.exchanges.len(), "{records:#?}");
            let pid = match side {
                Side::Inbound => connection.server,
                Side::Outbound => Some(std::process::id()),
            };
            for (record, exchange) in records.iter().zip(&connection.exchanges) {
                let case = format!("{}: {exchange:?}", side.as_str());
                record.assert(&case, &exchange.facts());
                record.assert(&case, &[("process.pid", json!(pid))]);
            }
        }
        assert_eq!(all.len(), expected, "{}", side.as_str());
    }
}
