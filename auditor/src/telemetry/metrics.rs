//! What the daemon answers of itself: `/metrics` to Prometheus (OpenMetrics text), `/healthz` and
//! `/readyz` to whoever starts it.

use std::{
    collections::VecDeque, convert::Infallible, io, net::SocketAddr, sync::Arc, time::Duration,
};

use bytes::Bytes;
use http_body_util::Full;
use hyper::{Method, Request, Response, StatusCode, body::Incoming, header, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use prometheus_client::{encoding::text::encode, registry::Registry};
use tokio::{
    net::{TcpListener, TcpStream},
    task::AbortHandle,
};

use super::{
    health::{Health, Phase},
    shown::Shown,
};

/// Connections at a time. One more takes the place of the oldest: whoever holds connections open
/// must not keep a probe out, and have the daemon restarted.
const MAX_CONNECTIONS: usize = 16;
/// Who says nothing for so long is cut off.
const HEAD_TIMEOUT: Duration = Duration::from_secs(10);
/// What to wait for when there are no descriptors left.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);

/// Answers scrapers and probes.
pub struct MetricsEndpoint {
    listener: TcpListener,
    answers: Arc<Answers>,
}

struct Answers {
    registry: Registry,
    health: Health,
}

impl MetricsEndpoint {
    pub async fn bind(address: SocketAddr, shown: &Shown) -> io::Result<Self> {
        let answers = Answers {
            registry: shown.registry(),
            health: shown.health.clone(),
        };
        Ok(Self {
            listener: TcpListener::bind(address).await?,
            answers: Arc::new(answers),
        })
    }

    /// Where it listens, with the port that the kernel chose for port 0.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Answers until the runtime ends.
    pub async fn run(self) {
        let mut open: VecDeque<AbortHandle> = VecDeque::new();
        loop {
            let Ok((connection, _)) = self.listener.accept().await else {
                tokio::time::sleep(ACCEPT_PAUSE).await;
                continue;
            };
            open.retain(|connection| !connection.is_finished());
            if open.len() == MAX_CONNECTIONS
                && let Some(oldest) = open.pop_front()
            {
                oldest.abort();
            }
            let serving = serve(connection, Arc::clone(&self.answers));
            open.push_back(tokio::spawn(serving).abort_handle());
        }
    }
}

// === impl Answers ===

impl Answers {
    fn answer(&self, request: &Request<Incoming>) -> Response<Full<Bytes>> {
        let known = ["/metrics", "/healthz", "/readyz"];
        if !known.contains(&request.uri().path()) {
            return plain(StatusCode::NOT_FOUND);
        }
        if !matches!(*request.method(), Method::GET | Method::HEAD) {
            return plain(StatusCode::METHOD_NOT_ALLOWED);
        }
        match request.uri().path() {
            "/metrics" => self.metrics(),
            "/healthz" => self.phase(StatusCode::OK),
            _ if self.health.phase() == Phase::Ready => self.phase(StatusCode::OK),
            _ => self.phase(StatusCode::SERVICE_UNAVAILABLE),
        }
    }

    fn metrics(&self) -> Response<Full<Bytes>> {
        let mut text = String::new();
        if encode(&mut text, &self.registry).is_err() {
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

    fn phase(&self, status: StatusCode) -> Response<Full<Bytes>> {
        let mut response = plain(status);
        *response.body_mut() = Full::from(self.health.phase().as_str());
        response
    }
}

async fn serve(connection: TcpStream, answers: Arc<Answers>) {
    let service = service_fn(|request| {
        let response = answers.answer(&request);
        async move { Ok::<_, Infallible>(response) }
    });
    // Who goes away in the middle is no concern of ours.
    let _ = hyper::server::conn::http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(HEAD_TIMEOUT)
        .serve_connection(TokioIo::new(connection), service)
        .await;
}

fn plain(status: StatusCode) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::default());
    *response.status_mut() = status;
    response
}

#[cfg(test)]
mod tests {
    use std::net::SocketAddr;

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpStream,
    };

    use super::{MAX_CONNECTIONS, MetricsEndpoint};
    use crate::telemetry::{Health, Phase, Shown};

    async fn endpoint(health: &Health) -> SocketAddr {
        let any = "127.0.0.1:0".parse().unwrap();
        let shown = Shown {
            health: health.clone(),
            ..Shown::default()
        };
        let endpoint = MetricsEndpoint::bind(any, &shown).await.unwrap();
        let address = endpoint.address().unwrap();
        tokio::spawn(endpoint.run());
        address
    }

    /// Status and body.
    async fn asked(address: SocketAddr, request: &str) -> (u16, String) {
        let mut connection = TcpStream::connect(address).await.unwrap();
        let request = format!("{request} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        connection.write_all(request.as_bytes()).await.unwrap();
        let mut response = String::new();
        connection.read_to_string(&mut response).await.unwrap();
        let (head, body) = response.split_once("\r\n\r\n").unwrap();
        (head[9..12].parse().unwrap(), body.to_owned())
    }

    #[tokio::test]
    async fn a_daemon_is_alive_from_the_start_and_ready_while_it_audits() {
        let health = Health::default();
        let address = endpoint(&health).await;
        for (phase, status) in [
            (Phase::Starting, 503),
            (Phase::Ready, 200),
            (Phase::Stopping, 503),
        ] {
            health.enter(phase);
            let body = phase.as_str().to_owned();
            assert_eq!(asked(address, "GET /readyz").await, (status, body.clone()));
            assert_eq!(asked(address, "GET /healthz").await, (200, body));
        }
        assert_eq!(asked(address, "HEAD /healthz").await, (200, String::new()));
        assert_eq!(asked(address, "POST /readyz").await.0, 405);
        assert_eq!(asked(address, "GET /").await.0, 404);
    }

    #[tokio::test]
    async fn held_connections_keep_no_probe_out() {
        let address = endpoint(&Health::default()).await;
        let mut held = Vec::new();
        for _ in 0..2 * MAX_CONNECTIONS {
            held.push(TcpStream::connect(address).await.unwrap());
        }
        assert_eq!(asked(address, "GET /healthz").await.0, 200);
        assert_eq!(held[0].read(&mut [0; 1]).await.unwrap_or(0), 0);
    }
}
