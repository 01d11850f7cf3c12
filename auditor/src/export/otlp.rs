//! Records to an OpenTelemetry collector: OTLP over gRPC or HTTP.
//!
//! The stored bytes of a record are the bytes on the wire. The answer is read in full, because a
//! collector may take a request and still refuse some of its records.

mod answer;
mod client;
mod courier;
mod delivery;
mod drain;
mod exporter;
mod grpc;
mod headers;
mod http;
mod request;
mod retry;
mod settings;
mod signal;
mod telemetry;
mod tls;

pub use client::SetupError;
pub use delivery::Delivery;
pub use drain::Drain;
pub use exporter::Exporter;
pub use request::SCHEMA_URL;
pub(super) use request::{encode as encode_request, json as request_json};
pub use settings::{OtlpSettings, Protocol, SettingsError};
pub use telemetry::{TelemetryExporter, Untaken};

const USER_AGENT: &str = concat!("auditor/", env!("CARGO_PKG_VERSION"));

#[cfg(test)]
mod tests;
