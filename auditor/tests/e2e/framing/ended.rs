//! Messages that end with their connection.

use serde_json::{Value, json};

use super::{After, assert_all, case, sizes};
use crate::support::auditor::Auditor;
use crate::support::dialogue::{Dialogue, Stage};
use crate::support::record::Side;

#[test]
fn bodies_that_end_with_the_connection() {
    assert_all(&[
        case(
            "HTTP/1.0",
            After::Closed,
            |d| {
                d.ask("GET /1.0 HTTP/1.0\r\n\r\n");
                d.answer("HTTP/1.0 200 OK\r\n\r\n");
                d.answer(vec![b'b'; 100_000]);
                d.server_is_done();
            },
            [
                &[
                    ("network.protocol.version", json!("1.0")),
                    ("server.address", Value::Null),
                    ("error.type", Value::Null),
                ],
                &sizes(200, 0, 100_000)[..],
            ]
            .concat(),
        ),
        case(
            "HTTP/1.1 without a length",
            After::Closed,
            |d| {
                d.ask("GET /1.1 HTTP/1.1\r\nHost: a\r\n\r\n");
                d.answer("HTTP/1.1 200 OK\r\nConnection: close\r\n\r\nto the end");
                d.server_is_done();
            },
            sizes(200, 0, 10),
        ),
        case(
            "a client that is done before the answer",
            After::Closed,
            |d| {
                d.ask("GET /half HTTP/1.1\r\nHost: a\r\n\r\n");
                d.client_is_done();
                d.answer("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nhalf");
            },
            sizes(200, 0, 4),
        ),
    ]);
}

#[test]
fn requests_that_are_not_heard_to_their_end() {
    assert_all(&[
        case(
            "a body that is too large",
            After::Closed,
            |d| {
                d.ask("PUT /large HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n");
                d.ask(vec![b'b'; 1000]);
                d.answer(
                    "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 2\r\n\r\nno",
                );
                d.server_is_done();
            },
            vec![
                ("http.response.status_code", json!(413)),
                ("http.request.body.size", json!(1000)),
                ("http.response.body.size", json!(2)),
            ],
        ),
        case(
            "a body that was asked about and refused",
            After::Closed,
            |d| {
                d.ask("PUT /417 HTTP/1.1\r\nHost: a\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
                d.answer("HTTP/1.1 417 No\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
                d.server_is_done();
            },
            vec![
                ("http.response.status_code", json!(417)),
                ("http.request.body.size", json!(0)),
            ],
        ),
        case(
            "no answer at all",
            After::Closed,
            |d| {
                d.ask("GET /silence HTTP/1.1\r\nHost: a\r\n\r\n");
                d.server_is_done();
            },
            vec![
                ("http.request.method", json!("GET")),
                ("url.path", json!("/silence")),
                ("http.response.status_code", Value::Null),
                ("error.type", json!("no_response")),
                (
                    "auditor.capture.incomplete",
                    json!(["response_missing", "connection_closed"]),
                ),
            ],
        ),
    ]);
}

#[test]
fn an_exchange_that_is_reset_says_so_at_both_ends() {
    const ASKED: &str = "GET /reset HTTP/1.1\r\nHost: a\r\n\r\n";
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let play = |play: fn(Dialogue)| {
        let mut dialogue = stage.dialogue();
        let port = dialogue.client_port;
        dialogue.ask(ASKED);
        play(dialogue);
        port
    };
    let cut = play(|mut dialogue| {
        dialogue.answer("HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n0123456789");
        dialogue.client_resets();
    });
    let unanswered = play(Dialogue::server_resets);
    auditor.await_closed(stage.port, 2);
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let record = stopped.only(side, stage.port, cut);
        record.assert(
            side.as_str(),
            &[
                ("http.response.status_code", json!(200)),
                ("http.response.body.size", json!(10)),
                ("error.type", json!("connection_reset")),
            ],
        );
        assert!(
            record.incomplete().contains(&"connection_reset"),
            "{record:#?}"
        );
        let record = stopped.only(side, stage.port, unanswered);
        record.assert(
            side.as_str(),
            &[
                ("http.response.status_code", Value::Null),
                ("url.path", json!("/reset")),
                ("error.type", json!("connection_reset")),
            ],
        );
        assert!(
            record.incomplete().contains(&"response_missing"),
            "{record:#?}"
        );
    }
    stopped.assert_nothing_lost();
}
