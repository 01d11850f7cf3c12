//! Bytes that are looked at before they are read, and a large answer to a large head.

use std::io::{self, BufReader, Read, Write};
use std::net::TcpStream;
use std::thread;

use serde_json::json;

use super::{Exchange, Played, answer, assert_played, connect, listener, wanted};
use crate::support::auditor::Auditor;
use crate::support::client::curl;
use crate::support::message::answer_all;
use crate::support::record::Side;

/// Looks at whatever is there twice, then reads a little of it.
struct Peeking(TcpStream);

impl Read for Peeking {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        const LITTLE: usize = 1000;
        for _ in 0..2 {
            self.0.peek(&mut [0; 16 * 1024])?;
        }
        let little = buffer.len().min(LITTLE);
        self.0.read(&mut buffer[..little])
    }
}

impl Write for Peeking {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

#[test]
fn what_is_looked_at_before_it_is_read_is_recorded_once() {
    const CONNECTIONS: usize = 4;
    let (listener, port) = listener();
    let server = thread::spawn(move || {
        for _ in 0..CONNECTIONS {
            answer_all(Peeking(listener.accept().unwrap().0), answer);
        }
    });
    let auditor = Auditor::start(&[]);
    let mut played = Vec::new();
    for _ in 0..CONNECTIONS {
        let exchanges = vec![
            Exchange::new("peeked", 0, 200, 5),
            Exchange::new("peeked", 20_000, 201, 0),
            Exchange::new("peeked", 3, 202, 50_000),
        ];
        let (server, client_port) = connect(port);
        let mut server = BufReader::new(Peeking(server.into_inner()));
        for exchange in &exchanges {
            exchange.ask(&mut server);
        }
        played.push(Played::here(client_port, exchanges));
    }
    server.join().unwrap();
    let stopped = auditor.stop();
    assert_played(&stopped, port, &played);
    stopped.assert_nothing_lost();
}

#[test]
fn three_megabytes_for_twelve_kilobytes_of_cookies() {
    const CONNECTIONS: usize = 5;
    const SIZE: usize = 3 << 20;
    let cookies = "c".repeat(12 * 1024);
    let (listener, port) = listener();
    let set = format!("\r\nSet-Cookie: s={cookies}\r\n\r\n");
    let server = thread::spawn(move || {
        for _ in 0..CONNECTIONS {
            answer_all(listener.accept().unwrap().0, |request, client| {
                let (head, size) = wanted(request);
                let head = head.replace("\r\n\r\n", &set);
                let answer = [head.as_bytes(), &vec![b'a'; size]].concat();
                client.write_all(&answer).unwrap();
            });
        }
    });
    let auditor = Auditor::start(&[]);
    let mut clients = Vec::new();
    for _ in 0..CONNECTIONS {
        let finished = curl(&[
            "--header",
            &format!("Cookie: a={cookies}"),
            "--user-agent",
            "after the cookies",
            "--output",
            "/dev/null",
            "--write-out",
            "%{local_port} %{size_download}",
            &format!("http://127.0.0.1:{port}/large/200/{SIZE}"),
        ]);
        let (client_port, size) = finished.text().split_once(' ').unwrap();
        assert_eq!(size, SIZE.to_string());
        clients.push((client_port.parse().unwrap(), finished.pid));
    }
    server.join().unwrap();
    let stopped = auditor.stop();
    for side in Side::BOTH {
        assert_eq!(stopped.http(side, port).len(), CONNECTIONS);
        for (client_port, client) in &clients {
            let pid = match side {
                Side::Inbound => std::process::id(),
                Side::Outbound => *client,
            };
            stopped.only(side, port, *client_port).assert(
                side.as_str(),
                &[
                    ("url.path", json!(format!("/large/200/{SIZE}"))),
                    ("user_agent.original", json!("after the cookies")),
                    ("process.pid", json!(pid)),
                    ("http.response.status_code", json!(200)),
                    ("http.request.body.size", json!(0)),
                    ("http.response.body.size", json!(SIZE)),
                    ("auditor.capture.incomplete", json!(null)),
                ],
            );
        }
    }
    stopped.assert_nothing_lost();
}
