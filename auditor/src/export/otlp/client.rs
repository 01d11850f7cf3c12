//! The connection to the collector, whatever the protocol.

use std::time::{Duration, Instant};

use bytes::Bytes;
use http::uri::Scheme;
use hyper_rustls::{HttpsConnector, HttpsConnectorBuilder};
use hyper_util::client::legacy::{Client as Pool, connect::HttpConnector};
use hyper_util::rt::{TokioExecutor, TokioTimer};

use super::answer::{Accepted, Failure};
use super::courier::Carry;
use super::grpc::GrpcClient;
use super::http::HttpClient;
use super::settings::{OtlpSettings, Protocol, TlsFiles};
use super::tls::{self, Stamp, TlsError};

/// Certificates rotate in hours; while all goes well, looking more often than this finds nothing.
const CERTIFICATE_CHECK: Duration = Duration::from_secs(30);
/// A peer that vanished without a word is noticed by an unanswered ping.
const PING: Duration = Duration::from_secs(15);

pub(super) type Connector = HttpsConnector<HttpConnector>;

#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error("endpoint {0}: cannot be used with gRPC")]
    Endpoint(String),
}

/// Connects when first used and again whenever it must; nothing needs to listen before.
pub(super) struct Client {
    settings: OtlpSettings,
    wire: Wire,
    stamp: Stamp,
    checked: Instant,
    /// The last request did not come through: perhaps for a certificate that has been replaced.
    failed: bool,
}

enum Wire {
    Grpc(GrpcClient),
    Http(HttpClient),
}

impl Client {
    pub(super) fn new(settings: OtlpSettings) -> Result<Self, SetupError> {
        if settings.tls != TlsFiles::default() && !is_tls(&settings) {
            tracing::warn!(
                endpoint = settings.shown_endpoint(),
                "the OTLP certificates are not used: the endpoint is not https"
            );
        }
        let stamp = Stamp::of(&settings.tls);
        let wire = Wire::new(&settings)?;
        Ok(Self {
            settings,
            wire,
            stamp,
            checked: Instant::now(),
            failed: false,
        })
    }

    /// Takes up certificates that have changed on disk. While they cannot be used (the second of
    /// two files is still being written) the old ones stay.
    fn refresh(&mut self) {
        let is_due = self.failed || self.checked.elapsed() >= CERTIFICATE_CHECK;
        if !is_tls(&self.settings) || !is_due {
            return;
        }
        self.checked = Instant::now();
        let stamp = Stamp::of(&self.settings.tls);
        if stamp == self.stamp {
            return;
        }
        match Wire::new(&self.settings) {
            Ok(wire) => {
                tracing::info!("the OTLP certificates changed: reconnecting with the new ones");
                self.wire = wire;
                self.stamp = stamp;
            }
            Err(error) => tracing::warn!(%error, "the new OTLP certificates cannot be used yet"),
        }
    }
}

impl Carry for Client {
    async fn carry(&mut self, request: &Bytes) -> Result<Accepted, Failure> {
        self.refresh();
        let timeout = self.settings.timeout;
        let answer = tokio::time::timeout(timeout, async {
            match &mut self.wire {
                Wire::Grpc(client) => client.send(request, timeout).await,
                Wire::Http(client) => client.send(request).await,
            }
        });
        let answer = answer.await.unwrap_or_else(|_| {
            Err(Failure::again(format!(
                "no answer within {} ms",
                timeout.as_millis()
            )))
        });
        self.failed = answer.is_err();
        // The one place that every server's words pass on their way to a log.
        let redact = |text: String| self.settings.headers.redact(&text);
        match answer {
            Ok(accepted) => Ok(Accepted {
                message: redact(accepted.message),
                ..accepted
            }),
            Err(failure) => Err(failure.map_reason(redact)),
        }
    }
}

impl Wire {
    fn new(settings: &OtlpSettings) -> Result<Self, SetupError> {
        let tls = if is_tls(settings) {
            tls::config(&settings.tls)?
        } else {
            tls::unused()?
        };
        let connector = HttpsConnectorBuilder::new()
            .with_tls_config(tls)
            .https_or_http();
        let mut tcp = HttpConnector::new();
        tcp.enforce_http(false);
        tcp.set_nodelay(true);
        let mut pool = Pool::builder(TokioExecutor::new());
        pool.timer(TokioTimer::new()).pool_timer(TokioTimer::new());
        Ok(match settings.protocol {
            Protocol::Grpc => {
                pool.http2_only(true).http2_keep_alive_interval(PING);
                let connector = connector.enable_http2().wrap_connector(tcp);
                Self::Grpc(GrpcClient::new(pool.build(connector), settings)?)
            }
            Protocol::HttpProtobuf | Protocol::HttpJson => {
                let connector = connector.enable_http1().wrap_connector(tcp);
                Self::Http(HttpClient::new(pool.build(connector), settings))
            }
        })
    }
}

fn is_tls(settings: &OtlpSettings) -> bool {
    settings.endpoint.scheme() == Some(&Scheme::HTTPS)
}

/// An error with its causes: the outermost of hyper's says only that there was one.
pub(super) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let inner = error.to_string();
        if !text.ends_with(&inner) {
            text = format!("{text}: {inner}");
        }
        cause = error.source();
    }
    text
}
