//! Attributes of exchanges that are told in sum.

use std::fmt::Write as _;

use super::{
    asked::Asked,
    attributes::Attributes,
    connection::{self, Ports},
    http::{self, Wire},
    line,
    policy::Policy,
};
use crate::record::{Aggregate, attribute as a};

pub(super) fn write(attributes: &mut Attributes<'_>, sum: &Aggregate, policy: &Policy) {
    attributes.aggregate_id(sum.connection.cookie, sum.number);
    connection::ends(
        attributes,
        &sum.connection,
        Some(sum.inbound),
        Ports::OfServer,
    );
    connection::seen(attributes, None);
    let request = sum.first.request.as_ref().and_then(|m| m.head.as_ref());
    let asked = request.map(|head| Asked::of(head, policy));
    http::alike(attributes, &sum.first, asked.as_ref(), Wire::Clear, policy);
    let totals = &sum.totals;
    let (received, sent) = if sum.inbound {
        (totals.request_bytes, totals.response_bytes)
    } else {
        (totals.response_bytes, totals.request_bytes)
    };
    attributes.int(a::BYTES_RECEIVED, received);
    attributes.int(a::BYTES_SENT, sent);
    attributes.int(a::AGGREGATE_COUNT, totals.count);
    attributes.int(a::AGGREGATE_LAST_TIME, totals.last_time);
    attributes.int(a::AGGREGATE_MAX_DURATION_NS, totals.max_duration_ns);
    attributes.body_text(|text| {
        let _ = write!(text, "{} × ", totals.count);
        line::push(text, &sum.first, asked.as_ref());
    });
}
