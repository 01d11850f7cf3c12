use opentelemetry_proto::tonic::common::v1::{AnyValue, KeyValue, KeyValueList, any_value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;

use super::*;
use crate::export::sample::{access, any, array, attribute, int, text};

/// Reads everything a view can give, as the type the published decoder gives.
fn walk(record: &[u8]) -> Result<LogRecord, Malformed> {
    let view = RecordView::parse(record)?;
    Ok(LogRecord {
        time_unix_nano: view.time_unix_nano,
        observed_time_unix_nano: view.observed_time_unix_nano,
        severity_number: view.severity_number,
        severity_text: view.severity_text.into(),
        event_name: view.event_name.into(),
        body: Some(owned(view.body)?),
        trace_id: view.trace_id.into(),
        span_id: view.span_id.into(),
        attributes: owned_attributes(view.attributes)?,
        ..LogRecord::default()
    })
}

fn owned_attributes(attributes: Attributes<'_>) -> Result<Vec<KeyValue>, Malformed> {
    attributes
        .into_iter()
        .map(|entry| {
            let (key, value) = entry?;
            Ok(attribute(key, owned(value)?))
        })
        .collect()
}

fn owned(value: Value<'_>) -> Result<AnyValue, Malformed> {
    Ok(any(match value {
        Value::Empty => return Ok(AnyValue::default()),
        Value::Text(text) => any_value::Value::StringValue(text.into()),
        Value::Bool(bool) => any_value::Value::BoolValue(bool),
        Value::Int(int) => any_value::Value::IntValue(int),
        Value::Double(double) => any_value::Value::DoubleValue(double),
        Value::Bytes(bytes) => any_value::Value::BytesValue(bytes.into()),
        Value::Array(values) => {
            return Ok(array(
                values
                    .into_iter()
                    .map(|value| owned(value?))
                    .collect::<Result<_, _>>()?,
            ));
        }
        Value::Map(map) => any_value::Value::KvlistValue(KeyValueList {
            values: owned_attributes(map)?,
        }),
    }))
}

/// What the published decoder sees, less the fields a view does not read.
fn expected(record: &[u8]) -> Option<LogRecord> {
    let mut record = LogRecord::decode(record).ok()?;
    record.dropped_attributes_count = 0;
    record.flags = 0;
    record.body.get_or_insert_default();
    for attribute in &mut record.attributes {
        normalize_attribute(attribute);
    }
    record.body.as_mut().map(normalize);
    Some(record)
}

fn normalize_attribute(attribute: &mut KeyValue) {
    attribute.key_strindex = 0;
    normalize(attribute.value.get_or_insert_default());
}

fn normalize(value: &mut AnyValue) {
    match &mut value.value {
        Some(any_value::Value::ArrayValue(array)) => array.values.iter_mut().for_each(normalize),
        Some(any_value::Value::KvlistValue(map)) => {
            map.values.iter_mut().for_each(normalize_attribute);
        }
        Some(any_value::Value::StringValueStrindex(_)) => value.value = None,
        _ => {}
    }
}

fn every_kind() -> LogRecord {
    let mut record = access();
    record.flags = 1;
    record.attributes.extend([
        attribute("double", any(any_value::Value::DoubleValue(-1.5e300))),
        attribute("bytes", any(any_value::Value::BytesValue(vec![0, 255]))),
        attribute("negative", int(i64::MIN)),
        attribute(
            "nested",
            array(vec![array(vec![text("a"), int(-1)]), AnyValue::default()]),
        ),
        attribute(
            "map",
            any(any_value::Value::KvlistValue(KeyValueList {
                values: vec![attribute("k", text("v"))],
            })),
        ),
        KeyValue {
            key: "absent".into(),
            ..KeyValue::default()
        },
    ]);
    record
}

#[test]
fn agrees_with_the_published_decoder() {
    for record in [LogRecord::default(), access(), every_kind()] {
        let bytes = record.encode_to_vec();
        assert_eq!(walk(&bytes).ok(), expected(&bytes));
    }
}

#[test]
fn every_cut_is_read_alike_or_refused() {
    let bytes = every_kind().encode_to_vec();
    for end in 0..bytes.len() {
        assert_eq!(
            walk(&bytes[..end]).ok(),
            expected(&bytes[..end]),
            "cut at {end}"
        );
    }
}

/// The view may refuse more (a value that occurs twice, a group), and must not differ.
#[test]
fn no_mutation_is_misread() {
    let original = every_kind().encode_to_vec();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = |below: usize| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state % below as u64) as usize
    };
    let mut read = 0;
    for _ in 0..20_000 {
        let mut bytes = original.clone();
        for _ in 0..=random(3) {
            match random(3) {
                0 => {
                    let at = random(bytes.len());
                    bytes[at] = random(256) as u8;
                }
                1 => {
                    bytes.remove(random(bytes.len()));
                }
                _ => bytes.insert(random(bytes.len()), random(256) as u8),
            }
        }
        // Debug text: a mutated double may be NaN, which equals nothing.
        if let (Ok(view), Some(decoded)) = (walk(&bytes), expected(&bytes)) {
            assert_eq!(format!("{view:?}"), format!("{decoded:?}"), "{bytes:02x?}");
            read += 1;
        }
    }
    assert!(read > 1000, "only {read} mutations were readable");
}

#[test]
fn noise_never_panics() {
    let mut state = 1_u32;
    for length in 0..2000 {
        let noise: Vec<u8> = (0..length % 64)
            .map(|_| {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state >> 24) as u8 % 0x7b
            })
            .collect();
        let _ = walk(&noise);
        let _ = Attributes::of_resource(&noise).into_iter().count();
    }
}

#[test]
fn depth_is_bounded() {
    let mut value = text("deep");
    for _ in 0..10 {
        value = array(vec![value]);
    }
    let record = LogRecord {
        body: Some(value),
        ..LogRecord::default()
    };
    assert_eq!(walk(&record.encode_to_vec()), Err(Malformed::Depth));
}
