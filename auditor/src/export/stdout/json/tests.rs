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
    assert!(!written.contains(|c: char| c.is_control() || matches!(c, '\u{2028}' | '\u{2029}')));
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
