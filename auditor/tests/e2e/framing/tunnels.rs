//! What is HTTP only at its beginning.

use serde_json::{Value, json};

use super::{After, assert_all, case, sizes};

#[test]
fn tunnels_are_counted_and_not_read() {
    assert_all(&[
        case(
            "upgrade",
            After::Closed,
            |d| {
                d.ask(
                    "GET /socket HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\
                     Sec-WebSocket-Version: 13\r\n\r\n",
                );
                d.answer(
                    "HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\n\
                     Upgrade: websocket\r\n\r\n",
                );
                d.answer([0x81, 0x03, b'a', b'b', b'c']);
                d.ask("GET /tunnel HTTP/1.1\r\nHost: forged\r\n\r\n");
                d.answer("HTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n");
            },
            [&[("url.path", json!("/socket"))], &sizes(101, 38, 47)[..]].concat(),
        ),
        case(
            "CONNECT",
            After::Closed,
            |d| {
                d.ask("CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example:5432\r\n\r\n");
                d.answer("HTTP/1.1 200 Connection established\r\n\r\n");
                d.ask(vec![b'q'; 100_000]);
                d.answer(vec![b'r'; 200_000]);
            },
            [
                &[
                    ("http.request.method", json!("CONNECT")),
                    ("server.address", json!("db.example")),
                    ("server.port", json!(5432)),
                    ("url.path", Value::Null),
                ],
                &sizes(200, 100_000, 200_000)[..],
            ]
            .concat(),
        ),
        case(
            "an upgrade that is refused",
            After::Open,
            |d| {
                d.ask("GET /no HTTP/1.1\r\nHost: a\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n");
                d.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nno");
            },
            sizes(200, 0, 2),
        ),
        case(
            "a CONNECT that is refused",
            After::Open,
            |d| {
                d.ask("CONNECT db.example:5432 HTTP/1.1\r\nHost: db.example:5432\r\n\r\n");
                d.answer("HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno");
            },
            sizes(403, 0, 2),
        ),
    ]);
}
