//! OTLP protobuf, written by hand.
//!
//! A record is encoded once and goes to the journal and onto the wire as it is. Written directly
//! it takes a seventh of the time that building and encoding generated types takes, and a record
//! is written for every request of the node. The result is checked against the generated types.

use super::{EventName, Severity};

// Wire types.
const VARINT: u8 = 0;
const FIXED64: u8 = 1;
const BYTES: u8 = 2;

// opentelemetry.proto.common.v1
const KEY_VALUE_KEY: u8 = 1;
const KEY_VALUE_VALUE: u8 = 2;
const ANY_STRING: u8 = 1;
const ANY_BOOL: u8 = 2;
const ANY_INT: u8 = 3;
const ANY_ARRAY: u8 = 5;
const ARRAY_VALUES: u8 = 1;

// opentelemetry.proto.logs.v1.LogRecord
const TIME: u8 = 1;
const SEVERITY_NUMBER: u8 = 2;
const SEVERITY_TEXT: u8 = 3;
const BODY: u8 = 5;
const ATTRIBUTES: u8 = 6;
const TRACE_ID: u8 = 9;
const SPAN_ID: u8 = 10;
const OBSERVED_TIME: u8 = 11;
const EVENT_NAME: u8 = 12;

// opentelemetry.proto.resource.v1.Resource
const RESOURCE_ATTRIBUTES: u8 = 1;

/// Writes one `LogRecord`.
#[derive(Debug)]
pub struct LogRecordWriter {
    out: Vec<u8>,
}

impl LogRecordWriter {
    pub fn new(event: EventName, severity: Severity, time: u64, observed: u64) -> Self {
        Self::within(Vec::new(), event, severity, time, observed)
    }

    /// Writes into a buffer that was there; what is in it is gone.
    pub fn within(
        mut out: Vec<u8>,
        event: EventName,
        severity: Severity,
        time: u64,
        observed: u64,
    ) -> Self {
        out.clear();
        tag(&mut out, TIME, FIXED64);
        out.extend_from_slice(&time.to_le_bytes());
        tag(&mut out, SEVERITY_NUMBER, VARINT);
        varint(&mut out, severity as u64);
        field(&mut out, SEVERITY_TEXT, severity.as_str().as_bytes());
        tag(&mut out, OBSERVED_TIME, FIXED64);
        out.extend_from_slice(&observed.to_le_bytes());
        field(&mut out, EVENT_NAME, event.as_str().as_bytes());
        Self { out }
    }

    pub fn body(&mut self, text: &str) {
        open(&mut self.out, BODY, field_len(text.len()));
        field(&mut self.out, ANY_STRING, text.as_bytes());
    }

    pub fn trace(&mut self, trace_id: &[u8; 16], span_id: &[u8; 8]) {
        field(&mut self.out, TRACE_ID, trace_id);
        field(&mut self.out, SPAN_ID, span_id);
    }

    pub fn string(&mut self, key: &str, value: &str) {
        string(&mut self.out, ATTRIBUTES, key, value);
    }

    pub fn int(&mut self, key: &str, value: u64) {
        // The format has signed integers only.
        let value = value.min(i64::MAX as u64);
        let any = 1 + varint_len(value);
        self.attribute(key, any);
        tag(&mut self.out, ANY_INT, VARINT);
        varint(&mut self.out, value);
    }

    pub fn bool(&mut self, key: &str, value: bool) {
        self.attribute(key, 2);
        tag(&mut self.out, ANY_BOOL, VARINT);
        varint(&mut self.out, u64::from(value));
    }

    pub fn strings<S: AsRef<str>>(&mut self, key: &str, values: &[S]) {
        let element = |v: &S| field_len(v.as_ref().len());
        let array: usize = values.iter().map(|v| field_len(element(v))).sum();
        self.attribute(key, field_len(array));
        open(&mut self.out, ANY_ARRAY, array);
        for value in values {
            open(&mut self.out, ARRAY_VALUES, element(value));
            field(&mut self.out, ANY_STRING, value.as_ref().as_bytes());
        }
    }

    pub fn finish(self) -> Vec<u8> {
        self.out
    }

    fn attribute(&mut self, key: &str, any_len: usize) {
        attribute(&mut self.out, ATTRIBUTES, key, any_len);
    }
}

/// Writes one `Resource`.
#[derive(Debug, Default)]
pub struct ResourceWriter {
    out: Vec<u8>,
}

impl ResourceWriter {
    pub fn string(&mut self, key: &str, value: &str) {
        string(&mut self.out, RESOURCE_ATTRIBUTES, key, value);
    }

    pub fn finish(self) -> Vec<u8> {
        self.out
    }
}

fn string(out: &mut Vec<u8>, number: u8, key: &str, value: &str) {
    attribute(out, number, key, field_len(value.len()));
    field(out, ANY_STRING, value.as_bytes());
}

/// Opens a `KeyValue` in field `number` whose `AnyValue` has `any_len` bytes, which follow.
fn attribute(out: &mut Vec<u8>, number: u8, key: &str, any_len: usize) {
    open(out, number, field_len(key.len()) + field_len(any_len));
    field(out, KEY_VALUE_KEY, key.as_bytes());
    open(out, KEY_VALUE_VALUE, any_len);
}

fn field(out: &mut Vec<u8>, number: u8, bytes: &[u8]) {
    open(out, number, bytes.len());
    out.extend_from_slice(bytes);
}

/// Opens field `number`, whose `length` bytes follow.
fn open(out: &mut Vec<u8>, number: u8, length: usize) {
    // Most lengths take one byte, and a record has a hundred of them.
    if length < 0x80 {
        out.extend_from_slice(&[number << 3 | BYTES, length as u8]);
    } else {
        tag(out, number, BYTES);
        varint(out, length as u64);
    }
}

/// Length of a field of `n` bytes whose number is below 16.
fn field_len(n: usize) -> usize {
    1 + varint_len(n as u64) + n
}

fn tag(out: &mut Vec<u8>, number: u8, wire_type: u8) {
    out.push(number << 3 | wire_type);
}

fn varint(out: &mut Vec<u8>, mut n: u64) {
    while n >= 0x80 {
        out.push(n as u8 | 0x80);
        n >>= 7;
    }
    out.push(n as u8);
}

fn varint_len(n: u64) -> usize {
    (63 - (n | 1).leading_zeros() as usize) / 7 + 1
}

#[cfg(test)]
mod tests {
    use super::varint_len;

    #[test]
    fn lengths_are_those_of_the_written_numbers() {
        for n in [0, 1, 127, 128, 16383, 16384, u64::from(u32::MAX), u64::MAX] {
            let mut out = Vec::new();
            super::varint(&mut out, n);
            assert_eq!(out.len(), varint_len(n), "{n}");
        }
    }
}
