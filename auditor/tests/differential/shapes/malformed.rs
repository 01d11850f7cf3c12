//! What Envoy answers itself, because it is no request.

use super::{Shape, shape};
use crate::client::{Client, request};

pub(super) const SHAPES: &[Shape] = &[
    shape("not ASCII", |c, r| {
        refused(c, &request(r, "GET", "/length/1/caf\u{e9}/\u{65e5}", ""));
    }),
    shape("m-search", |c, r| {
        refused(c, &request(r, "M-SEARCH", "/length/1", ""));
    }),
    shape("no request line", |c, _| refused(c, "nonsense\r\n\r\n")),
    shape("two lengths", |c, _| {
        refused(
            c,
            "POST /length/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        );
    }),
    shape("length and chunks", |c, _| {
        refused(
            c,
            "POST /length/1 HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\
             Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        );
    }),
    shape("no length", |c, _| {
        refused(
            c,
            "POST /length/1 HTTP/1.1\r\nHost: a\r\nContent-Length: many\r\n\r\n",
        );
    }),
    shape("no host", |c, _| {
        refused(c, "GET /length/1 HTTP/1.1\r\n\r\n");
    }),
    shape("no chunk", |c, _| {
        refused(
            c,
            "POST /length/1 HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nwhat\r\n",
        );
    }),
    shape("no version", |c, _| {
        refused(c, "GET /length/1 HTTP/x.y\r\nHost: a\r\n\r\n");
    }),
    shape("undefined version", |c, _| {
        refused(c, "GET /length/1 HTTP/7.7\r\nHost: a\r\n\r\n");
    }),
    shape("no field", |c, _| {
        refused(c, "GET /length/1 HTTP/1.1\r\nHost: a\r\nno field\r\n\r\n");
    }),
    shape("TLS", |c, _| {
        refused(c, "\u{16}\u{3}\u{1}\u{0}\u{5}hello\r\n\r\n");
    }),
];

fn refused(client: &mut Client, bytes: &str) {
    client.send(bytes);
    client.drain();
}
