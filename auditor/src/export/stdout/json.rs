//! `--output json`: one flat object a line, written straight out of the encoded record.

use std::io::Write;

use super::timestamp;
use crate::export::view::{Attributes, Malformed, RecordView, Value};
use crate::redact::Sealed;

#[cfg(test)]
mod tests;

/// Appends one line. On an error the caller drops what was appended.
pub fn write_line(out: &mut Vec<u8>, sealed: &Sealed) -> Result<(), Malformed> {
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

/// Bytes at which a text may need an escape.
const SPECIAL: [bool; 256] = {
    let mut special = [false; 256];
    let mut byte = 0;
    while byte < 256 {
        special[byte] = byte < 0x20 || matches!(byte as u8, b'"' | b'\\' | 0x7f | 0xc2 | 0xe2);
        byte += 1;
    }
    special
};

/// Beyond what JSON demands, everything that a terminal obeys (C1 controls, DEL) or that another
/// reader takes for the end of a line (U+2028, U+2029) is escaped.
fn write_text(out: &mut Vec<u8>, text: &str) {
    out.push(b'"');
    let mut rest = text.as_bytes();
    while let Some(at) = rest.iter().position(|byte| SPECIAL[usize::from(*byte)]) {
        let (plain, special) = rest.split_at(at);
        out.extend_from_slice(plain);
        rest = match *special {
            [0xc2, low @ ..0xa0, ref rest @ ..] => {
                write_escape(out, u16::from(low));
                rest
            }
            [0xe2, 0x80, low @ (0xa8 | 0xa9), ref rest @ ..] => {
                write_escape(out, 0x2000 | u16::from(low & 0x3f));
                rest
            }
            [byte @ (0xc2 | 0xe2), ref rest @ ..] => {
                out.push(byte);
                rest
            }
            [byte, ref rest @ ..] => {
                write_escape(out, u16::from(byte));
                rest
            }
            [] => special,
        };
    }
    out.extend_from_slice(rest);
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
