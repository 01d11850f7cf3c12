//! A collector that answers by a script, in no time. Once the script ends it is not there.

use std::collections::VecDeque;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use prost::Message;

use super::{Carry, Courier};
use crate::export::otlp::answer::{Accepted, Failure};
use crate::export::sample::{resource, sealed};
use crate::redact::Sealed;

type Answer = Result<Accepted, Failure>;
type Sent = Arc<Mutex<Vec<Bytes>>>;

pub(in crate::export::otlp) struct Script {
    answers: VecDeque<Answer>,
    sent: Sent,
}

impl Script {
    pub(in crate::export::otlp) fn courier(
        answers: impl IntoIterator<Item = Answer>,
    ) -> (Courier<Self>, Sent) {
        let sent = Sent::default();
        let script = Self {
            answers: answers.into_iter().collect(),
            sent: Arc::clone(&sent),
        };
        (Courier::new(script), sent)
    }
}

impl Carry for Script {
    async fn carry(&mut self, request: &Bytes) -> Answer {
        self.sent.lock().unwrap().push(request.clone());
        self.answers.pop_front().unwrap_or_else(unavailable)
    }
}

pub(in crate::export::otlp) const DONE: Answer = Ok(Accepted {
    rejected: 0,
    message: String::new(),
});

pub(in crate::export::otlp) fn unavailable() -> Answer {
    Err(Failure::again("nobody there"))
}

/// Records of one workload, numbered by their time.
pub(in crate::export::otlp) fn batch(numbers: Range<u64>) -> Vec<Sealed> {
    let shared = Arc::from(resource("checkout").encode_to_vec());
    numbers
        .map(|number| {
            sealed(
                &shared,
                &LogRecord {
                    time_unix_nano: number,
                    ..LogRecord::default()
                },
            )
        })
        .collect()
}

/// The numbers of the records in each request, in the order of sending.
pub(in crate::export::otlp) fn numbers(sent: &Sent) -> Vec<Vec<u64>> {
    let sent = sent.lock().unwrap();
    sent.iter()
        .map(|request| {
            let request = ExportLogsServiceRequest::decode(request.clone()).unwrap();
            request
                .resource_logs
                .iter()
                .flat_map(|group| &group.scope_logs)
                .flat_map(|scope| &scope.log_records)
                .map(|record| record.time_unix_nano)
                .collect()
        })
        .collect()
}
