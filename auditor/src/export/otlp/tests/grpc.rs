use std::collections::VecDeque;

use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use opentelemetry_proto::tonic::collector::logs::v1::logs_service_server::{
    LogsService, LogsServiceServer,
};
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse,
};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpListener;
use tonic::codec::CompressionEncoding;
use tonic::metadata::MetadataMap;
use tonic::{Request, Response, Status};

use super::*;
use crate::export::otlp::courier::script::batch;

#[derive(Default)]
pub(super) struct Collector {
    script: Mutex<VecDeque<Result<ExportLogsServiceResponse, Status>>>,
    requests: Seen<ExportLogsServiceRequest>,
    metadata: Seen<MetadataMap>,
}

#[tonic::async_trait]
impl LogsService for Collector {
    async fn export(
        &self,
        request: Request<ExportLogsServiceRequest>,
    ) -> Result<Response<ExportLogsServiceResponse>, Status> {
        self.metadata
            .lock()
            .unwrap()
            .push(request.metadata().clone());
        self.requests.lock().unwrap().push(request.into_inner());
        let answer = self.script.lock().unwrap().pop_front();
        answer
            .unwrap_or_else(|| Ok(ExportLogsServiceResponse::default()))
            .map(Response::new)
    }
}

pub(super) struct Running {
    pub(super) requests: Seen<ExportLogsServiceRequest>,
    metadata: Seen<MetadataMap>,
}

pub(super) type Service = LogsServiceServer<Collector>;

/// Answers by script, then takes everything.
pub(super) fn service(
    script: impl IntoIterator<Item = Result<ExportLogsServiceResponse, Status>>,
) -> (Service, Running) {
    let collector = Collector {
        script: Mutex::new(script.into_iter().collect()),
        ..Collector::default()
    };
    let running = Running {
        requests: Arc::clone(&collector.requests),
        metadata: Arc::clone(&collector.metadata),
    };
    (
        LogsServiceServer::new(collector).accept_compressed(CompressionEncoding::Gzip),
        running,
    )
}

pub(super) async fn converse(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    service: Service,
) {
    let builder = auto::Builder::new(TokioExecutor::new()).http2_only();
    let service = TowerToHyperService::new(service);
    let _ = builder
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

fn serve(
    listener: TcpListener,
    script: impl IntoIterator<Item = Result<ExportLogsServiceResponse, Status>>,
) -> Running {
    let (service, running) = service(script);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(converse(stream, service.clone()));
        }
    });
    running
}

async fn collector(
    script: impl IntoIterator<Item = Result<ExportLogsServiceResponse, Status>>,
) -> (String, Running) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    (endpoint, serve(listener, script))
}

fn partial(rejected: i64) -> ExportLogsServiceResponse {
    let partial = ExportLogsPartialSuccess {
        rejected_log_records: rejected,
        error_message: "too old".into(),
    };
    ExportLogsServiceResponse {
        partial_success: Some(partial),
    }
}

#[tokio::test]
async fn delivers_with_the_headers_of_the_operator_and_compressed() {
    let (endpoint, running) = collector([]).await;
    let variables = [
        ("HEADERS", "authorization=Bearer%20s3cret"),
        ("COMPRESSION", "gzip"),
    ];
    let outcome = export(settings(&endpoint, &variables), batch(0..600)).await;
    assert_eq!(outcome, delivery(600, 0, 0));
    let requests = seen(&running.requests);
    assert_eq!(requests.iter().map(records).collect::<Vec<_>>(), [512, 88]);
    assert_eq!(requests[0].resource_logs.len(), 1);
    let metadata = seen(&running.metadata);
    assert_eq!(metadata[0].get("authorization").unwrap(), "Bearer s3cret");
    assert_eq!(metadata[0].get("grpc-encoding").unwrap(), "gzip");
    assert_eq!(metadata[0].get("grpc-timeout").unwrap(), "10000000u");
    assert_eq!(metadata[0].get("user-agent").unwrap(), USER_AGENT);
}

