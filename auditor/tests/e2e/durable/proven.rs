//! One record is shown to somebody who does not get the journal.

use std::fs;
use std::process::Command;

use crate::support::auditor::{Auditor, BINARY};
use crate::support::client::h2load;
use crate::support::kept::{Kept, record_id, text, verify};
use crate::support::nginx::{AccessLog, KB, Nginx};
use crate::support::process::finish;

#[test]
fn a_record_is_proven_without_the_journal() {
    let kept = Kept::new();
    let nginx = Nginx::start(AccessLog::Off);
    let journal = kept.argument();
    let auditor = Auditor::start(&["--journal-dir", &journal]);
    h2load(&nginx.url(KB), 500, 1);
    auditor.stop().assert_nothing_lost();
    let records = kept.records();
    let of_load = |record: &&_| text(record, "url.path").as_deref() == Some(KB);
    let id = record_id(records.iter().filter(of_load).nth(100).unwrap());

    let proof = verify(&kept.path(), &["--record", &id]);
    assert_eq!(proof.status.code(), Some(0), "{}", proof.stderr);
    let key = fs::read_to_string(kept.path().join("key.pub")).unwrap();
    let file = kept.path().with_file_name("record.tlog-proof");
    fs::write(&file, proof.text()).unwrap();
    fs::remove_dir_all(kept.path()).unwrap();

    let check = || {
        let mut command = Command::new(BINARY);
        command.args(["verify", "--public-key", key.trim(), "--proof"]);
        finish(command.arg(&file))
    };
    let checked = check();
    assert_eq!(checked.status.code(), Some(0), "{}", checked.stderr);
    let (verdict, record) = checked.text().split_once('\n').unwrap();
    assert!(verdict.starts_with("proven: record "), "{verdict}");
    let record: serde_json::Value = serde_json::from_str(record).unwrap();
    assert_eq!(record["attributes"]["auditor.record.id"], *id);
    assert_eq!(record["attributes"]["url.path"], KB);
    eprintln!("{} bytes of proof: {verdict}", proof.text().len());

    fs::write(&file, proof.text().replacen("index 1", "index 2", 1)).unwrap();
    let checked = check();
    assert_eq!(checked.status.code(), Some(1), "{}", checked.text());
    assert!(
        checked.stderr.contains("not the one that was signed"),
        "{}",
        checked.stderr
    );
}
