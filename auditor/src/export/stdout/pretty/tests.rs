use opentelemetry_proto::tonic::logs::v1::LogRecord;

use super::*;
use crate::export::sample::{access, array, attribute, int, resource, seal, text};

fn line_of(record: &LogRecord, colour: bool) -> String {
    let mut out = Vec::new();
    let pretty = Pretty {
        colour,
        zone: TimeZone::UTC,
    };
    pretty
        .write_line(&mut out, &seal(&resource("checkout"), record))
        .unwrap();
    String::from_utf8(out).unwrap()
}

fn set(record: &mut LogRecord, key: &str, value: opentelemetry_proto::tonic::common::v1::AnyValue) {
    record.attributes.retain(|attribute| attribute.key != key);
    record.attributes.push(attribute(key, value));
}

#[test]
fn an_inbound_request_reads_from_the_peer_to_the_service() {
    assert_eq!(
        line_of(&access(), false),
        "14:13:20.123 ↘ 10.0.0.9:51234 → checkout GET shop.example:8080/cart?id=1 200 1.2ms \
         2.0KiB [incomplete: hole]\n"
    );
}

#[test]
fn an_outbound_request_reads_from_the_service_to_the_peer_by_name() {
    let mut record = access();
    set(&mut record, "auditor.direction", text("outbound"));
    set(&mut record, "auditor.peer.service.name", text("payments"));
    set(&mut record, "server.port", int(443));
    set(&mut record, "http.response.status_code", int(503));
    set(&mut record, "auditor.capture.incomplete", array(vec![]));
    assert_eq!(
        line_of(&record, false),
        "14:13:20.123 ↗ checkout → payments GET shop.example/cart?id=1 503 1.2ms 2.0KiB \
         [incomplete: ]\n"
    );
}

#[test]
fn what_has_no_request_shows_its_body() {
    let mut record = access();
    record.attributes.truncate(3);
    record.body = Some(text("closed"));
    set(&mut record, "network.peer.address", text("fd00::1"));
    set(&mut record, "error.type", text("connection_reset"));
    assert_eq!(
        line_of(&record, false),
        "14:13:20.123 ↘ [fd00::1]:51234 → checkout closed connection_reset\n"
    );
    record.attributes.clear();
    record.event_name = "auditor.loss".into();
    record.body = Some(text("3 records lost"));
    assert_eq!(
        line_of(&record, false),
        "14:13:20.123 auditor.loss 3 records lost\n"
    );
}

#[test]
fn colour_is_only_added() {
    let plain = line_of(&access(), false);
    let coloured = line_of(&access(), true);
    assert!(coloured.contains("\x1b[32m200\x1b[0m"));
    let mut stripped = coloured;
    for code in [
        "\x1b[2m", "\x1b[31m", "\x1b[32m", "\x1b[33m", "\x1b[36m", "\x1b[0m",
    ] {
        stripped = stripped.replace(code, "");
    }
    assert_eq!(stripped, plain);
}

#[test]
fn nothing_from_the_wire_acts_on_the_terminal() {
    let all: String = (0..=0x2070).filter_map(char::from_u32).collect();
    let mut record = access();
    for attribute in &mut record.attributes {
        if attribute.key != "auditor.direction" {
            attribute.value = Some(text(&all));
        }
    }
    set(
        &mut record,
        "auditor.capture.incomplete",
        array(vec![text(&all)]),
    );
    let line = line_of(&record, false);
    let inside = line.strip_suffix('\n').unwrap();
    assert!(!inside.contains(|c: char| c.is_control() || ('\u{2028}'..='\u{202e}').contains(&c)));
    assert!(inside.contains("\\u{1b}"));
}
