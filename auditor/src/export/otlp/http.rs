//! OTLP over HTTP/1.1: one POST a request, in protobuf or in JSON.

use std::io::Write;
use std::time::Duration;

use bytes::Bytes;
use flate2::write::GzEncoder;
use http::header::{
    ACCEPT_ENCODING, CONTENT_ENCODING, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER,
    USER_AGENT,
};
use http::{Method, Request, StatusCode, Uri};
use http_body_util::{BodyExt, Full, Limited};
use hyper::body::Incoming;
use hyper_util::client::legacy::Client as Pool;
use jiff::Timestamp;
use jiff::fmt::rfc2822;

use super::answer::{Accepted, Failure, shown};
use super::client::{Connector, with_causes};
use super::retry;
use super::settings::{Compression, OtlpSettings, Protocol};
use super::signal::Signal;
use crate::export::wire::Fields;

/// An answer is a few words; what is longer is not for us.
const MAX_ANSWER: usize = 64 * 1024;
const PROTOBUF: &str = "application/x-protobuf";
const JSON: &str = "application/json";

pub(super) struct HttpClient {
    pool: Pool<Connector, Full<Bytes>>,
    signal: Signal,
    endpoint: Uri,
    headers: HeaderMap,
    json: bool,
    gzip: bool,
}

impl HttpClient {
    pub(super) fn new(pool: Pool<Connector, Full<Bytes>>, settings: &OtlpSettings) -> Self {
        let json = settings.protocol == Protocol::HttpJson;
        let gzip = settings.compression == Compression::Gzip;
        let mut headers = settings.headers.map().clone();
        let kind = if json { JSON } else { PROTOBUF };
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        headers.insert(USER_AGENT, HeaderValue::from_static(super::USER_AGENT));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        if gzip {
            headers.insert(CONTENT_ENCODING, HeaderValue::from_static("gzip"));
        }
        Self {
            pool,
            signal: settings.signal,
            endpoint: settings.endpoint.clone(),
            headers,
            json,
            gzip,
        }
    }

    pub(super) async fn send(&mut self, request: &Bytes) -> Result<Accepted, Failure> {
        let body = self
            .body(request)
            .map_err(|reason| Failure::Permanent { reason })?;
        let mut post = Request::new(Full::new(body));
        *post.method_mut() = Method::POST;
        *post.uri_mut() = self.endpoint.clone();
        *post.headers_mut() = self.headers.clone();
        let answer = self
            .pool
            .request(post)
            .await
            .map_err(|error| Failure::again(with_causes(&error)))?;
        let (head, body) = answer.into_parts();
        // The status tells what became of the request, whether or not the text can be had.
        let text = read(body).await;
        if head.status.is_success() {
            return accepted(&head.headers, &text);
        }
        let after = head
            .headers
            .get(RETRY_AFTER)
            .and_then(|value| retry_after(value.to_str().ok()?, Timestamp::now()));
        Err(retry::of_http(
            head.status,
            after,
            reason(head.status, &head.headers, &text),
        ))
    }

    fn body(&self, request: &Bytes) -> Result<Bytes, String> {
        let body = if self.json {
            Bytes::from(
                self.signal
                    .json(request)
                    .map_err(|error| error.to_string())?,
            )
        } else {
            request.clone()
        };
        if self.gzip {
            compressed(&body).map_err(|error| error.to_string())
        } else {
            Ok(body)
        }
    }
}

fn compressed(body: &[u8]) -> std::io::Result<Bytes> {
    let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(body)?;
    Ok(Bytes::from(encoder.finish()?))
}

async fn read(body: Incoming) -> Bytes {
    match Limited::new(body, MAX_ANSWER).collect().await {
        Ok(body) => body.to_bytes(),
        Err(_) => Bytes::new(),
    }
}

fn is(headers: &HeaderMap, kind: &str) -> bool {
    headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim_start().starts_with(kind))
}

/// A success in another form (some backends answer `OK`) says nothing about single records. A page
/// for people is the answer of somebody else: a portal, a proxy.
fn accepted(headers: &HeaderMap, text: &[u8]) -> Result<Accepted, Failure> {
    if is(headers, PROTOBUF) {
        Ok(Accepted::from_protobuf(text))
    } else if is(headers, JSON) {
        Ok(Accepted::from_json(text))
    } else if is(headers, "text/html") {
        let reason = "a web page answers, not a collector".to_owned();
        Err(Failure::Denied { reason })
    } else {
        Ok(Accepted::default())
    }
}

fn reason(status: StatusCode, headers: &HeaderMap, text: &[u8]) -> String {
    let message = if is(headers, PROTOBUF) {
        status_message(text).unwrap_or_default().to_owned()
    } else if let Ok(json) = serde_json::from_slice::<serde_json::Value>(text)
        && let Some(message) = json["message"].as_str()
    {
        message.to_owned()
    } else {
        String::from_utf8_lossy(text).into_owned()
    };
    match shown(&message) {
        message if message.is_empty() => format!("HTTP {status}"),
        message => format!("HTTP {status}: {message}"),
    }
}

/// The message of a `google.rpc.Status`.
fn status_message(status: &[u8]) -> Option<&str> {
    Fields::of(status).find_map(|field| match field {
        Ok((2, field)) => field.text().ok(),
        _ => None,
    })
}

/// Seconds, or a date.
fn retry_after(value: &str, now: Timestamp) -> Option<Duration> {
    if let Ok(seconds) = value.trim().parse() {
        return Some(Duration::from_secs(seconds));
    }
    let date = rfc2822::DateTimeParser::new()
        .parse_timestamp(value.trim())
        .ok()?;
    Some(Duration::try_from(now.until(date).ok()?).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(kind: &'static str) -> HeaderMap {
        HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static(kind))])
    }

    #[test]
    fn retry_after_is_seconds_or_a_date() {
        let now: Timestamp = "1994-11-06T08:49:30Z".parse().unwrap();
        let after = |value| retry_after(value, now);
        assert_eq!(after(" 120 "), Some(Duration::from_mins(2)));
        assert_eq!(
            after("Sun, 06 Nov 1994 08:49:37 GMT"),
            Some(Duration::from_secs(7))
        );
        assert_eq!(after("Sun, 06 Nov 1994 08:49:00 GMT"), Some(Duration::ZERO));
        assert_eq!(after("soon"), None);
        assert_eq!(after("-1"), None);
    }

    #[test]
    fn a_reason_is_taken_from_any_form_of_answer() {
        let bad = StatusCode::BAD_REQUEST;
        let status = [&[0x08, 3, 0x12, 3][..], b"bad"].concat();
        assert_eq!(
            reason(bad, &headers(PROTOBUF), &status),
            "HTTP 400 Bad Request: bad"
        );
        let json = br#"{"code":3,"message":"bad"}"#;
        assert_eq!(
            reason(bad, &headers(JSON), json),
            "HTTP 400 Bad Request: bad"
        );
        assert_eq!(
            reason(bad, &headers("text/plain"), b"bad\n"),
            "HTTP 400 Bad Request: bad"
        );
        assert_eq!(reason(bad, &HeaderMap::new(), b""), "HTTP 400 Bad Request");
    }
}
