//! The endpoint that Prometheus scrapes: `GET /metrics`, OpenMetrics text.

use std::{convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, Response, StatusCode, body::Incoming, header, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::{encoding::text::encode, metrics::info::Info, registry::Registry};
use tokio::{net::TcpListener, sync::Semaphore};

use super::{standing::Standing, totals::SharedTotals};

/// Scrapers at a time; more wait.
const MAX_CONNECTIONS: usize = 16;
/// A scraper that says nothing for so long gives its place to another.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// What to wait for when there are no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers scrapers.
pub struct MetricsEndpoint {
    listener: TcpListener,
    registry: Arc<Registry>,
}

impl MetricsEndpoint {
    pub async fn bind(
        address: SocketAddr,
        totals: SharedTotals,
        standing: Option<Standing>,
    ) -> io::Result<Self> {
        let mut registry = Registry::default();
        let build = Info::new([("version", env!("CARGO_PKG_VERSION"))]);
        registry.register("auditor_build", "The daemon that answers", build);
        registry.register_collector(Box::new(totals));
        if let Some(standing) = standing {
            registry.register_collector(Box::new(standing));
        }
        Ok(Self {
            listener: TcpListener::bind(address).await?,
            registry: Arc::new(registry),
        })
    }

    /// Where it listens, with the port that the kernel chose for port 0.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until the runtime ends.
    pub async fn run(self) {
        let places = Arc::new(Semaphore::new(MAX_CONNECTIONS));
        loop {
            let Ok(place) = Arc::clone(&places).acquire_owned().await else {
                return;
            };
            let Ok((connection, _)) = self.listener.accept().await else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            let registry = Arc::clone(&self.registry);
            tokio::spawn(async move {
                let service = service_fn(|request| {
                    let response = answer(&request, &registry);
                    async move { Ok::<_, Infallible>(response) }
                });
                // A scraper that goes away in the middle is no concern of ours.
                let _ = hyper::server::conn::http1::Builder::new()
                    .timer(TokioTimer::new())
                    .header_read_timeout(HEAD_TIMEOUT)
                    .serve_connection(TokioIo::new(connection), service)
                    .await;
                drop(place);
            });
        }
    }
}

fn answer(request: &Request<Incoming>, registry: &Registry) -> Response<Full<Bytes>> {
    if request.uri().path() != "/metrics" {
        return plain(StatusCode::NOT_FOUND);
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return plain(StatusCode::METHOD_NOT_ALLOWED);
    }
    let mut text = String::new();
    if encode(&mut text, registry).is_err() {
        return plain(StatusCode::INTERNAL_SERVER_ERROR);
    }
    let mut response = Response::new(Full::from(text));
    response.headers_mut().insert(
        header::CONTENT_TYPE,
        header::HeaderValue::from_static(
            "application/openmetrics-text; version=1.0.0; charset=utf-8",
        ),
    );
    response
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}
