//! The two things that are sent: each has a path, a method and a JSON form of its own.

use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use prost::Message as _;

use super::request;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Signal {
    Logs,
    Metrics,
}

// === impl Signal ===

impl Signal {
    /// What HTTP adds to where OTLP begins.
    pub(super) fn path(self) -> &'static str {
        match self {
            Self::Logs => "/v1/logs",
            Self::Metrics => "/v1/metrics",
        }
    }

    pub(super) fn method(self) -> &'static str {
        match self {
            Self::Logs => "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
            Self::Metrics => "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
        }
    }

    /// An encoded request in OTLP's JSON encoding.
    pub(super) fn json(self, request: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
        match self {
            Self::Logs => request::json(request),
            Self::Metrics => {
                let request = ExportMetricsServiceRequest::decode(request);
                serde_json::to_vec(&request.map_err(serde::ser::Error::custom)?)
            }
        }
    }
}
