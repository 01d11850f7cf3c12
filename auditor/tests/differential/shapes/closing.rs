//! Exchanges that end their connection, by either side, at every point.

use super::{Shape, shape};
use crate::client::{Client, request};
use crate::random::Random;

pub(super) const SHAPES: &[Shape] = &[
    shape("nothing", |_, _| {}),
    shape("nothing, then reset", |c, _| c.reset_at_end()),
    shape("connection: close", |c, r| {
        c.send(request(
            r,
            "GET",
            "/length/50/last",
            "Connection: close\r\n",
        ));
        c.answer();
        c.drain();
    }),
    shape("half-closed", |c, r| {
        c.send(request(
            r,
            "GET",
            "/length/50/half/closed",
            "Connection: close\r\n",
        ));
        c.answer();
        c.done();
        c.drain();
    }),
    shape("HTTP/1.0", |c, _| {
        old(c, "GET /length/5 HTTP/1.0\r\nHost: old.example\r\n\r\n");
    }),
    shape("HTTP/1.0 without a host", |c, _| {
        old(c, "GET /length/5 HTTP/1.0\r\n\r\n");
    }),
    shape("HTTP/1.0 answered in chunks", |c, _| {
        old(c, "GET /chunked/5000 HTTP/1.0\r\nHost: old.example\r\n\r\n");
    }),
    shape("HTTP/1.0 with a body", |c, _| {
        old(
            c,
            "POST /length/5 HTTP/1.0\r\nHost: old\r\nContent-Length: 4\r\n\r\nbody",
        );
    }),
    shape("early answer", |c, r| {
        c.send(request(
            r,
            "PUT",
            "/early/413",
            "Content-Length: 100000\r\n",
        ));
        c.answer();
    }),
    shape("early answer to a part", |c, r| {
        let head = request(r, "PUT", "/early/409", "Content-Length: 100\r\n");
        c.send(head + "12345");
        c.answer();
    }),
    shape("answer cut by the application", |c, r| {
        c.send(request(r, "GET", "/cut/100", ""));
        c.answer();
        c.drain();
    }),
    shape("closed before the answer", |c, r| {
        c.send(request(r, "GET", "/never/1", ""));
    }),
    shape("reset before the answer", |c, r| {
        c.send(request(r, "GET", "/never/1", ""));
        c.reset_at_end();
    }),
    shape("closed in the answer", half),
    shape("reset in the answer", |c, r| {
        half(c, r);
        c.reset_at_end();
    }),
    shape("closed in the body", |c, r| {
        let head = request(r, "PUT", "/length/1", "Content-Length: 100\r\n");
        c.send(head + "0123456789");
    }),
    shape("reset in the body", |c, r| {
        let head = request(r, "PUT", "/length/1", "Content-Length: 100\r\n");
        c.send(head + "0123456789");
        c.reset_at_end();
    }),
    shape("closed in a chunk", |c, r| {
        let head = request(r, "PUT", "/length/1", "Transfer-Encoding: chunked\r\n");
        c.send(head + "5\r\nhello\r\n64\r\n0123456789");
    }),
    shape("closed in the head", |c, _| {
        c.send("GET /length/1 HTTP/1.1\r\nHost: a\r\nUser-Ag");
    }),
    shape("closed in the first line", |c, _| c.send("GET /len")),
    shape("reset in the head", |c, _| {
        c.send("POST /length/1 HTTP/1.1\r\nHost: a\r\n");
        c.reset_at_end();
    }),
    shape("web socket", |c, r| {
        let more = "Connection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\n";
        c.send(request(r, "GET", "/socket", more));
        assert_eq!(c.answer_without_body(), 101);
        echo(c, b"GET /tunnel HTTP/1.1\r\nHost: forged\r\n\r\n");
        echo(c, &[0x81; 20_000]);
    }),
    shape("connect", |c, _| {
        c.send("CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example:5432\r\n\r\n");
        assert_eq!(c.answer_without_body(), 200);
        echo(c, &[b'q'; 30_000]);
        echo(c, b"HTTP/1.1 500 Forged\r\n\r\n");
    }),
];

fn old(client: &mut Client, request: &str) {
    client.send(request);
    client.answer();
    client.drain();
}

/// Takes the first part of an answer whose rest never comes.
fn half(client: &mut Client, random: &mut Random) {
    client.send(request(random, "GET", "/half/1000", ""));
    client.answer_without_body();
    client.take(1000);
}

/// What is sent comes back, all of it, before anything else is done.
fn echo(client: &mut Client, bytes: &[u8]) {
    client.send(bytes);
    client.take(bytes.len());
}
