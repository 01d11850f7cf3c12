//! What to send to and how, from the `OTEL_EXPORTER_OTLP_*` variables of the specification.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use http::Uri;

use self::target::Target;
use self::variables::Variables;
use super::headers::{HeaderError, Headers};
use super::signal::Signal;

mod target;
#[cfg(test)]
mod tests;
mod variables;

/// The registered OTLP/HTTP port: who names it without a protocol means HTTP.
const HTTP_PORT: u16 = 4318;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    Grpc,
    HttpProtobuf,
    HttpJson,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Compression {
    None,
    Gzip,
}

/// PEM files. Without `certificate` the system's roots are trusted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct TlsFiles {
    pub(super) certificate: Option<PathBuf>,
    /// Certificate chain and key of this client.
    pub(super) client: Option<(PathBuf, PathBuf)>,
}

#[derive(Clone)]
pub struct OtlpSettings {
    pub(super) signal: Signal,
    pub(super) endpoint: Uri,
    pub(super) protocol: Protocol,
    pub(super) headers: Headers,
    pub(super) timeout: Duration,
    pub(super) compression: Compression,
    pub(super) tls: TlsFiles,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SettingsError {
    #[error("{0}: not a URL; write for example http://collector:4317")]
    Endpoint(String),
    #[error("{0}: needs http:// or https:// with this protocol")]
    Scheme(String),
    #[error("{0}: credentials do not belong into the URL; use OTEL_EXPORTER_OTLP_HEADERS")]
    Credentials(String),
    #[error("{name}: {value:?} is not one of {choices}")]
    Choice {
        name: String,
        value: String,
        choices: &'static str,
    },
    #[error("{0}: not a time in milliseconds greater than 0")]
    Timeout(String),
    #[error("{0}: {1}")]
    Headers(String, HeaderError),
    #[error("OTEL_EXPORTER_OTLP_CLIENT_CERTIFICATE and OTEL_EXPORTER_OTLP_CLIENT_KEY: set both")]
    ClientPair,
}

impl OtlpSettings {
    /// `None` when no endpoint is named: an auditor sends to nobody by default.
    ///
    /// `endpoint` is the command line's and wins over the variables. Each variable's `LOGS_` form
    /// wins over its general form, and an empty one counts as absent. Unlike an SDK, which
    /// ignores a value it cannot read, this refuses it: records must not go astray by a typo.
    /// Without a protocol it is gRPC, or HTTP with protobuf when the port is 4318.
    pub fn from_lookup(
        endpoint: Option<&str>,
        lookup: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, SettingsError> {
        let variables = Variables { lookup };
        let Some(target) = Target::find(endpoint, &variables) else {
            return Ok(None);
        };
        let uri = target.parse()?;
        let protocol = variables.protocol()?.unwrap_or(match uri.port_u16() {
            Some(HTTP_PORT) => Protocol::HttpProtobuf,
            _ => Protocol::Grpc,
        });
        let endpoint = match protocol {
            Protocol::Grpc => target.with_scheme(uri, variables.insecure()?)?,
            Protocol::HttpProtobuf | Protocol::HttpJson => target.with_path(uri)?,
        };
        Ok(Some(Self {
            signal: Signal::Logs,
            endpoint,
            protocol,
            headers: variables.headers()?,
            timeout: variables.timeout()?,
            compression: variables.compression()?,
            tls: variables.tls()?,
        }))
    }

    /// The same collector, for metrics. `None` if over HTTP its URL is that of logs alone.
    pub(super) fn for_metrics(&self) -> Option<Self> {
        let endpoint = match self.protocol {
            Protocol::Grpc => self.endpoint.clone(),
            Protocol::HttpProtobuf | Protocol::HttpJson => {
                target::moved(&self.endpoint, Signal::Logs.path(), Signal::Metrics.path())?
            }
        };
        Some(Self {
            signal: Signal::Metrics,
            endpoint,
            ..self.clone()
        })
    }

    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// The endpoint, fit to be shown: without a query, which may hold a key.
    pub fn shown_endpoint(&self) -> String {
        let text = self.endpoint.to_string();
        text.split_once('?')
            .map_or(text.as_str(), |(shown, _)| shown)
            .to_owned()
    }
}

impl fmt::Debug for OtlpSettings {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("OtlpSettings")
            .field("signal", &self.signal)
            .field("endpoint", &self.shown_endpoint())
            .field("protocol", &self.protocol)
            .field("headers", &self.headers)
            .field("timeout", &self.timeout)
            .field("compression", &self.compression)
            .field("tls", &self.tls)
            .finish()
    }
}
