//! Bodies of every framing, on connections that stay.

use super::{Shape, shape};
use crate::client::{Client, request};
use crate::random::Random;

pub(super) const SHAPES: &[Shape] = &[
    shape("get", |c, r| get(c, r, "/length/7")),
    shape("get empty", |c, r| get(c, r, "/length/0")),
    shape("get 100 KB", |c, r| get(c, r, "/length/102400")),
    shape("get 1 MB", |c, r| get(c, r, "/length/1048576")),
    shape("get chunked", |c, r| get(c, r, "/chunked/23")),
    shape("get chunked empty", |c, r| get(c, r, "/chunked/0")),
    shape("get chunked 100 KB", |c, r| get(c, r, "/chunked/102400")),
    shape("get trailers", |c, r| get(c, r, "/trailers/12000")),
    shape("get until the end", |c, r| get(c, r, "/close/5000")),
    shape("get slow", |c, r| get(c, r, "/slow/200")),
    shape("get after hints", |c, r| get(c, r, "/hints/9")),
    shape("get 204", |c, r| get(c, r, "/status/204")),
    shape("get 304", |c, r| get(c, r, "/status/304")),
    shape("get 404", |c, r| get(c, r, "/error/404")),
    shape("get 503", |c, r| get(c, r, "/error/503")),
    shape("upstream gone", |c, r| get(c, r, "/empty/0")),
    shape("upstream reset", |c, r| get(c, r, "/reset/0")),
    shape("head", |c, r| {
        let head = request(r, "HEAD", "/length/5000", "");
        c.send(head);
        c.answer_without_body();
    }),
    shape("post small", |c, r| body(c, r, "POST", 11)),
    shape("post empty", |c, r| body(c, r, "POST", 0)),
    shape("put 100 KB", |c, r| body(c, r, "PUT", 102_400)),
    shape("put 1 MB", |c, r| body(c, r, "PUT", 1_048_576)),
    shape("patch", |c, r| body(c, r, "PATCH", 300)),
    shape("delete with a body", |c, r| body(c, r, "DELETE", 5)),
    shape("get with a body", |c, r| body(c, r, "GET", 5)),
    shape("post chunked", |c, r| chunks(c, r, &[5, 6], "")),
    shape("post chunked empty", |c, r| chunks(c, r, &[], "")),
    shape("post chunked 100 KB", |c, r| {
        chunks(c, r, &[65_000, 1, 37_399], "");
    }),
    shape("post trailers", |c, r| {
        chunks(c, r, &[5], "X-Sum: 1\r\nX-More: 2\r\n");
    }),
    shape("post byte by byte", |c, r| {
        let head = request(r, "POST", "/length/3", "Content-Length: 20\r\n");
        c.send_in_pieces(head + "01234567890123456789", 1);
        c.answer();
    }),
    shape("post chunked byte by byte", |c, r| {
        let head = request(r, "POST", "/length/3", "Transfer-Encoding: chunked\r\n");
        c.send_in_pieces(
            head + "3\r\nabc\r\n10;a=b\r\n0123456789abcdef\r\n0\r\n\r\n",
            1,
        );
        c.answer();
    }),
    shape("put in small writes", |c, r| {
        c.send(request(r, "PUT", "/length/3", "Content-Length: 3000\r\n"));
        c.send_in_pieces([b'u'; 3000], 70);
        c.answer();
    }),
    shape("continue", |c, r| {
        let more = "Expect: 100-continue\r\nContent-Length: 5\r\n";
        c.send(request(r, "PUT", "/length/2", more));
        assert_eq!(c.answer_without_body(), 100);
        c.send("hello");
        c.answer();
    }),
    shape("continue not waited for", |c, r| {
        let more = "Expect: 100-continue\r\nContent-Length: 5\r\n";
        c.send(request(r, "PUT", "/length/2", more) + "hello");
        c.answer();
    }),
    shape("body like a request", |c, r| {
        let forged = "GET /forged HTTP/1.1\r\nHost: forged\r\n\r\n";
        let more = format!("Content-Length: {}\r\n", forged.len());
        c.send(request(r, "POST", "/length/2/real", &more));
        c.send(forged);
        c.answer();
    }),
    shape("pipelined", |c, r| {
        let all: String = (0..5)
            .map(|n| request(r, "GET", &format!("/length/{n}/ahead"), ""))
            .collect();
        c.send(all);
        (0..5).for_each(|_| c.answer());
    }),
    shape("pipelined of every kind", |c, r| {
        let all = [
            request(r, "POST", "/chunked/50/ahead", "Content-Length: 4\r\n") + "body",
            request(
                r,
                "POST",
                "/length/3/ahead",
                "Transfer-Encoding: chunked\r\n",
            ) + "4\r\nbody\r\n0\r\n\r\n",
            request(r, "DELETE", "/status/204/ahead", ""),
            request(r, "GET", "/trailers/70/ahead", ""),
        ];
        c.send(all.concat());
        (0..4).for_each(|_| c.answer());
    }),
    shape("many", |c, r| {
        (0..20).for_each(|_| get(c, r, "/length/30/many"));
    }),
];

pub(super) fn get(client: &mut Client, random: &mut Random, target: &str) {
    client.send(request(random, "GET", target, ""));
    client.answer();
}

fn body(client: &mut Client, random: &mut Random, method: &str, length: usize) {
    let more = format!("Content-Length: {length}\r\n");
    let head = request(random, method, "/length/4", &more);
    client.send([head.as_bytes(), &vec![b'u'; length]].concat());
    client.answer();
}

fn chunks(client: &mut Client, random: &mut Random, sizes: &[usize], trailers: &str) {
    client.send(request(
        random,
        "POST",
        "/chunked/4",
        "Transfer-Encoding: chunked\r\n",
    ));
    for &size in sizes {
        let line = format!("{size:X};name=\"va;lue\"\r\n");
        client.send([line.as_bytes(), &vec![b'u'; size], b"\r\n"].concat());
    }
    client.send(format!("0\r\n{trailers}\r\n"));
    client.answer();
}
