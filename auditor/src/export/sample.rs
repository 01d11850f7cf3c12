//! Records for the tests of this module, made with the published encoder.

use std::sync::Arc;

use opentelemetry_proto::tonic::common::v1::{AnyValue, ArrayValue, KeyValue, any_value};
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::resource::v1::Resource;
use prost::Message;

use crate::redact::Sealed;

pub(super) fn any(value: any_value::Value) -> AnyValue {
    AnyValue { value: Some(value) }
}

pub(super) fn text(value: &str) -> AnyValue {
    any(any_value::Value::StringValue(value.into()))
}

pub(super) fn int(value: i64) -> AnyValue {
    any(any_value::Value::IntValue(value))
}

pub(super) fn array(values: Vec<AnyValue>) -> AnyValue {
    any(any_value::Value::ArrayValue(ArrayValue { values }))
}

pub(super) fn attribute(key: &str, value: AnyValue) -> KeyValue {
    KeyValue {
        key: key.into(),
        value: Some(value),
        key_strindex: 0,
    }
}

pub(super) fn resource(service: &str) -> Resource {
    Resource {
        attributes: vec![
            attribute("service.name", text(service)),
            attribute("k8s.pod.name", text("checkout-0")),
        ],
        ..Resource::default()
    }
}

/// An inbound request as the pipeline would record it.
pub(super) fn access() -> LogRecord {
    LogRecord {
        time_unix_nano: 1_790_000_000_123_456_789,
        observed_time_unix_nano: 1_790_000_000_200_000_000,
        severity_number: 9,
        severity_text: "INFO".into(),
        event_name: "auditor.access.http".into(),
        body: Some(text("GET shop.example/cart 200")),
        trace_id: (1..=16).collect(),
        span_id: (1..=8).collect(),
        attributes: vec![
            attribute("auditor.direction", text("inbound")),
            attribute("network.peer.address", text("10.0.0.9")),
            attribute("network.peer.port", int(51234)),
            attribute("http.request.method", text("GET")),
            attribute("server.address", text("shop.example")),
            attribute("server.port", int(8080)),
            attribute("url.path", text("/cart")),
            attribute("url.query", text("id=1")),
            attribute("http.response.status_code", int(200)),
            attribute("http.response.body.size", int(2048)),
            attribute("auditor.duration_ns", int(1_234_567)),
            attribute("tls.established", any(any_value::Value::BoolValue(true))),
            attribute("auditor.capture.incomplete", array(vec![text("hole")])),
        ],
        ..LogRecord::default()
    }
}

pub(super) fn seal(resource: &Resource, record: &LogRecord) -> Sealed {
    sealed(&Arc::from(resource.encode_to_vec()), record)
}

pub(super) fn sealed(resource: &Arc<[u8]>, record: &LogRecord) -> Sealed {
    Sealed::for_test(Arc::clone(resource), record.encode_to_vec())
}
