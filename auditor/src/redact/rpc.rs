//! Attributes of a gRPC call.

use super::{attributes::Attributes, path::path, policy::Policy};
use crate::{
    protocol::{Exchange, Message, grpc::Call},
    record::attribute as a,
};

/// Statuses that are failures of a server; the others are answers to what the client did.
const SERVER_FAILURES: &[&str] = &[
    "UNKNOWN",
    "DEADLINE_EXCEEDED",
    "UNIMPLEMENTED",
    "INTERNAL",
    "UNAVAILABLE",
    "DATA_LOSS",
];

pub(super) fn write(
    attributes: &mut Attributes<'_>,
    exchange: &Exchange,
    call: &Call<'_>,
    policy: &Policy,
) {
    attributes.string(a::RPC_SYSTEM_NAME, "grpc");
    if let Some(method) = call.method {
        attributes.string(a::RPC_METHOD, &path(method, policy.path));
    }
    if let Some(status) = call.status {
        match status.name() {
            Some(name) => attributes.string(a::RPC_STATUS_CODE, name),
            None => attributes.string(a::RPC_STATUS_CODE, &status.0.to_string()),
        }
    }
    let count = |message: &Option<Message>| message.as_ref()?.grpc_messages;
    if let Some(count) = count(&exchange.request) {
        attributes.int(a::RPC_REQUEST_MESSAGES, u64::from(count));
    }
    if let Some(count) = count(&exchange.response) {
        attributes.int(a::RPC_RESPONSE_MESSAGES, u64::from(count));
    }
}

/// Why the call failed, as its end of the connection sees it: to a client every status but OK is
/// a failure (OpenTelemetry, conventions for gRPC).
pub(super) fn failure(call: &Call<'_>, inbound: bool) -> Option<&'static str> {
    let name = call.status?.name().unwrap_or("UNKNOWN");
    let failed = if inbound {
        SERVER_FAILURES.contains(&name)
    } else {
        name != "OK"
    };
    failed.then_some(name)
}
