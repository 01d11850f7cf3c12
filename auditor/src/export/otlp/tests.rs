//! The whole path, against servers on the loopback: the published gRPC service and a plain HTTP
//! server, each with faults by script.

mod grpc;
mod http;
mod tls;

use std::sync::{Arc, Mutex, PoisonError};

use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use tokio::sync::{mpsc, watch};
use tokio::time::Instant;

use super::*;
use crate::redact::Sealed;

/// What a server saw, in order.
type Seen<T> = Arc<Mutex<Vec<T>>>;

fn seen<T: Clone>(seen: &Seen<T>) -> Vec<T> {
    seen.lock().unwrap_or_else(PoisonError::into_inner).clone()
}

fn records(request: &ExportLogsServiceRequest) -> usize {
    let scopes = request
        .resource_logs
        .iter()
        .flat_map(|group| &group.scope_logs);
    scopes.map(|scope| scope.log_records.len()).sum()
}

/// The settings for an endpoint with variables of the environment, named without their prefix.
fn settings(endpoint: &str, variables: &[(&str, &str)]) -> OtlpSettings {
    let lookup = |name: &str| {
        let suffix = name.strip_prefix("OTEL_EXPORTER_OTLP_")?;
        let (_, value) = variables.iter().find(|(variable, _)| *variable == suffix)?;
        Some((*value).to_owned())
    };
    OtlpSettings::from_lookup(Some(endpoint), lookup)
        .unwrap()
        .unwrap()
}

/// Exports one batch and closes. Should the server never answer, the deadline ends it.
async fn export(settings: OtlpSettings, batch: Vec<Sealed>) -> Delivery {
    let (sender, receiver) = mpsc::channel(1);
    let deadline = Instant::now() + std::time::Duration::from_secs(20);
    let (_set, drain) = watch::channel(Some(deadline));
    sender.send(batch).await.unwrap();
    drop(sender);
    Exporter::new(settings)
        .unwrap()
        .run(receiver, Drain::new(drain))
        .await
}

fn delivery(acknowledged: u64, rejected: u64, undelivered: u64) -> Delivery {
    Delivery {
        acknowledged,
        rejected,
        undelivered,
    }
}
