//! Methods, targets and fields, on connections that stay.

use super::framed::get;
use super::{Shape, shape};
use crate::client::{Client, request};
use crate::random::Random;

pub(super) const SHAPES: &[Shape] = &[
    shape("options", |c, r| ask(c, r, "OPTIONS", "/length/1", "")),
    shape("delete", |c, r| ask(c, r, "DELETE", "/length/1", "")),
    shape("propfind", |c, r| {
        ask(c, r, "PROPFIND", "/length/1/dav", "");
    }),
    shape("trace", |c, r| ask(c, r, "TRACE", "/length/1", "")),
    shape("query", |c, r| {
        get(
            c,
            r,
            "/length/1/s?q=secret&page=2&flag&empty=&a%20b=c&q=again",
        );
    }),
    shape("empty query", |c, r| get(c, r, "/length/1/s?")),
    shape("percent-encoded", |c, r| {
        get(c, r, "/length/1/%2e%2E/a%2Fb/%C3%A9//double/../up?k%20=v");
    }),
    shape("root", |c, r| get(c, r, "/")),
    shape("4 KB of path", |c, r| {
        let target = format!("/length/1/{}", "long/".repeat(800));
        get(c, r, &target);
    }),
    shape("absolute form", |c, r| {
        get(c, r, "http://other.example:81/length/1/abs?a=b");
    }),
    shape("absolute form of the root", |c, r| {
        get(c, r, "http://other.example");
    }),
    shape("12 KiB of cookies", |c, r| {
        let cookie = format!("Cookie: a={}\r\n", "c".repeat(12 * 1024));
        ask(c, r, "GET", "/length/1", &cookie);
    }),
    shape("60 cookies", |c, r| {
        let cookies = "Cookie: c=v\r\n".repeat(60);
        ask(c, r, "GET", "/length/1", &cookies);
    }),
    shape("duplicate fields", |c, r| {
        let more = "X-Twice: 1\r\nX-Twice: 2\r\nAccept: a\r\nAccept: b\r\nx_under: 3\r\n";
        ask(c, r, "GET", "/length/1", more);
    }),
    shape("forwarded twice", |c, _| {
        c.send(
            "GET /length/1 HTTP/1.1\r\nHost: a\r\nX-Forwarded-For: 10.1.1.1\r\n\
             X-Forwarded-For: 10.2.2.2, 10.3.3.3\r\n\r\n",
        );
        c.answer();
    }),
    shape("blanks around values", |c, _| {
        c.send(
            "GET /length/1 HTTP/1.1\r\nHost:a.example   \r\nUser-Agent: \t blank  \r\n\
             X-Request-ID:none\r\nX-Empty:\r\n\r\n",
        );
        c.answer();
    }),
    shape("empty values", |c, _| {
        c.send("GET /length/1 HTTP/1.1\r\nHost: a\r\nUser-Agent:\r\nX-Request-ID:\r\n\r\n");
        c.answer();
    }),
    shape("head byte by byte", |c, r| {
        let head = request(r, "GET", "/length/1/slow/head", "");
        c.send_in_pieces(head, 1);
        c.answer();
    }),
    shape("HTTP/1.0 that stays", |c, _| {
        c.send("GET /length/1 HTTP/1.0\r\nHost: old.example\r\nConnection: keep-alive\r\n\r\n");
        c.answer();
    }),
    shape("upgrade refused", |c, r| {
        let more = "Connection: Upgrade\r\nUpgrade: websocket\r\nX-Refuse: 1\r\n";
        c.send(request(r, "GET", "/refuse/1", more));
        c.answer();
    }),
];

fn ask(client: &mut Client, random: &mut Random, method: &str, target: &str, more: &str) {
    client.send(request(random, method, target, more));
    client.answer();
}
