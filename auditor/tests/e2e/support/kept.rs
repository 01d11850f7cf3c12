//! A journal as it lies on the disk, read as anybody may read it.

use std::path::{Path, PathBuf};
use std::process::Command;

use auditor::journal::{Directory, Limit, Reader};
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message as _;

use super::auditor::BINARY;
use super::process::{Finished, finish};
use super::temp::TempDir;

/// A directory for the journals of one test, and its records.
pub(crate) struct Kept {
    folder: TempDir,
}

// === impl Kept ===

impl Kept {
    pub(crate) fn new() -> Self {
        Self {
            folder: TempDir::new(),
        }
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("journal")
    }

    /// The directory as an argument.
    pub(crate) fn argument(&self) -> String {
        let path = self.path();
        path.to_str().expect("the folder's name is text").to_owned()
    }

    /// Every record that is there, in order.
    pub(crate) fn records(&self) -> Vec<LogRecord> {
        let limit = Limit {
            records: usize::MAX,
            bytes: usize::MAX,
        };
        let next = self.verified()["next"].as_u64().expect("it is a number");
        let mut reader = Reader::new(Directory::visit(&self.path()), 0);
        let batch = reader.read(next, limit).expect("it can be read");
        assert_eq!(batch.lost, [], "records are missing");
        let decode = |sealed: &auditor::redact::Sealed| {
            LogRecord::decode(sealed.record()).expect("a record is OTLP")
        };
        batch.records.iter().map(decode).collect()
    }

    /// What `auditor verify` says, which must be that nothing is wrong.
    pub(crate) fn verified(&self) -> serde_json::Value {
        let finished = verify(&self.path(), &["--json"]);
        assert_eq!(finished.status.code(), Some(0), "{}", finished.text());
        serde_json::from_str(finished.text()).expect("it is JSON")
    }
}

pub(crate) fn verify(journal: &Path, arguments: &[&str]) -> Finished {
    let mut command = Command::new(BINARY);
    command.args(["verify", "--journal-dir"]).arg(journal);
    finish(command.args(arguments))
}

pub(crate) fn record_id(record: &LogRecord) -> String {
    text(record, "auditor.record.id").expect("every record has an id")
}

pub(crate) fn text(record: &LogRecord, name: &str) -> Option<String> {
    let attribute = record.attributes.iter().find(|a| a.key == name)?;
    match attribute.value.as_ref()?.value.as_ref()? {
        Value::StringValue(text) => Some(text.clone()),
        Value::IntValue(number) => Some(number.to_string()),
        _ => None,
    }
}
