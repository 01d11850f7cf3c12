//! Records as they were exported: JSON lines, or OTLP requests as JSON lines, ours or a collector's.

use std::collections::HashMap;
use std::io::{self, BufRead};

use serde_json::{Map, Value, json};

use super::comparison::{Discrepancy, Mistake};
use crate::record::attribute;

/// What a file holds, by record.
#[derive(Debug, Default)]
pub(super) struct Exported {
    /// By the records' ids.
    pub(super) records: HashMap<String, Entry>,
    /// Checkpoints among them: signed notes.
    pub(super) notes: Vec<String>,
    /// Records that stand there once more, as they stood before.
    pub(super) again: u64,
    pub(super) discrepancies: Vec<Discrepancy>,
}

/// One record of the file.
#[derive(Debug)]
pub(super) struct Entry {
    /// Its flat form with the keys in order, so that equal records have equal texts.
    pub(super) flat: String,
    pub(super) line: u64,
    pub(super) found: bool,
}

// === impl Exported ===

impl Exported {
    pub(super) fn read(file: impl BufRead) -> io::Result<Self> {
        let mut exported = Self::default();
        for (line, text) in (1..).zip(file.split(b'\n')) {
            let text = text?;
            if text.trim_ascii().is_empty() {
                continue;
            }
            let Some(records) = serde_json::from_slice(&text).ok().and_then(flat) else {
                exported.find(line, None, Mistake::Unreadable);
                continue;
            };
            for record in records {
                exported.take(&record, line);
            }
        }
        Ok(exported)
    }

    fn take(&mut self, record: &Value, line: u64) {
        let attributes = &record["attributes"];
        if let Some(note) = attributes[attribute::CHECKPOINT_NOTE].as_str() {
            self.notes.push(note.to_owned());
        }
        let Some(id) = attributes[attribute::RECORD_ID].as_str() else {
            return self.find(line, None, Mistake::Unreadable);
        };
        let flat = record.to_string();
        match self.records.get(id) {
            Some(before) if before.flat == flat => self.again += 1,
            Some(_) => self.find(line, Some(id.to_owned()), Mistake::Changed),
            None => {
                let entry = Entry {
                    flat,
                    line,
                    found: false,
                };
                self.records.insert(id.to_owned(), entry);
            }
        }
    }

    fn find(&mut self, line: u64, id: Option<String>, mistake: Mistake) {
        self.discrepancies.push(Discrepancy {
            line: Some(line),
            id,
            records: None,
            mistake,
        });
    }
}

/// The records of a line in the form of `--output json`.
fn flat(line: Value) -> Option<Vec<Value>> {
    let Some(resources) = line.get("resourceLogs") else {
        return line["attributes"].is_object().then(|| vec![line]);
    };
    let mut records = Vec::new();
    for group in resources.as_array()? {
        let resource = attributes(&group["resource"]["attributes"])?;
        for scope in group["scopeLogs"].as_array()? {
            for record in scope["logRecords"].as_array()? {
                records.push(flat_record(record, &resource)?);
            }
        }
    }
    Some(records)
}

fn flat_record(record: &Value, resource: &Value) -> Option<Value> {
    let mut flat = Map::new();
    for (name, key) in [
        ("timestamp", "timeUnixNano"),
        ("observed_timestamp", "observedTimeUnixNano"),
    ] {
        let time = jiff::Timestamp::from_nanosecond(integer(&record[key])?.into()).ok()?;
        flat.insert(name.to_owned(), json!(format!("{time:.9}")));
    }
    for (name, key) in [
        ("event_name", "eventName"),
        ("severity_text", "severityText"),
        ("severity_number", "severityNumber"),
    ] {
        flat.insert(name.to_owned(), record.get(key)?.clone());
    }
    for (name, key) in [("trace_id", "traceId"), ("span_id", "spanId")] {
        if let Some(id) = record[key].as_str().filter(|id| !id.is_empty()) {
            flat.insert(name.to_owned(), json!(id.to_ascii_lowercase()));
        }
    }
    flat.insert("body".to_owned(), value(&record["body"])?);
    flat.insert("resource".to_owned(), resource.clone());
    flat.insert("attributes".to_owned(), attributes(&record["attributes"])?);
    Some(Value::Object(flat))
}

fn attributes(list: &Value) -> Option<Value> {
    let entry = |entry: &Value| Some((entry["key"].as_str()?.to_owned(), value(&entry["value"])?));
    let entries: Option<Map<_, _>> = list.as_array()?.iter().map(entry).collect();
    entries.map(Value::Object)
}

/// The values that records have.
fn value(any: &Value) -> Option<Value> {
    let (kind, inner) = any.as_object()?.iter().next()?;
    match kind.as_str() {
        "stringValue" | "boolValue" => Some(inner.clone()),
        "intValue" => Some(json!(integer(inner)?)),
        "arrayValue" => {
            let values = inner["values"].as_array()?.iter().map(value);
            values.collect::<Option<Vec<_>>>().map(Value::Array)
        }
        _ => None,
    }
}

/// Large integers are texts in protobuf's JSON.
fn integer(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}
