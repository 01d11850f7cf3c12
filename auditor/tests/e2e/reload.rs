//! A configuration file that changes while the daemon runs.

use crate::support::auditor::Auditor;
use crate::support::client::curl;
use crate::support::nginx::{AccessLog, KB, Nginx};
use crate::support::ports;
use crate::support::record::{Record, Side};
use crate::support::temp::TempDir;
use crate::support::until::until;

/// Digests of the settings, by the states of the daemon that are recorded with one.
fn settings(records: impl Iterator<Item = Record>, state: &str) -> Vec<String> {
    let of_state = |record: &Record| record.text("auditor.lifecycle.state") == Some(state);
    let digest = |record: Record| {
        let digest = record.text("auditor.lifecycle.settings");
        digest.expect("it has a digest").to_owned()
    };
    records.filter(of_state).map(digest).collect()
}

#[test]
fn a_good_change_is_obeyed_and_a_bad_one_is_refused() {
    let nginx = Nginx::start(AccessLog::Off);
    let folder = TempDir::new();
    let file = folder.write("auditor.yaml", b"{}\n");
    let file = file.to_str().expect("the folder's name is text");
    let metrics = format!("127.0.0.1:{}", ports::free());
    let auditor = Auditor::start(&["--config", file, "--metrics-address", &metrics]);
    let url = |query: &str| nginx.url(&format!("{KB}?page={query}"));
    curl(&["--output", "/dev/null", &url("1")]);
    auditor.await_records(1, |record| record.is_http(Side::Inbound, nginx.port));

    folder.write(
        "auditor.yaml",
        b"redaction: { query: { keep: [page] } }\nring_bytes: 65536\n",
    );
    until("the change is obeyed", || {
        let digests = settings(auditor.records(), "reloaded");
        (digests.len() == 1).then_some(())
    });
    curl(&["--output", "/dev/null", &url("2")]);

    folder.write("auditor.yaml", b"redaction: { querry: {} }\n");
    until("the change is refused", || {
        auditor.log().contains("is refused").then_some(())
    });
    let scraped = curl(&[&format!("http://{metrics}/metrics")]);
    for line in [
        "auditor_config_reloads_total 1\n",
        "auditor_config_refusals_total 1\n",
        "auditor_config_refused 1\n",
    ] {
        assert!(scraped.text().contains(line), "no {line}");
    }
    curl(&["--output", "/dev/null", &url("3")]);

    let log = auditor.log();
    assert!(log.contains("did you mean \"query\"?"), "{log}");
    let restart = log.lines().find(|line| line.contains("need a restart"));
    let restart = restart.unwrap_or_else(|| panic!("it is not told: {log}"));
    assert!(restart.contains("keys=\"ring_bytes\""), "{restart}");
    let stopped = auditor.stop();
    let inbound = stopped.http(Side::Inbound, nginx.port);
    let queries: Vec<_> = inbound.iter().map(|r| r.text("url.query")).collect();
    let expected = ["page=REDACTED", "page=2", "page=3"].map(Some);
    assert_eq!(queries, expected);
    let started = settings(stopped.records(), "started");
    let reloaded = settings(stopped.records(), "reloaded");
    assert_ne!(started, reloaded);
    assert_eq!(settings(stopped.records(), "stopped"), reloaded);
    stopped.assert_nothing_lost();
}
