//! `--output json`: one flat object a line, written straight out of the encoded record.

use std::io::Write;

use super::timestamp;
use crate::export::view::{Attributes, Malformed, RecordView, Value};
use crate::redact::Sealed;

/// Appends one line. On an error the caller drops what was appended.
pub(super) fn write_line(out: &mut Vec<u8>, sealed: &Sealed) -> Result<(), Malformed> {
    let view = RecordView::parse(sealed.record())?;
    out.push(b'{');
    if view.time_unix_nano != 0 {
        out.extend_from_slice(b"\"timestamp\":\"");
        timestamp::write(out, view.time_unix_nano);
        out.extend_from_slice(b"\",");
    }
    if view.observed_time_unix_nano != 0 {
        out.extend_from_slice(b"\"observed_timestamp\":\"");
        timestamp::write(out, view.observed_time_unix_nano);
        out.extend_from_slice(b"\",");
    }
    out.extend_from_slice(b"\"event_name\":");
    write_text(out, view.event_name);
    out.extend_from_slice(b",\"severity_text\":");
    write_text(out, view.severity_text);
    out.extend_from_slice(b",\"severity_number\":");
    write_number(out, i64::from(view.severity_number));
    out.extend_from_slice(b",\"body\":");
    write_value(out, view.body)?;
    if !view.trace_id.is_empty() {
        out.extend_from_slice(b",\"trace_id\":");
        write_hex(out, view.trace_id);
    }
    if !view.span_id.is_empty() {
        out.extend_from_slice(b",\"span_id\":");
        write_hex(out, view.span_id);
    }
    out.extend_from_slice(b",\"resource\":");
    write_map(out, Attributes::of_resource(sealed.resource()))?;
    out.extend_from_slice(b",\"attributes\":");
    write_map(out, view.attributes)?;
    out.extend_from_slice(b"}\n");
    Ok(())
}

fn write_map(out: &mut Vec<u8>, attributes: Attributes<'_>) -> Result<(), Malformed> {
    out.push(b'{');
    for (index, entry) in attributes.into_iter().enumerate() {
        let (key, value) = entry?;
        if index > 0 {
            out.push(b',');
        }
        write_text(out, key);
        out.push(b':');
        write_value(out, value)?;
    }
    out.push(b'}');
    Ok(())
}

fn write_value(out: &mut Vec<u8>, value: Value<'_>) -> Result<(), Malformed> {
    match value {
        Value::Empty => out.extend_from_slice(b"null"),
        Value::Text(text) => write_text(out, text),
        Value::Bool(true) => out.extend_from_slice(b"true"),
        Value::Bool(false) => out.extend_from_slice(b"false"),
        Value::Int(int) => write_number(out, int),
        Value::Double(double) => write_double(out, double),
        Value::Bytes(bytes) => write_hex(out, bytes),
        Value::Map(map) => write_map(out, map)?,
        Value::Array(values) => {
            out.push(b'[');
            for (index, value) in values.into_iter().enumerate() {
                if index > 0 {
                    out.push(b',');
                }
                write_value(out, value?)?;
            }
            out.push(b']');
        }
    }
    Ok(())
}

fn write_number(out: &mut Vec<u8>, value: i64) {
    write!(out, "{value}").expect("a Vec takes every write");
}

/// JSON has no word for what is not a number; the names are those of protobuf's JSON.
fn write_double(out: &mut Vec<u8>, value: f64) {
    if value.is_finite() {
        write!(out, "{value:?}").expect("a Vec takes every write");
    } else if value.is_nan() {
        out.extend_from_slice(b"\"NaN\"");
    } else {
        let name: &[u8] = if value > 0.0 {
            b"\"Infinity\""
        } else {
            b"\"-Infinity\""
        };
        out.extend_from_slice(name);
    }
}

fn write_hex(out: &mut Vec<u8>, bytes: &[u8]) {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    out.push(b'"');
    for byte in bytes {
        out.push(DIGITS[usize::from(byte >> 4)]);
        out.push(DIGITS[usize::from(byte & 15)]);
    }
    out.push(b'"');
}

