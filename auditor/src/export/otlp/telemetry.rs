//! What the daemon tells of itself: its metrics, and the lines of its log.
//!
//! Nothing here is kept or tried again: metrics are running totals, so the next ones say it all,
//! and who sends lines has them until they are taken.

use bytes::Bytes;
use opentelemetry_proto::tonic::{
    collector::{logs::v1::ExportLogsServiceRequest, metrics::v1::ExportMetricsServiceRequest},
    common::v1::{AnyValue, InstrumentationScope, KeyValue, any_value::Value},
    logs::v1::{LogRecord, ResourceLogs, ScopeLogs, SeverityNumber},
    metrics::v1::{
        AggregationTemporality, Gauge, Metric, NumberDataPoint, ResourceMetrics, ScopeMetrics, Sum,
        metric::Data, number_data_point,
    },
    resource::v1::Resource,
};
use prost::Message as _;
use tracing::Level;

use super::answer::Failure;
use super::client::{Client, SetupError};
use super::courier::Carry as _;
use super::settings::OtlpSettings;
use crate::telemetry::{Family, Line, Sample};

/// Tells these log records from those of the audit, which have another scope and other names.
const SCOPE: &str = "auditor.telemetry";
const EVENT_NAME: &str = "auditor.log";

/// Why something was not taken.
#[derive(Debug)]
pub struct Untaken {
    pub reason: String,
    /// It will not be taken another time either.
    pub for_good: bool,
}

/// Sends to one collector.
pub struct TelemetryExporter {
    logs: Client,
    metrics: Client,
    resource: Resource,
    /// Since when the counters count, in nanoseconds since the epoch.
    since_ns: u64,
}

// === impl TelemetryExporter ===

impl TelemetryExporter {
    /// `resource` is the daemon's own. Does not connect yet.
    pub fn new(
        settings: OtlpSettings,
        resource: &[(&'static str, String)],
        since_ns: u64,
    ) -> Result<Self, SetupError> {
        let metrics = settings
            .for_metrics()
            .ok_or_else(|| SetupError::Endpoint(settings.shown_endpoint()))?;
        let attributes = resource.iter().map(|(name, value)| text(name, value));
        Ok(Self {
            logs: Client::new(settings)?,
            metrics: Client::new(metrics)?,
            resource: Resource {
                attributes: attributes.collect(),
                ..Resource::default()
            },
            since_ns,
        })
    }

    /// Sends running totals as they are at `now_ns`, nanoseconds since the epoch.
    pub async fn metrics(&mut self, families: Vec<Family>, now_ns: u64) -> Result<(), Untaken> {
        let metric = |family| metric(family, self.since_ns, now_ns);
        let scoped = ScopeMetrics {
            scope: Some(scope()),
            metrics: families.into_iter().map(metric).collect(),
            ..ScopeMetrics::default()
        };
        let request = ExportMetricsServiceRequest {
            resource_metrics: vec![ResourceMetrics {
                resource: Some(self.resource.clone()),
                scope_metrics: vec![scoped],
                ..ResourceMetrics::default()
            }],
        };
        sent(&mut self.metrics, request.encode_to_vec()).await
    }

    pub async fn lines(&mut self, lines: &[Line]) -> Result<(), Untaken> {
        let scoped = ScopeLogs {
            scope: Some(scope()),
            log_records: lines.iter().map(record).collect(),
            ..ScopeLogs::default()
        };
        let request = ExportLogsServiceRequest {
            resource_logs: vec![ResourceLogs {
                resource: Some(self.resource.clone()),
                scope_logs: vec![scoped],
                ..ResourceLogs::default()
            }],
        };
        sent(&mut self.logs, request.encode_to_vec()).await
    }
}

async fn sent(client: &mut Client, request: Vec<u8>) -> Result<(), Untaken> {
    match client.carry(&Bytes::from(request)).await {
        Ok(accepted) if accepted.rejected > 0 => {
            let (rejected, message) = (accepted.rejected, accepted.message);
            Err(Untaken {
                reason: format!("{rejected} were rejected: {message}"),
                for_good: true,
            })
        }
        Ok(_) => Ok(()),
        Err(failure) => Err(Untaken {
            for_good: matches!(
                failure,
                Failure::TooLarge { .. } | Failure::Permanent { .. }
            ),
            reason: failure.into_reason(),
        }),
    }
}

fn metric(family: Family, since_ns: u64, now_ns: u64) -> Metric {
    let is_counter = family.is_counter;
    let point = |sample: Sample| NumberDataPoint {
        attributes: sample
            .labels
            .iter()
            .map(|(name, value)| text(name, value))
            .collect(),
        start_time_unix_nano: if is_counter { since_ns } else { 0 },
        time_unix_nano: now_ns,
        value: Some(number_data_point::Value::AsInt(sample.value)),
        ..NumberDataPoint::default()
    };
    let data_points = family.samples.into_iter().map(point).collect();
    let data = if is_counter {
        Data::Sum(Sum {
            data_points,
            aggregation_temporality: AggregationTemporality::Cumulative.into(),
            is_monotonic: true,
        })
    } else {
        Data::Gauge(Gauge { data_points })
    };
    Metric {
        name: family.name,
        description: family.help,
        data: Some(data),
        ..Metric::default()
    }
}

fn record(line: &Line) -> LogRecord {
    let severity = match line.level {
        Level::ERROR => SeverityNumber::Error,
        Level::WARN => SeverityNumber::Warn,
        _ => SeverityNumber::Info,
    };
    LogRecord {
        time_unix_nano: line.unix_ns,
        observed_time_unix_nano: line.unix_ns,
        severity_number: severity.into(),
        severity_text: line.level.to_string(),
        body: Some(string(&line.text)),
        attributes: line
            .fields
            .iter()
            .map(|(name, value)| text(name, value))
            .collect(),
        event_name: EVENT_NAME.to_owned(),
        ..LogRecord::default()
    }
}

fn scope() -> InstrumentationScope {
    InstrumentationScope {
        name: SCOPE.to_owned(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        ..InstrumentationScope::default()
    }
}

fn text(name: &str, value: &str) -> KeyValue {
    KeyValue {
        key: name.to_owned(),
        value: Some(string(value)),
        ..KeyValue::default()
    }
}

fn string(value: &str) -> AnyValue {
    AnyValue {
        value: Some(Value::StringValue(value.to_owned())),
    }
}
