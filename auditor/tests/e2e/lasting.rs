//! Connections and exchanges that are told while they last.

use serde_json::json;

use crate::support::auditor::Auditor;
use crate::support::dialogue::Stage;
use crate::support::record::{CONNECTION, HTTP, Side};
use crate::support::temp::TempDir;

#[test]
fn a_download_is_told_while_it_lasts() {
    const ASKED: &str = "GET /endless HTTP/1.1\r\nHost: a\r\n\r\n";
    const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 100000000\r\n\r\n";
    let folder = TempDir::new();
    let file = folder.write("auditor.yaml", b"periodic_interval: 1s\n");
    let stage = Stage::new();
    let auditor = Auditor::start(&["--config", &file.display().to_string()]);
    let mut dialogue = stage.dialogue();
    dialogue.ask(ASKED);
    dialogue.answer(HEAD);
    let phase = |wanted: &'static str, event: &'static str| {
        move |record: &crate::support::record::Record| {
            record.event_name == event && record.text("auditor.record.phase") == Some(wanted)
        }
    };
    auditor.await_records(2, phase("start", HTTP));
    dialogue.answer("0123456789");
    auditor.await_records(2, phase("periodic", HTTP));
    auditor.await_records(4, phase("periodic", CONNECTION));
    let client_port = dialogue.client_port;
    drop(dialogue);
    auditor.await_closed(stage.port, 1);
    let stopped = auditor.stop();
    for side in Side::BOTH {
        let records = stopped.http(side, stage.port);
        let phases: Vec<_> = records
            .iter()
            .filter_map(|r| r.text("auditor.record.phase"))
            .collect();
        assert_eq!(phases.first(), Some(&"start"));
        assert_eq!(phases.last(), Some(&"end"));
        for record in &records {
            assert_eq!(record.client_port(side), Some(client_port));
            record.assert(
                side.as_str(),
                &[
                    ("url.path", json!("/endless")),
                    ("http.response.status_code", json!(200)),
                ],
            );
        }
        let ids: std::collections::BTreeSet<_> = records
            .iter()
            .filter_map(|r| r.text("auditor.record.id"))
            .collect();
        assert_eq!(ids.len(), records.len(), "{ids:?}");
        assert_eq!(records[0].int("http.response.body.size"), Some(0));
        let last = records
            .last()
            .and_then(|r| r.int("http.response.body.size"));
        assert_eq!(last, Some(10));
    }
}
