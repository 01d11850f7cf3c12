//! Records as a table.

use std::fmt::Write as _;

use csv::{Writer, WriterBuilder};
use jiff::Timestamp;

use crate::export::view::{Attributes, Malformed, RecordView, Value};
use crate::record::attribute as a;
use crate::redact::Sealed;

/// Columns behind `timestamp` and `event_name`: those of the resource, then of the record.
const RESOURCE: [&str; 4] = [
    "k8s.namespace.name",
    "k8s.pod.name",
    "k8s.container.name",
    "service.name",
];
const RECORD: [&str; 23] = [
    a::DIRECTION,
    a::PEER_KIND,
    a::PEER_NAMESPACE_NAME,
    a::PEER_POD_NAME,
    a::PEER_SERVICE_NAME,
    a::NETWORK_PEER_ADDRESS,
    a::NETWORK_PEER_PORT,
    a::USER_ID,
    a::USER_NAME,
    a::PRINCIPAL_SOURCE,
    a::PRINCIPAL_VERIFIED,
    a::HTTP_REQUEST_METHOD,
    a::SERVER_ADDRESS,
    a::SERVER_PORT,
    a::URL_PATH,
    a::URL_QUERY,
    a::HTTP_RESPONSE_STATUS_CODE,
    a::ERROR_TYPE,
    a::DURATION_NS,
    a::BYTES_RECEIVED,
    a::BYTES_SENT,
    a::CAPTURE_INCOMPLETE,
    a::RECORD_ID,
];
const COLUMNS: usize = 2 + RESOURCE.len() + RECORD.len() + 1;

/// What a spreadsheet takes for the beginning of a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// Gathers lines of RFC 4180, the first of which has the names.
pub(super) struct Table {
    writer: Writer<Vec<u8>>,
    cells: [String; COLUMNS],
}

// === impl Table ===

impl Table {
    pub(super) fn new() -> Self {
        let mut table = Self {
            writer: WriterBuilder::new().from_writer(Vec::new()),
            cells: Default::default(),
        };
        let fixed = ["timestamp", "event_name"];
        let names = fixed
            .iter()
            .chain(&RESOURCE)
            .chain(&RECORD)
            .chain(&["body"]);
        for (cell, name) in table.cells.iter_mut().zip(names) {
            cell.push_str(name);
        }
        table.end_line();
        table
    }

    pub(super) fn add(&mut self, sealed: &Sealed) -> Result<(), Malformed> {
        let filled = self.fill(sealed);
        if filled.is_ok() {
            self.end_line();
        }
        self.cells.iter_mut().for_each(String::clear);
        filled
    }

    /// What was gathered since the last time.
    pub(super) fn take(&mut self) -> Vec<u8> {
        let writer = WriterBuilder::new().from_writer(Vec::new());
        let full = std::mem::replace(&mut self.writer, writer);
        full.into_inner().expect("a Vec takes every write")
    }

    fn fill(&mut self, sealed: &Sealed) -> Result<(), Malformed> {
        let view = RecordView::parse(sealed.record())?;
        let [time, event, rest @ .., body] = &mut self.cells;
        // Never fails: jiff's timestamps reach further than 64 bits of nanoseconds do.
        let at = Timestamp::from_nanosecond(i128::from(view.time_unix_nano)).unwrap_or_default();
        write!(time, "{at:.9}").expect("a String takes every write");
        guarded(event, view.event_name);
        let (resource, record) = rest.split_at_mut(RESOURCE.len());
        spread(
            resource,
            &RESOURCE,
            Attributes::of_resource(sealed.resource()),
        )?;
        spread(record, &RECORD, view.attributes)?;
        write_cell(body, &view.body)
    }

    fn end_line(&mut self) {
        let written = self.writer.write_record(&self.cells);
        written.expect("a Vec takes every write, and every line has all columns");
        self.cells.iter_mut().for_each(String::clear);
    }
}

fn spread(
    cells: &mut [String],
    columns: &[&str],
    attributes: Attributes<'_>,
) -> Result<(), Malformed> {
    for attribute in attributes {
        let (key, value) = attribute?;
        if let Some(column) = columns.iter().position(|column| *column == key) {
            write_cell(&mut cells[column], &value)?;
        }
    }
    Ok(())
}

fn write_cell(cell: &mut String, value: &Value<'_>) -> Result<(), Malformed> {
    let written = match value {
        Value::Text(text) => {
            guarded(cell, text);
            Ok(())
        }
        Value::Bool(bool) => write!(cell, "{bool}"),
        Value::Int(int) => write!(cell, "{int}"),
        Value::Double(double) => write!(cell, "{double}"),
        Value::Array(values) => {
            for (index, value) in values.into_iter().enumerate() {
                if index > 0 {
                    cell.push(' ');
                }
                write_cell(cell, &value?)?;
            }
            Ok(())
        }
        // No column has one.
        Value::Empty | Value::Map(_) | Value::Bytes(_) => Ok(()),
    };
    written.expect("a String takes every write");
    Ok(())
}

/// A text that no spreadsheet calculates with. Paths and names are chosen by who calls, and whoever
/// opens the table must not run what they wrote.
fn guarded(cell: &mut String, text: &str) {
    if text.starts_with(FORMULA) {
        cell.push('\'');
    }
    cell.push_str(text);
}
