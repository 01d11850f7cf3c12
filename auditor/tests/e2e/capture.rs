//! Only what is needed is copied, whatever the bodies.

use serde_json::json;

use crate::support::auditor::Auditor;
use crate::support::client::curl;
use crate::support::dialogue::Stage;
use crate::support::nginx::{AccessLog, GIB, GIB_SIZE, Nginx};
use crate::support::record::Side;

const MIB: u64 = 1 << 20;

#[test]
fn a_download_of_a_gigabyte_is_counted_and_not_copied() {
    let nginx = Nginx::start(AccessLog::Off);
    let auditor = Auditor::start(&[]);
    let output = ["--output", "/dev/null", "--write-out", "%{local_port}"];
    let finished = curl(&[&output[..], &[&nginx.url(GIB)]].concat());
    let client_port: u16 = finished.text().parse().unwrap();
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let record = stopped.only(side, nginx.port, client_port);
        let size = ("http.response.body.size", json!(GIB_SIZE));
        record.assert(side.as_str(), &[size]);
        assert!(record.incomplete().is_empty(), "{record:#?}");
    }
    let copied = stopped.kernel.get("bytes_copied");
    assert!(copied < MIB, "{:?}", stopped.kernel);
    stopped.assert_nothing_lost();
}

#[test]
fn a_chunked_upload_is_counted_and_not_copied() {
    const CHUNKS: usize = 2048;
    const CHUNK: usize = 16 * 1024 - 8;
    let stage = Stage::new();
    let auditor = Auditor::start(&[]);
    let mut dialogue = stage.dialogue();
    dialogue.ask("POST /up HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n");
    let chunk = [
        format!("{CHUNK:x}\r\n").into_bytes(),
        vec![b'x'; CHUNK],
        b"\r\n".into(),
    ]
    .concat();
    for _ in 0..CHUNKS {
        dialogue.ask(&chunk);
    }
    dialogue.ask("0\r\n\r\n");
    dialogue.answer("HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let record = stopped.only(side, stage.port, dialogue.client_port);
        let size = ("http.request.body.size", json!(CHUNKS * CHUNK));
        record.assert(side.as_str(), &[size]);
        assert!(record.incomplete().is_empty(), "{record:#?}");
    }
    let copied = stopped.kernel.get("bytes_copied");
    let sent = 2 * (CHUNKS * CHUNK) as u64;
    assert!(copied < sent / 10, "{sent} sent, {:?}", stopped.kernel);
    stopped.assert_nothing_lost();
}
