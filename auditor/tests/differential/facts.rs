//! What a line of Envoy and a record say, in the same words.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::envoy::{DEFAULT_HOST, Line};
use crate::support::record::Record;

/// Values by name. An absent fact is absent.
pub(crate) type Facts = BTreeMap<&'static str, String>;

/// What must be said by name: this, or nothing. What has no entry may be anything.
pub(crate) type Expected = BTreeMap<&'static str, Option<String>>;

/// What the record of the exchange that this line is about must say.
pub(crate) fn expected(line: &Line) -> Expected {
    let mut expected = Expected::from([
        ("peer", Some(line.peer.clone())),
        ("local", Some(line.local.clone())),
    ]);
    expected.extend(response(line));
    // Both ends of a call watch the clock. Where the client is first, what the server says comes to
    // a stream that is over.
    if line
        .grpc_status()
        .is_none_or(|status| status != "DEADLINE_EXCEEDED")
    {
        expected.insert("grpc", line.grpc_status().cloned());
    }
    // Envoy logs nothing of a head that it did not read to the end, or refused on the way there,
    // and takes it for HTTP/1.1. The record has what was on the wire.
    if line.method.is_some() {
        expected.extend(request(line));
    }
    expected
}

fn response(line: &Line) -> Vec<(&'static str, Option<String>)> {
    // Zero is Envoy's word for an exchange that ended before there was a response. What is not
    // there has no size either.
    let is_answered = line.status != 0;
    let mut response = vec![("status", is_answered.then(|| line.status.to_string()))];
    // Of an answer that the client no longer wants Envoy counts what waits to be sent as well.
    if line.details.as_deref() != Some("http2.remote_reset") {
        response.push(("sent", is_answered.then(|| line.sent.to_string())));
    }
    response
}

fn request(line: &Line) -> [(&'static str, Option<String>); 9] {
    let target = line.path.as_deref();
    // Envoy names a host where an HTTP/1.0 request has none; nothing of it was on the wire.
    let authority = line.authority.clone();
    let authority = authority.filter(|host| host != DEFAULT_HOST);
    // Where chunks turn out to be none, what came is not called a body.
    let is_framed = line.details.as_deref() != Some("http1.codec_error");
    [
        ("method", line.method.clone()),
        ("path", target.map(|target| path(target).to_owned())),
        (
            "query",
            target.and_then(|target| Some(keys(target.split_once('?')?.1))),
        ),
        ("authority", authority),
        ("protocol", line.protocol.clone()),
        ("received", is_framed.then(|| line.received.to_string())),
        ("user agent", line.user_agent.clone()),
        ("request id", line.request_id.clone()),
        ("forwarded for", line.forwarded_for.clone()),
    ]
}

/// What tells an exchange from others of its time: the client, and in HTTP/2 the request id too.
pub(crate) fn who_of_line(line: &Line) -> String {
    who(
        &line.peer,
        line.protocol.as_deref(),
        line.request_id.as_deref(),
    )
}

pub(crate) fn who_of_record(facts: &Facts) -> String {
    let fact = |name| facts.get(name).map(String::as_str);
    let peer = fact("peer").expect("every record has a peer");
    who(peer, fact("protocol"), fact("request id"))
}

fn who(peer: &str, protocol: Option<&str>, request_id: Option<&str>) -> String {
    match protocol {
        Some("HTTP/2") => format!("{peer} {}", request_id.unwrap_or_default()),
        _ => peer.to_owned(),
    }
}

/// True of somebody who went before there was a first line. Envoy has a line for that, which says
/// neither what was asked nor what was answered; here it is the record of the connection.
pub(crate) fn is_blank(line: &Line) -> bool {
    line.method.is_none() && line.status == 0
}

pub(crate) fn of_record(record: &Record) -> Facts {
    let mut facts = Facts::new();
    let text = |name| record.text(name).map(str::to_owned);
    let number = |name| record.int(name).map(|n| n.to_string());
    let address = |address, port| {
        let port = record.port(port)?;
        Some(format!("{}:{port}", bracketed(record.text(address)?)))
    };
    let mut set = |name, value: Option<String>| {
        facts.extend(value.map(|value| (name, value)));
    };
    set("peer", address("network.peer.address", "network.peer.port"));
    set(
        "local",
        address("network.local.address", "network.local.port"),
    );
    let original = text("http.request.method_original");
    set("method", original.or_else(|| text("http.request.method")));
    set("path", text("url.path"));
    set("query", record.text("url.query").map(keys));
    set("authority", authority(record));
    set(
        "protocol",
        text("network.protocol.version").map(|version| format!("HTTP/{version}")),
    );
    set("status", number("http.response.status_code"));
    set("received", number("http.request.body.size"));
    set("sent", number("http.response.body.size"));
    set("user agent", text("user_agent.original"));
    set("grpc", text("rpc.status_code"));
    set(
        "request id",
        field(record, "http.request.header.x-request-id"),
    );
    set(
        "forwarded for",
        field(record, "http.request.header.x-forwarded-for"),
    );
    facts
}

fn path(target: &str) -> &str {
    target.split_once('?').map_or(target, |(path, _)| path)
}

/// A query without its values, which a record never has.
fn keys(query: &str) -> String {
    let key = |pair: &str| match pair.split_once('=') {
        Some((key, _)) => format!("{key}="),
        None => pair.to_owned(),
    };
    query.split('&').map(key).collect::<Vec<_>>().join("&")
}

fn authority(record: &Record) -> Option<String> {
    let host = bracketed(record.text("server.address")?);
    Some(match record.port("server.port") {
        Some(port) => format!("{host}:{port}"),
        None => host,
    })
}

/// An IPv6 address as it stands before a port.
fn bracketed(host: &str) -> String {
    if host.contains(':') {
        format!("[{host}]")
    } else {
        host.to_owned()
    }
}

/// Envoy joins the values of a repeated field.
fn field(record: &Record, name: &str) -> Option<String> {
    let values = record.attributes.get(name)?.as_array()?;
    let values: Vec<&str> = values.iter().filter_map(Value::as_str).collect();
    Some(values.join(","))
}
