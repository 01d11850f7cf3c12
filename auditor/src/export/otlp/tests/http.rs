use std::collections::VecDeque;
use std::convert::Infallible;
use std::io::Read;

use ::http::{HeaderMap, Response};
use bytes::Bytes;
use flate2::read::GzDecoder;
use http_body_util::{BodyExt, Full};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use opentelemetry_proto::tonic::collector::logs::v1::{
    ExportLogsPartialSuccess, ExportLogsServiceResponse,
};
use prost::Message;
use tokio::net::TcpListener;

use super::*;
use crate::export::otlp::courier::script::batch;

#[derive(Clone)]
struct Post {
    target: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Post {
    fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    fn records(&self) -> usize {
        records(&ExportLogsServiceRequest::decode(self.body.clone()).unwrap())
    }
}

type Answer = Response<Full<Bytes>>;

fn answer(status: u16, kind: &str, body: impl Into<Bytes>) -> Answer {
    let builder = Response::builder()
        .status(status)
        .header("content-type", kind);
    builder.body(Full::new(body.into())).unwrap()
}

/// Answers by script, then takes everything.
async fn collector(script: impl IntoIterator<Item = Answer>) -> (String, Seen<Post>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let script = Arc::new(Mutex::new(script.into_iter().collect::<VecDeque<_>>()));
    let posts = Seen::default();
    let seen = Arc::clone(&posts);
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
            let service = service_fn(move |request: hyper::Request<Incoming>| {
                let (script, seen) = (Arc::clone(&script), Arc::clone(&seen));
                async move {
                    let (head, body) = request.into_parts();
                    let body = body.collect().await.unwrap().to_bytes();
                    let target = head.uri.to_string();
                    seen.lock().unwrap().push(Post {
                        target,
                        headers: head.headers,
                        body,
                    });
                    let next = script.lock().unwrap().pop_front();
                    Ok::<_, Infallible>(
                        next.unwrap_or_else(|| answer(200, "application/x-protobuf", "")),
                    )
                }
            });
            tokio::spawn(async move {
                let builder = auto::Builder::new(TokioExecutor::new()).http1_only();
                let _ = builder
                    .serve_connection(TokioIo::new(stream), service)
                    .await;
            });
        }
    });
    (endpoint, posts)
}

fn over_http(endpoint: &str, variables: &[(&str, &str)]) -> OtlpSettings {
    settings(
        endpoint,
        &[&[("PROTOCOL", "http/protobuf")], variables].concat(),
    )
}

fn partial(rejected: i64) -> Answer {
    let partial = ExportLogsPartialSuccess {
        rejected_log_records: rejected,
        error_message: "too old".into(),
    };
    let response = ExportLogsServiceResponse {
        partial_success: Some(partial),
    };
    answer(200, "application/x-protobuf", response.encode_to_vec())
}

#[tokio::test]
async fn posts_protobuf_with_the_headers_of_the_operator() {
    let (endpoint, posts) = collector([]).await;
    let settings = over_http(&endpoint, &[("HEADERS", "x-tenant=a%20b")]);
    assert_eq!(export(settings, batch(0..5)).await, delivery(5, 0, 0));
    let posts = seen(&posts);
    assert_eq!(posts.len(), 1);
    assert_eq!(posts[0].target, "/v1/logs");
    assert_eq!(posts[0].header("content-type"), "application/x-protobuf");
    assert_eq!(posts[0].header("x-tenant"), "a b");
    assert_eq!(posts[0].header("user-agent"), USER_AGENT);
    assert_eq!(posts[0].records(), 5);
}

#[tokio::test]
async fn posts_json_compressed() {
    let partial = r#"{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too old"}}"#;
    let (endpoint, posts) = collector([answer(200, "application/json", partial)]).await;
    let variables = [("PROTOCOL", "http/json"), ("COMPRESSION", "gzip")];
    let outcome = export(settings(&endpoint, &variables), batch(0..5)).await;
    assert_eq!(outcome, delivery(4, 1, 0));
    let post = &seen(&posts)[0];
    assert_eq!(post.header("content-type"), "application/json");
    assert_eq!(post.header("content-encoding"), "gzip");
    let mut json = String::new();
    GzDecoder::new(&post.body[..])
        .read_to_string(&mut json)
        .unwrap();
    let request: ExportLogsServiceRequest = serde_json::from_str(&json).unwrap();
    assert_eq!(records(&request), 5);
}

#[tokio::test]
async fn tries_again_what_the_server_could_not_take_now() {
    let mut busy = answer(429, "text/plain", "busy");
    busy.headers_mut()
        .insert("retry-after", "0".parse().unwrap());
    let script = [busy, answer(503, "text/plain", ""), partial(2)];
    let (endpoint, posts) = collector(script).await;
    assert_eq!(
        export(over_http(&endpoint, &[]), batch(0..5)).await,
        delivery(3, 2, 0)
    );
    assert_eq!(
        seen(&posts).iter().map(Post::records).collect::<Vec<_>>(),
        [5, 5, 5]
    );
}

#[tokio::test]
async fn waits_as_long_as_retry_after_says() {
    let mut busy = answer(429, "text/plain", "");
    busy.headers_mut()
        .insert("retry-after", "1".parse().unwrap());
    let (endpoint, _) = collector([busy]).await;
    let start = Instant::now();
    assert_eq!(
        export(over_http(&endpoint, &[]), batch(0..1)).await,
        delivery(1, 0, 0)
    );
    // Our own first wait is a fifth of it at most.
    assert!(start.elapsed() >= std::time::Duration::from_secs(1));
}

#[tokio::test]
async fn a_permanent_failure_is_final_for_the_record_that_causes_it() {
    let bad = || answer(400, "text/plain", "bad");
    let (endpoint, posts) = collector([bad(), bad()]).await;
    assert_eq!(
        export(over_http(&endpoint, &[]), batch(0..2)).await,
        delivery(1, 1, 0)
    );
    assert_eq!(seen(&posts).len(), 3);
}

#[tokio::test]
async fn who_is_not_let_in_or_meets_a_web_page_asks_again() {
    let script = [
        answer(401, "text/plain", ""),
        answer(500, "text/plain", ""),
        answer(200, "text/html", "<h1>Please log in</h1>"),
    ];
    let (endpoint, posts) = collector(script).await;
    assert_eq!(
        export(over_http(&endpoint, &[]), batch(0..2)).await,
        delivery(2, 0, 0)
    );
    assert_eq!(seen(&posts).len(), 4);
}

#[tokio::test]
async fn halves_what_the_server_finds_too_large() {
    let script = [413, 200, 413].map(|status| answer(status, "text/plain", ""));
    let (endpoint, posts) = collector(script).await;
    assert_eq!(
        export(over_http(&endpoint, &[]), batch(0..4)).await,
        delivery(4, 0, 0)
    );
    assert_eq!(
        seen(&posts).iter().map(Post::records).collect::<Vec<_>>(),
        [4, 2, 2, 1, 1]
    );
}
