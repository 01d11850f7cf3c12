//! What the stand-in says.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use http_body_util::{Either, Full};
use hyper::body::{Body, Frame};
use hyper::{Response, StatusCode};
use serde_json::{Value, json};
use tokio::sync::mpsc::Receiver;

pub(crate) type Answer = Response<Either<Full<Bytes>, Stream>>;

/// The end of the channel breaks the connection off where it says an error.
pub(crate) struct Stream(Receiver<io::Result<Bytes>>);

impl Body for Stream {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        self.0
            .poll_recv(context)
            .map(|line| Some(line?.map(Frame::data)))
    }
}

pub(crate) fn stream(lines: Receiver<io::Result<Bytes>>) -> Answer {
    Response::new(Either::Right(Stream(lines)))
}

pub(crate) fn text(text: String) -> Answer {
    Response::new(Either::Left(Full::new(text.into())))
}

pub(crate) fn event(kind: &str, object: &Value) -> Bytes {
    Bytes::from(format!("{}\n", json!({"type": kind, "object": object})))
}

pub(crate) fn bookmark(version: u64, annotations: &Value) -> Bytes {
    let metadata = json!({
        "resourceVersion": version.to_string(),
        "creationTimestamp": null,
        "annotations": annotations,
    });
    event(
        "BOOKMARK",
        &json!({"kind": "Any", "metadata": metadata, "spec": {"containers": null}}),
    )
}

pub(crate) fn error(code: u16) -> Bytes {
    event(
        "ERROR",
        &json!({"kind": "Status", "metadata": {}, "code": code}),
    )
}

pub(crate) fn whole(object: &Value) -> Answer {
    text(object.to_string())
}

pub(crate) fn status(code: u16) -> Answer {
    let mut answer = whole(&json!({"kind": "Status", "code": code}));
    *answer.status_mut() = StatusCode::from_u16(code).expect("a status");
    answer
}
