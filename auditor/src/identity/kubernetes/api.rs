//! Requests to the API server, and its answers within bounds.

use std::time::Duration;

use http::StatusCode;
use http_body_util::{BodyExt as _, LengthLimitError, Limited};
use kube::Client;
use kube::client::Body;
use serde::de::DeserializeOwned;
use tokio::time::timeout;

use super::failure::Failure;
use super::lines::Lines;

/// For a server to begin its answer, or to give the whole of one that is no stream.
pub(super) const TIMEOUT: Duration = Duration::from_secs(30);

/// A page of pods is a few megabytes.
pub(super) const MAX_ANSWER: usize = 32 * 1024 * 1024;

type Request = http::Request<Vec<u8>>;

/// Pods have secrets in their environment, so only this file sees an answer as text: the client's
/// own ways to read one log what they can't make sense of.
#[derive(Clone)]
pub(super) struct Api {
    client: Client,
}

impl Api {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    pub(super) async fn ask<T: DeserializeOwned>(&self, request: Request) -> Result<T, Failure> {
        let answer = async {
            let body = self.send(request).await?;
            let bytes = Limited::new(body, MAX_ANSWER).collect().await;
            let bytes = bytes.map_err(|error| {
                if error.is::<LengthLimitError>() {
                    Failure::TooLong
                } else {
                    Failure::Lost
                }
            })?;
            serde_json::from_slice(&bytes.to_bytes()).map_err(|_| Failure::Unreadable)
        };
        timeout(TIMEOUT, answer)
            .await
            .unwrap_or(Err(Failure::Silent))
    }

    /// An answer that goes on.
    pub(super) async fn follow(&self, request: Request) -> Result<Lines, Failure> {
        let body = timeout(TIMEOUT, self.send(request)).await;
        body.unwrap_or(Err(Failure::Silent)).map(Lines::new)
    }

    async fn send(&self, request: Request) -> Result<Body, Failure> {
        let answer = self.client.send(request.map(Body::from)).await;
        let answer = answer.map_err(|error| Failure::of(&error))?;
        match answer.status() {
            StatusCode::OK => Ok(answer.into_body()),
            refused => Err(Failure::Refused(refused)),
        }
    }
}
