//! A collector that treats requests as it is told to, over gRPC and over HTTP on one port.

use std::collections::HashMap;
use std::net::TcpListener;
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::Duration;

use http_body_util::{BodyExt as _, Full, combinators::BoxBody};
use hyper::body::{Bytes, Incoming};
use hyper::header::{CONTENT_TYPE, HeaderMap, HeaderValue};
use hyper::service::service_fn;
use hyper::{Request, Response};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceRequest, ExportLogsServiceResponse,
};
use opentelemetry_proto::tonic::collector::metrics::v1::ExportMetricsServiceRequest;
use opentelemetry_proto::tonic::logs::v1::LogRecord;
use opentelemetry_proto::tonic::metrics::v1::{Metric, metric::Data, number_data_point::Value};
use prost::Message as _;
use tokio::io::AsyncWriteExt as _;
use tokio::net::TcpStream;

use super::kept::record_id;

/// The event of a line of the daemon's log.
const LINE: &str = "auditor.log";

/// What becomes of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mood {
    /// It is taken.
    Takes,
    /// It is taken after a while.
    Slow,
    /// Connections are closed without a word.
    Gone,
    /// Too many requests: 429, or `RESOURCE_EXHAUSTED` without `RetryInfo`.
    Busy,
    /// The server has trouble: 500, or `INTERNAL`.
    Broken,
    /// The credentials are not good.
    Denies,
    /// More than four records are too large.
    Small,
    /// It is taken but for its first record.
    Picky,
    /// Something else answers at the address.
    Garbage,
    /// Connections are kept and nothing is answered.
    Silent,
}

#[derive(Clone)]
pub(crate) struct Fickle {
    state: Arc<Mutex<State>>,
    port: u16,
}

struct State {
    mood: Mood,
    /// Every record that was taken, with how often, by its id.
    taken: HashMap<String, (LogRecord, u32)>,
    refused: u64,
    /// What the daemon told of itself: the latest metrics, and the lines of its log.
    metrics: Vec<Metric>,
    lines: Vec<LogRecord>,
}

type Answer = Response<BoxBody<Bytes, std::convert::Infallible>>;

// === impl Fickle ===

impl Fickle {
    pub(crate) fn start(mood: Mood) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        let state = State {
            mood,
            taken: HashMap::new(),
            refused: 0,
            metrics: Vec::new(),
            lines: Vec::new(),
        };
        let fickle = Self {
            state: Arc::new(Mutex::new(state)),
            port,
        };
        let serving = fickle.clone();
        // Ends with the test's process.
        thread::spawn(move || serving.serve(listener));
        fickle
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    pub(crate) fn turn(&self, mood: Mood) {
        self.state().mood = mood;
    }

    /// How often the record with this id was taken.
    pub(crate) fn times(&self, id: &str) -> u32 {
        self.state().taken.get(id).map_or(0, |(_, times)| *times)
    }

    /// Different records that were taken, and how often one was taken again.
    pub(crate) fn taken(&self) -> (u64, u64) {
        let state = self.state();
        let times: u64 = state.taken.values().map(|(_, n)| u64::from(*n)).sum();
        let different = state.taken.len() as u64;
        (different, times - different)
    }

    /// Records that were refused for good.
    pub(crate) fn refused(&self) -> u64 {
        self.state().refused
    }

    /// Sum of a metric of the daemon, as it was told last.
    pub(crate) fn metric(&self, name: &str) -> Option<i64> {
        let state = self.state();
        let metric = state.metrics.iter().find(|metric| metric.name == name)?;
        let points = match metric.data.as_ref()? {
            Data::Sum(sum) => &sum.data_points,
            Data::Gauge(gauge) => &gauge.data_points,
            _ => return None,
        };
        let value = |value: &Option<Value>| match value {
            Some(Value::AsInt(value)) => *value,
            other => panic!("{name}: {other:?}"),
        };
        Some(points.iter().map(|point| value(&point.value)).sum())
    }

    /// Lines of the daemon's log.
    pub(crate) fn lines(&self) -> Vec<LogRecord> {
        self.state().lines.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().expect("no test panics with it")
    }

