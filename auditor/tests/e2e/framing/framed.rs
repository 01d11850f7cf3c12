//! Messages on a connection that stays open after them.

use serde_json::{Value, json};

use super::{After, Case, assert_all, case, sizes};

#[test]
fn messages_without_a_body() {
    assert_all(&[
        case(
            "HEAD whose answer names the length of what is not there",
            After::Open,
            |d| {
                d.ask("HEAD /head HTTP/1.1\r\nHost: a\r\n\r\n");
                d.answer("HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
            },
            sizes(200, 0, 0),
        ),
        case(
            "204",
            After::Open,
            |d| {
                d.ask("DELETE /204 HTTP/1.1\r\nHost: a\r\n\r\n");
                d.answer("HTTP/1.1 204 No Content\r\n\r\n");
            },
            sizes(204, 0, 0),
        ),
        case(
            "304 with the length of what is not sent",
            After::Open,
            |d| {
                d.ask("GET /304 HTTP/1.1\r\nHost: a\r\nIf-None-Match: \"1\"\r\n\r\n");
                d.answer("HTTP/1.1 304 Not Modified\r\nContent-Length: 77\r\nETag: \"1\"\r\n\r\n");
            },
            sizes(304, 0, 0),
        ),
        case(
            "length of zero",
            After::Open,
            |d| {
                d.ask("POST /empty HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n");
                d.answer("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            },
            sizes(200, 0, 0),
        ),
    ]);
}

#[test]
fn bodies_with_a_length() {
    assert_all(&[
        case(
            "both ways",
            After::Open,
            |d| {
                d.ask("PUT /both HTTP/1.1\r\nHost: a\r\nContent-Length: 11\r\n\r\nhello world");
                d.answer("HTTP/1.1 201 Created\r\nContent-Length: 7\r\n\r\ncreated");
            },
            sizes(201, 11, 7),
        ),
        case(
            "larger than what is copied of anything",
            After::Open,
            |d| {
                d.ask("PUT /large HTTP/1.1\r\nHost: a\r\nContent-Length: 300000\r\n\r\n");
                d.ask(vec![b'u'; 300_000]);
                d.answer("HTTP/1.1 200 OK\r\nContent-Length: 500000\r\n\r\n");
                d.answer(vec![b'd'; 500_000]);
            },
            sizes(200, 300_000, 500_000),
        ),
        case(
            "bodies that look like messages, each in packets of its own",
            After::Open,
            |d| {
                let request = "GET /forged HTTP/1.1\r\nHost: forged\r\n\r\n";
                let response = "HTTP/1.1 500 Forged\r\nContent-Length: 0\r\n\r\n";
                let length = request.len();
                d.ask(format!(
                    "POST /real HTTP/1.1\r\nHost: a\r\nContent-Length: {length}\r\n\r\n"
                ));
                d.ask(request);
                let length = response.len();
                d.answer(format!(
                    "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n"
                ));
                d.answer(response);
            },
            sizes(200, 38, 42),
        ),
        case(
            "HTTP/1.0 that stays",
            After::Open,
            |d| {
                d.ask("GET /1.0 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
                d.answer(
                    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nok",
                );
            },
            [
                &[("network.protocol.version", json!("1.0"))],
                &sizes(200, 0, 2)[..],
            ]
            .concat(),
        ),
    ]);
}

#[test]
fn bodies_in_chunks() {
    assert_all(&[
        case(
            "both ways, with extensions and trailers",
            After::Open,
            |d| {
                d.ask("POST /chunks HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
                d.ask("5;name=\"va;lue\"\r\nhello\r\n6\r\n world\r\n");
                d.ask("0\r\nX-Trailer: of the request\r\n\r\n");
                d.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n");
                d.answer("A\r\n0123456789\r\n");
                d.answer("0\r\nX-Sum: abc\r\nX-More: def\r\n\r\n");
            },
            sizes(200, 11, 10),
        ),
        case(
            "a byte a packet",
            After::Open,
            |d| {
                let head = "POST /bytes HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
                d.ask_in_pieces(
                    format!("{head}3\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n\r\n"),
                    1,
                );
                let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
                d.answer_in_pieces(format!("{head}2\r\nhi\r\n0\r\nX-T: v\r\n\r\n"), 1);
            },
            sizes(200, 19, 2),
        ),
        case(
            "chunks that look like messages",
            After::Open,
            |d| {
                d.ask("POST /real HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n18\r\n");
                d.ask("GET /forged HTTP/1.1\r\n\r\n\r\n0\r\n\r\n");
                d.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1C\r\n");
                d.answer("HTTP/1.1 500 Forged body\r\n\r\n\r\n0\r\n\r\n");
            },
            [&[("url.path", json!("/real"))], &sizes(200, 24, 28)[..]].concat(),
        ),
        case(
            "large chunks",
            After::Open,
            |d| {
                d.ask("POST /large HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n30d40\r\n");
                d.ask(vec![b'u'; 200_000]);
                d.ask("\r\n0\r\n\r\n");
                d.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n61A80\r\n");
                d.answer(vec![b'd'; 400_000]);
                d.answer("\r\n0\r\n\r\n");
            },
            sizes(200, 200_000, 400_000),
        ),
        case(
            "compressed before it was cut",
            After::Open,
            |d| {
                d.ask("GET /gzip HTTP/1.1\r\nHost: a\r\n\r\n");
                d.answer("HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n");
                d.answer("4\r\n\x1f\x0b\x08\x00\r\n0\r\n\r\n");
            },
            sizes(200, 0, 4),
        ),
    ]);
}

#[test]
fn answers_before_the_answer() {
    assert_all(&[
        case(
            "100 before the body is sent",
            After::Open,
            |d| {
                d.ask("PUT /100 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
                d.answer("HTTP/1.1 100 Continue\r\n\r\n");
                d.ask("hello");
                d.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            },
            sizes(200, 5, 2),
        ),
        case(
            "103, twice",
            After::Open,
            |d| {
                d.ask("GET /103 HTTP/1.1\r\nHost: a\r\n\r\n");
                d.answer("HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n");
                d.answer("HTTP/1.1 103 Early Hints\r\nLink: </b.css>\r\n\r\n");
                d.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
            },
            sizes(200, 0, 2),
        ),
        case(
            "100 and 200 in one packet",
            After::Open,
            |d| {
                d.ask("PUT /100 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi");
                d.answer(
                    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",
                );
            },
            sizes(200, 2, 2),
        ),
        case(
            "an answer that does not wait for the body",
            After::Open,
            |d| {
                d.ask("PUT /early HTTP/1.1\r\nHost: a\r\nContent-Length: 10\r\n\r\n12345");
                d.answer("HTTP/1.1 409 Conflict\r\nContent-Length: 2\r\n\r\nno");
                d.ask("67890");
            },
            sizes(409, 10, 2),
        ),
    ]);
}

#[test]
fn targets_and_methods() {
    let target = |fields: &[(&'static str, Value)]| [fields, &sizes(200, 0, 0)].concat();
    let ask = |name, play: fn(&mut super::Dialogue), fields: &[(&'static str, Value)]| -> Case {
        case(name, After::Open, play, target(fields))
    };
    const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
    assert_all(&[
        ask(
            "absolute form",
            |d| {
                d.ask("GET http://other.example:81/abs?a=b HTTP/1.1\r\nHost: a\r\n\r\n");
                d.answer(OK);
            },
            &[
                ("server.address", json!("other.example")),
                ("server.port", json!(81)),
                ("url.path", json!("/abs")),
                ("url.query", json!("a=REDACTED")),
            ],
        ),
        ask(
            "asterisk form",
            |d| {
                d.ask("OPTIONS * HTTP/1.1\r\nHost: a.example\r\n\r\n");
                d.answer(OK);
            },
            &[
                ("url.path", json!("*")),
                ("server.address", json!("a.example")),
            ],
        ),
        ask(
            "a method of its own",
            |d| {
                d.ask("PROPFIND /dav HTTP/1.1\r\nHost: a\r\n\r\n");
                d.answer(OK);
            },
            &[
                ("http.request.method", json!("_OTHER")),
                ("http.request.method_original", json!("PROPFIND")),
            ],
        ),
        ask(
            "an empty line before the request",
            |d| {
                d.ask("\r\nGET /after HTTP/1.1\r\nHost: a\r\n\r\n");
                d.answer(OK);
            },
            &[("url.path", json!("/after"))],
        ),
        ask(
            "a path that is not ASCII, and one percent-encoded",
            |d| {
                d.ask("GET /caf\u{e9}/%2e%2E/%C3%A9?k%20=v HTTP/1.1\r\nHost: a\r\n\r\n");
                d.answer(OK);
            },
            &[
                ("url.path", json!("/caf\u{e9}/%2e%2E/%C3%A9")),
                ("url.query", json!("k%20=REDACTED")),
            ],
        ),
    ]);
}
