//! Attributes of an HTTP exchange.

use super::{
    HeaderAllowList,
    asked::Asked,
    attributes::Attributes,
    headers::{self, Listed},
    line,
    policy::Policy,
    rpc,
};
use crate::{
    protocol::{
        Exchange, Head, Incomplete, Message, Reason, Side, Stream, Version, grpc::Call, http2,
    },
    record::attribute as a,
};

/// How an exchange was on the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Wire {
    Clear,
    Encrypted,
}

impl Wire {
    /// `library` had it in the clear.
    pub(super) fn of(library: Option<&str>) -> Self {
        library.map_or(Self::Clear, |_| Self::Encrypted)
    }
}

pub(super) fn write(
    attributes: &mut Attributes<'_>,
    inbound: bool,
    exchange: &Exchange,
    wire: Wire,
    allowed: &HeaderAllowList,
    policy: &Policy,
) {
    let request = exchange.request.as_ref();
    let response = exchange.response.as_ref();
    let request_head = request.and_then(|m| m.head.as_ref());
    let response_head = response.and_then(|m| m.head.as_ref());
    let asked = request_head.map(|head| Asked::of(head, policy));
    alike(attributes, exchange, asked.as_ref(), wire, policy);
    if let Some(head) = request_head {
        if let Some((trace, span)) = head.values("traceparent").next().and_then(traceparent) {
            attributes.trace(&trace, span);
        }
        listed(attributes, head, allowed.request(), policy);
    }
    if let Some(head) = response_head {
        listed(attributes, head, allowed.response(), policy);
    }
    sizes_and_times(attributes, inbound, exchange);
    if let Some(stream) = &exchange.stream {
        stream_attributes(attributes, inbound, stream);
    }
    let call = Call::of(exchange);
    if let Some(call) = &call {
        rpc::write(attributes, exchange, call, policy);
    }
    if let Some(error) = error(exchange, inbound, call) {
        match error {
            Failure::Status(status) => attributes.string(a::ERROR_TYPE, &status.to_string()),
            Failure::Named(name) => attributes.string(a::ERROR_TYPE, name),
        }
    }
    if !exchange.incomplete.is_empty() {
        let reasons: Vec<_> = exchange.incomplete.iter().map(Reason::as_str).collect();
        attributes.strings(a::CAPTURE_INCOMPLETE, &reasons);
    }
    attributes.body_text(|text| line::push(text, exchange, asked.as_ref()));
}

/// What every exchange of the same question and answer says.
pub(super) fn alike(
    attributes: &mut Attributes<'_>,
    exchange: &Exchange,
    asked: Option<&Asked<'_>>,
    wire: Wire,
    policy: &Policy,
) {
    let request = exchange.request.as_ref().and_then(|m| m.head.as_ref());
    let response = exchange.response.as_ref().and_then(|m| m.head.as_ref());
    if let Some(asked) = asked {
        asked.write(attributes, wire, policy);
    }
    if let Some(status) = response.and_then(Head::status) {
        attributes.int(a::HTTP_RESPONSE_STATUS_CODE, u64::from(status));
    }
    if request.or(response).is_some() {
        attributes.string(a::NETWORK_PROTOCOL_NAME, "http");
    }
    // The response of a proxy may say another version; the request says what was asked in, if
    // that is a version at all.
    let mut versions = [request, response].into_iter().flatten();
    if let Some(version) = versions.find_map(|head| head.version().as_str()) {
        attributes.string(a::NETWORK_PROTOCOL_VERSION, version);
    }
    let status = match wire {
        Wire::Clear => "not_encrypted",
        Wire::Encrypted => "captured",
    };
    attributes.string(a::PLAINTEXT_STATUS, status);
}

fn listed(attributes: &mut Attributes<'_>, head: &Head, allowed: &[Listed], policy: &Policy) {
    for listed in allowed {
        let values = headers::values(head, &listed.name, policy);
        if !values.is_empty() {
            attributes.strings(&listed.attribute, &values);
        }
    }
}

fn stream_attributes(attributes: &mut Attributes<'_>, inbound: bool, stream: &Stream) {
    attributes.int(a::STREAM_ID, u64::from(stream.id));
    if stream.pushed {
        attributes.bool(a::STREAM_PUSHED, true);
    }
    if let Some(reset) = &stream.reset {
        // Requests arrive at the end that is asked.
        let received = inbound == (reset.by == Side::Request);
        let by = if received { "received" } else { "sent" };
        attributes.string(a::STREAM_RESET, by);
    }
}