/// Beyond what JSON demands, everything that a terminal obeys (C1 controls, DEL) or that another
/// reader takes for the end of a line (U+2028, U+2029) is escaped.
fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let bytes = text.as_bytes();
    let mut copied = 0;
    let mut at = 0;
    while at < bytes.len() {
        let (code, length) = match bytes[at] {
            byte @ (0..=0x1f | b'"' | b'\\' | 0x7f) => (u16::from(byte), 1),
            0xc2 if bytes[at + 1] < 0xa0 => (u16::from(bytes[at + 1]), 2),
            0xe2 if bytes[at + 1] == 0x80 && matches!(bytes[at + 2], 0xa8 | 0xa9) => {
                (0x2000 | u16::from(bytes[at + 2] & 0x3f), 3)
            }
            _ => {
                at += 1;
                continue;
            }
        };
        out.extend_from_slice(&bytes[copied..at]);
        write_escape(out, code);
        at += length;
        copied = at;
    }
    out.extend_from_slice(&bytes[copied..]);
    out.push(b'"');
}

fn write_escape(out: &mut Vec<u8>, code: u16) {
    let short = match code {
        0x22 => b'"',
        0x5c => b'\\',
        0x0a => b'n',
        0x0d => b'r',
        0x09 => b't',
        _ => {
            write!(out, "\\u{code:04x}").expect("a Vec takes every write");
            return;
        }
    };
    out.extend_from_slice(&[b'\\', short]);
}

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::common::v1::any_value;
    use opentelemetry_proto::tonic::logs::v1::LogRecord;
    use serde_json::{Value as Json, json};

    use super::*;
    use crate::export::sample::{access, any, attribute, resource, seal, text};

    fn line(record: &LogRecord) -> String {
        let mut out = Vec::new();
        write_line(&mut out, &seal(&resource("checkout"), record)).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn has_the_fields_of_the_record_contract() {
        let line = line(&access());
        assert_eq!(line.matches('\n').count(), 1);
        assert_eq!(
            serde_json::from_str::<Json>(&line).unwrap(),
            json!({
                "timestamp": "2026-09-21T14:13:20.123456789Z",
                "observed_timestamp": "2026-09-21T14:13:20.200000000Z",
                "event_name": "auditor.access.http",
                "severity_text": "INFO",
                "severity_number": 9,
                "body": "GET shop.example/cart 200",
                "trace_id": "0102030405060708090a0b0c0d0e0f10",
                "span_id": "0102030405060708",
                "resource": {"service.name": "checkout", "k8s.pod.name": "checkout-0"},
                "attributes": {
                    "auditor.direction": "inbound",
                    "network.peer.address": "10.0.0.9",
                    "network.peer.port": 51234,
                    "http.request.method": "GET",
                    "server.address": "shop.example",
                    "server.port": 8080,
                    "url.path": "/cart",
                    "url.query": "id=1",
                    "http.response.status_code": 200,
                    "http.response.body.size": 2048,
                    "auditor.duration_ns": 1_234_567,
                    "tls.established": true,
                    "auditor.capture.incomplete": ["hole"],
                },
            })
        );
    }

    #[test]
    fn absent_ids_and_times_are_absent() {
        let json: Json = serde_json::from_str(&line(&LogRecord::default())).unwrap();
        for key in ["timestamp", "observed_timestamp", "trace_id", "span_id"] {
            assert!(json.get(key).is_none(), "{key}");
        }
    }

    #[test]
    fn every_character_survives_and_none_reaches_a_terminal() {
        let all: String = (0..=0x2100)
            .chain(0xffe0..=0x1_0010)
            .chain([0x1_f600, 0x10_ffff])
            .filter_map(char::from_u32)
            .collect();
        let mut out = Vec::new();
        write_text(&mut out, &all);
        let written = String::from_utf8(out).unwrap();
        assert!(
            !written.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
        );
        assert_eq!(serde_json::from_str::<String>(&written).unwrap(), all);
    }

    #[test]
    fn numbers_are_exact() {
        for double in [0.0, -0.0, 1.0, 0.1, 1e300, f64::MIN_POSITIVE, f64::MAX] {
            let mut out = Vec::new();
            write_double(&mut out, double);
            let read: f64 = str::from_utf8(&out).unwrap().parse().unwrap();
            assert_eq!(read.to_bits(), double.to_bits());
            assert!(serde_json::from_slice::<f64>(&out).is_ok());
        }
        let mut record = access();
        record.attributes = vec![
            attribute("nan", any(any_value::Value::DoubleValue(f64::NAN))),
            attribute("least", any(any_value::Value::IntValue(i64::MIN))),
            attribute("bytes", any(any_value::Value::BytesValue(vec![0xab, 0x01]))),
            attribute("text", text("a\"b\\c\u{2028}")),
        ];
        let json: Json = serde_json::from_str(&line(&record)).unwrap();
        let expected =
            json!({"nan": "NaN", "least": i64::MIN, "bytes": "ab01", "text": "a\"b\\c\u{2028}"});
        assert_eq!(json["attributes"], expected);
    }
}