    fn serve(&self, listener: TcpListener) {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime can be made");
        runtime.block_on(async {
            listener.set_nonblocking(true).expect("it is a socket");
            let listener = tokio::net::TcpListener::from_std(listener).expect("it listens");
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(self.clone().converse(stream));
            }
        });
    }

    async fn converse(self, mut stream: TcpStream) {
        let mood = self.state().mood;
        match mood {
            Mood::Gone => return,
            Mood::Garbage => {
                let _ = stream.write_all(b"SSH-2.0-OpenSSH_9.2\r\n\x00\xff").await;
                return;
            }
            _ => {}
        }
        let service = service_fn(|request| self.clone().answer(request));
        // A client that goes away in the middle is what some of these tests are about.
        let _ = auto::Builder::new(TokioExecutor::new())
            .serve_connection(TokioIo::new(stream), service)
            .await;
    }

    async fn answer(self, request: Request<Incoming>) -> Result<Answer, &'static str> {
        let grpc = request.headers().get(CONTENT_TYPE)
            == Some(&HeaderValue::from_static("application/grpc"));
        let is_metrics = request.uri().path().to_lowercase().contains("metrics");
        let body = request.into_body().collect().await.map_err(|_| "cut")?;
        let body = body.to_bytes();
        let message = body.get(if grpc { 5 } else { 0 }..).ok_or("no message")?;
        if is_metrics {
            self.hear(&ExportMetricsServiceRequest::decode(message).map_err(|_| "no request")?);
            return Ok(accepted(grpc, 0));
        }
        let request = ExportLogsServiceRequest::decode(message).map_err(|_| "no request")?;
        let mut records = request.resource_logs.into_iter();
        let records = records.by_ref().flat_map(|group| group.scope_logs);
        let records: Vec<_> = records.flat_map(|scope| scope.log_records).collect();
        let mood = self.state().mood;
        match mood {
            Mood::Slow => tokio::time::sleep(Duration::from_millis(300)).await,
            Mood::Gone | Mood::Garbage => return Err("gone"),
            Mood::Silent => std::future::pending().await,
            Mood::Busy => return Ok(refusal(grpc, 429, 8, "busy")),
            Mood::Broken => return Ok(refusal(grpc, 500, 13, "broken")),
            Mood::Denies => return Ok(refusal(grpc, 401, 16, "who are you")),
            Mood::Small if records.len() > 4 => {
                return Ok(refusal(grpc, 413, 8, "message larger than max"));
            }
            Mood::Takes | Mood::Small | Mood::Picky => {}
        }
        Ok(accepted(grpc, self.take(records, mood)))
    }

    fn hear(&self, request: &ExportMetricsServiceRequest) {
        let groups = request.resource_metrics.iter();
        let scopes = groups.flat_map(|group| &group.scope_metrics);
        self.state().metrics = scopes.flat_map(|scope| scope.metrics.clone()).collect();
    }

    /// Returns how many are refused.
    fn take(&self, records: Vec<LogRecord>, mood: Mood) -> i64 {
        let refused = usize::from(mood == Mood::Picky);
        let mut state = self.state();
        state.refused += refused as u64;
        for record in records.into_iter().skip(refused) {
            if record.event_name == LINE {
                state.lines.push(record);
                continue;
            }
            let id = record_id(&record);
            let known = state.taken.entry(id).or_insert_with(|| (record.clone(), 0));
            assert_eq!(known.0, record, "two records have one id");
            known.1 += 1;
        }
        refused as i64
    }
}

fn accepted(grpc: bool, rejected: i64) -> Answer {
    let partial = ExportLogsPartialSuccess {
        rejected_log_records: rejected,
        error_message: "not this one".to_owned(),
    };
    let message = ExportLogsServiceResponse {
        partial_success: (rejected > 0).then_some(partial),
    };
    let message = message.encode_to_vec();
    if !grpc {
        let response = Response::builder().header(CONTENT_TYPE, "application/x-protobuf");
        return response.body(whole(message)).expect("it is valid");
    }
    let length = (message.len() as u32).to_be_bytes();
    let framed = [&[0][..], &length, &message].concat();
    let status = HeaderMap::from_iter([(
        "grpc-status".parse().expect("it is a name"),
        HeaderValue::from_static("0"),
    )]);
    let body = Full::new(Bytes::from(framed)).with_trailers(async { Some(Ok(status)) });
    let response = Response::builder().header(CONTENT_TYPE, "application/grpc");
    response.body(body.boxed()).expect("it is valid")
}

fn refusal(grpc: bool, status: u16, code: u8, message: &'static str) -> Answer {
    let response = if grpc {
        Response::builder()
            .header(CONTENT_TYPE, "application/grpc")
            .header("grpc-status", code.to_string())
            .header("grpc-message", message)
    } else {
        Response::builder().status(status)
    };
    response.body(whole(Vec::new())).expect("it is valid")
}

fn whole(body: Vec<u8>) -> BoxBody<Bytes, std::convert::Infallible> {
    Full::new(Bytes::from(body)).boxed()
}