fn sizes_and_times(attributes: &mut Attributes<'_>, inbound: bool, exchange: &Exchange) {
    let (mut received, mut sent) = (None, None);
    if let Some(request) = &exchange.request
        && request.head.is_some()
    {
        if body_is_known(request, exchange.incomplete) {
            attributes.int(a::HTTP_REQUEST_BODY_SIZE, request.body);
        }
        *if inbound { &mut received } else { &mut sent } = Some(request.wire);
    }
    if let Some(response) = &exchange.response {
        if body_is_known(response, exchange.incomplete) {
            attributes.int(a::HTTP_RESPONSE_BODY_SIZE, response.body);
        }
        *if inbound { &mut sent } else { &mut received } = Some(response.wire);
    }
    if let Some(received) = received {
        attributes.int(a::BYTES_RECEIVED, received);
    }
    if let Some(sent) = sent {
        attributes.int(a::BYTES_SENT, sent);
    }
    let duration = exchange.ended.saturating_sub(exchange.began());
    attributes.int(a::DURATION_NS, duration);
    if let Some(first) = exchange.time_to_first_byte() {
        attributes.int(a::TIME_TO_FIRST_BYTE_NS, first);
    }
}

/// False where the framing was lost, so that what was counted is not the body. Of a body that was
/// cut short the size is what came of it.
fn body_is_known(message: &Message, incomplete: Incomplete) -> bool {
    if message.uncounted {
        return false;
    }
    // A head of HTTP/2 does not frame its body.
    let frames = |head: &Head| head.version() != Version::Http2;
    let truncated = message
        .head
        .as_ref()
        .is_some_and(|head| head.is_truncated() && frames(head));
    let lost = incomplete.has(Reason::FramingAmbiguous) || incomplete.has(Reason::Hole);
    !truncated && (message.ended.is_some() || !lost)
}

enum Failure {
    Status(u16),
    Named(&'static str),
}

fn error(exchange: &Exchange, inbound: bool, call: Option<Call<'_>>) -> Option<Failure> {
    let incomplete = exchange.incomplete;
    let status = exchange.response.as_ref();
    let status = status.and_then(|r| r.head.as_ref()?.status());
    if incomplete.has(Reason::RequestUnparsable) {
        return Some(Failure::Named("invalid_request"));
    }
    if incomplete.has(Reason::ResponseUnparsable) {
        return Some(Failure::Named("invalid_response"));
    }
    if incomplete.has(Reason::ConnectionReset) {
        return Some(Failure::Named("connection_reset"));
    }
    // A server that has answered may end the rest of the request without an error.
    let reset = exchange.stream.and_then(|stream| stream.reset?.code);
    if let Some(code) = reset.filter(|code| *code != 0) {
        return Some(Failure::Named(http2::error_name(code)));
    }
    if let Some(status) = status.filter(|s| *s >= 500) {
        return Some(Failure::Status(status));
    }
    if let Some(failure) = call.and_then(|call| rpc::failure(&call, inbound)) {
        return Some(Failure::Named(failure));
    }
    // A response that was lost on the way here is no failure of the server.
    let unanswered = incomplete.has(Reason::ResponseMissing)
        && !incomplete.has(Reason::Hole)
        && !incomplete.has(Reason::Interrupted);
    unanswered.then_some(Failure::Named("no_response"))
}

/// Trace and span of a W3C `traceparent`.
fn traceparent(value: &[u8]) -> Option<([u8; 16], [u8; 8])> {
    let value = std::str::from_utf8(value.trim_ascii()).ok()?;
    let mut parts = value.split('-');
    let version = parts.next()?;
    let trace = hex::<16>(parts.next()?)?;
    let span = hex::<8>(parts.next()?)?;
    let valid = version.len() == 2 && version != "ff" && trace != [0; 16] && span != [0; 8];
    valid.then_some((trace, span))
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let lower = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
    if text.len() != 2 * N || !text.bytes().all(lower) {
        return None;
    }
    let mut out = [0; N];
    for (byte, pair) in out.iter_mut().zip(text.as_bytes().chunks(2)) {
        let pair = std::str::from_utf8(pair).ok()?;
        *byte = u8::from_str_radix(pair, 16).ok()?;
    }
    Some(out)
}