#[tokio::test]
async fn tries_again_what_the_server_could_not_take_now() {
    let script = [
        Err(Status::unavailable("starting")),
        Err(Status::resource_exhausted("memory limit")),
        Ok(partial(2)),
    ];
    let (endpoint, running) = collector(script).await;
    assert_eq!(
        export(settings(&endpoint, &[]), batch(0..5)).await,
        delivery(3, 2, 0)
    );
    assert_eq!(
        seen(&running.requests)
            .iter()
            .map(records)
            .collect::<Vec<_>>(),
        [5, 5, 5]
    );
}

#[tokio::test]
async fn a_permanent_failure_is_final_for_the_record_that_causes_it() {
    let bad = || Err(Status::invalid_argument("bad"));
    let (endpoint, running) = collector([bad(), bad()]).await;
    assert_eq!(
        export(settings(&endpoint, &[]), batch(0..2)).await,
        delivery(1, 1, 0)
    );
    assert_eq!(seen(&running.requests).len(), 3);
}

#[tokio::test]
async fn who_is_not_let_in_asks_again() {
    let script = [
        Err(Status::unauthenticated("token expired")),
        Err(Status::permission_denied("not yet")),
    ];
    let (endpoint, running) = collector(script).await;
    assert_eq!(
        export(settings(&endpoint, &[]), batch(0..2)).await,
        delivery(2, 0, 0)
    );
    assert_eq!(seen(&running.requests).len(), 3);
}

#[tokio::test]
async fn halves_what_the_server_finds_too_large() {
    let large = Status::resource_exhausted("grpc: received message larger than max (5 vs. 4)");
    let (endpoint, running) = collector([Err(large)]).await;
    assert_eq!(
        export(settings(&endpoint, &[]), batch(0..5)).await,
        delivery(5, 0, 0)
    );
    assert_eq!(
        seen(&running.requests)
            .iter()
            .map(records)
            .collect::<Vec<_>>(),
        [5, 2, 3]
    );
}

#[tokio::test]
async fn finds_a_collector_that_starts_later() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    drop(listener);
    let endpoint = format!("http://{address}");
    let exporter = tokio::spawn(export(settings(&endpoint, &[]), batch(0..5)));
    tokio::task::yield_now().await;
    let running = serve(TcpListener::bind(address).await.unwrap(), []);
    assert_eq!(exporter.await.unwrap(), delivery(5, 0, 0));
    assert_eq!(seen(&running.requests).len(), 1);
}

#[tokio::test]
async fn a_collector_that_never_comes_costs_nothing_but_the_count() {
    let (sender, receiver) = mpsc::channel(1);
    let (set, drain) = watch::channel(None);
    // Discard: nobody listens there.
    let exporter = Exporter::new(settings("http://127.0.0.1:9", &[])).unwrap();
    let running = tokio::spawn(exporter.run(receiver, Drain::new(drain)));
    sender.send(batch(0..5)).await.unwrap();
    set.send(Some(Instant::now())).unwrap();
    assert_eq!(running.await.unwrap(), delivery(0, 0, 5));
}

#[tokio::test]
async fn a_server_that_does_not_answer_is_asked_again() {
    // Connections wait in the backlog and are never accepted.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let settings = settings(&endpoint, &[("TIMEOUT", "50")]);
    let exporter = tokio::spawn(export(settings, batch(0..5)));
    let (mut silent, _) = listener.accept().await.unwrap();
    let mut byte = [0];
    tokio::io::AsyncReadExt::read_exact(&mut silent, &mut byte)
        .await
        .unwrap();
    let running = serve(listener, []);
    drop(silent);
    assert_eq!(exporter.await.unwrap(), delivery(5, 0, 0));
    assert_eq!(seen(&running.requests).len(), 1);
}
