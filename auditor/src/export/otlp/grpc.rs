//! OTLP over gRPC: requests that are encoded already, answers read in full.

use std::time::Duration;

use bytes::{Buf, BufMut, Bytes};
use http::Uri;
use http::uri::PathAndQuery;
use hyper_util::client::legacy::Client as Pool;
use tonic::body::Body;
use tonic::client::Grpc;
use tonic::codec::{Codec, CompressionEncoding, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::metadata::MetadataMap;
use tonic::{Request, Status};

use super::answer::{Accepted, Failure, shown};
use super::client::{Connector, SetupError, with_causes};
use super::retry;
use super::settings::{Compression, OtlpSettings};

pub(super) struct GrpcClient {
    grpc: Grpc<Pool<Connector, Body>>,
    metadata: MetadataMap,
    method: PathAndQuery,
}

impl GrpcClient {
    pub(super) fn new(
        pool: Pool<Connector, Body>,
        settings: &OtlpSettings,
    ) -> Result<Self, SetupError> {
        let origin = origin(&settings.endpoint)
            .ok_or_else(|| SetupError::Endpoint(settings.shown_endpoint()))?;
        let mut grpc = Grpc::with_origin(pool, origin).accept_compressed(CompressionEncoding::Gzip);
        if settings.compression == Compression::Gzip {
            grpc = grpc.send_compressed(CompressionEncoding::Gzip);
        }
        let mut metadata = MetadataMap::from_headers(settings.headers.map().clone());
        metadata.insert(
            "user-agent",
            tonic::metadata::MetadataValue::from_static(super::USER_AGENT),
        );
        Ok(Self {
            grpc,
            metadata,
            method: PathAndQuery::from_static(settings.signal.method()),
        })
    }

    pub(super) async fn send(
        &mut self,
        request: &Bytes,
        timeout: Duration,
    ) -> Result<Accepted, Failure> {
        let mut request = Request::new(request.clone());
        *request.metadata_mut() = self.metadata.clone();
        request.set_timeout(timeout);
        self.grpc
            .ready()
            .await
            .map_err(|error| Failure::again(with_causes(&error)))?;
        let method = self.method.clone();
        match self.grpc.unary(request, method, Encoded).await {
            Ok(answer) => Ok(Accepted::from_protobuf(answer.get_ref())),
            Err(status) => Err(failure(&status)),
        }
    }
}

/// The path of an endpoint is a prefix, for proxies that route by it.
fn origin(endpoint: &Uri) -> Option<Uri> {
    let mut parts = endpoint.clone().into_parts();
    let prefix = endpoint.path().trim_end_matches('/');
    parts.path_and_query = Some(if prefix.is_empty() { "/" } else { prefix }.parse().ok()?);
    Uri::from_parts(parts).ok()
}

fn failure(status: &Status) -> Failure {
    // A status with a cause was made on this side, of a connection that failed; whatever code it
    // was given, the collector did not judge the request.
    if let Some(cause) = std::error::Error::source(status) {
        return Failure::again(shown(&with_causes(cause)));
    }
    let reason = format!("{:?}: {}", status.code(), shown(status.message()));
    retry::of_grpc(status.code(), status.message(), status.details(), reason)
}

/// Passes messages through as bytes.
struct Encoded;

impl Codec for Encoded {
    type Encode = Bytes;
    type Decode = Bytes;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn encode(&mut self, message: Bytes, out: &mut EncodeBuf<'_>) -> Result<(), Status> {
        out.put(message);
        Ok(())
    }
}

impl Decoder for Encoded {
    type Item = Bytes;
    type Error = Status;

    fn decode(&mut self, message: &mut DecodeBuf<'_>) -> Result<Option<Bytes>, Status> {
        Ok(Some(message.copy_to_bytes(message.remaining())))
    }
}
