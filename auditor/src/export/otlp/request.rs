//! Batches to requests: records are grouped by workload and copied as they are stored.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

use crate::redact::Sealed;

#[cfg(test)]
mod tests;

/// The edition of the semantic conventions that the attribute names follow.
pub const SCHEMA_URL: &str = "https://opentelemetry.io/schemas/1.44.0";

const SCOPE_NAME: &str = "auditor";
const SCOPE_VERSION: &str = env!("CARGO_PKG_VERSION");

/// Servers take 4 MiB by default; the rest is room for what a proxy adds.
pub(super) const MAX_BYTES: usize = 3_584 * 1024;
pub(super) const MAX_RECORDS: usize = 512;
/// More than the keys, lengths, scope and schema of a group, or of a record, ever take.
const GROUP_OVERHEAD: usize = 256;
const RECORD_OVERHEAD: usize = 8;

/// Cuts a batch into requests within both bounds. A record that is too large alone goes alone:
/// whether it is, only the server can say.
pub(super) fn split(batch: &[Sealed]) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let (mut start, mut bytes) = (0, 0);
    for (index, sealed) in batch.iter().enumerate() {
        let repeats = index > start && Arc::ptr_eq(batch[index - 1].resource(), sealed.resource());
        let mut cost = sealed.record().len() + RECORD_OVERHEAD;
        if !repeats {
            cost += sealed.resource().len() + GROUP_OVERHEAD;
        }
        if index > start && (bytes + cost > MAX_BYTES || index - start == MAX_RECORDS) {
            ranges.push(start..index);
            start = index;
            bytes = 0;
            if repeats {
                cost += sealed.resource().len() + GROUP_OVERHEAD;
            }
        }
        bytes += cost;
    }
    if start < batch.len() {
        ranges.push(start..batch.len());
    }
    ranges
}

/// One encoded `ExportLogsServiceRequest`. Within a workload, records stay in order.
pub(in crate::export) fn encode(batch: &[Sealed]) -> Bytes {
    let scope = encoded_scope();
    let groups = groups(batch);
    let total = groups
        .iter()
        .map(|group| length(1, group.length(&scope)))
        .sum();
    let mut out = Vec::with_capacity(total);
    for group in &groups {
        prefix(1, group.length(&scope), &mut out);
        message(1, group.resource, &mut out);
        prefix(2, group.scope_length(&scope), &mut out);
        message(1, &scope, &mut out);
        for record in &group.records {
            message(2, record, &mut out);
        }
        message(3, SCHEMA_URL.as_bytes(), &mut out);
        message(3, SCHEMA_URL.as_bytes(), &mut out);
    }
    Bytes::from(out)
}

/// The same request in OTLP's JSON encoding.
pub(in crate::export) fn json(request: &[u8]) -> Result<Vec<u8>, serde_json::Error> {
    let request = ExportLogsServiceRequest::decode(request).map_err(serde::ser::Error::custom)?;
    serde_json::to_vec(&request)
}

struct Group<'a> {
    resource: &'a Arc<[u8]>,
    records: Vec<&'a [u8]>,
    records_length: usize,
}

impl Group<'_> {
    fn scope_length(&self, scope: &[u8]) -> usize {
        length(1, scope.len()) + self.records_length + length(3, SCHEMA_URL.len())
    }

    fn length(&self, scope: &[u8]) -> usize {
        length(1, self.resource.len())
            + length(2, self.scope_length(scope))
            + length(3, SCHEMA_URL.len())
    }
}

fn groups(batch: &[Sealed]) -> Vec<Group<'_>> {
    let mut groups: Vec<Group<'_>> = Vec::new();
    let mut by_pointer: HashMap<*const u8, usize> = HashMap::new();
    let mut by_bytes: HashMap<&[u8], usize> = HashMap::new();
    for sealed in batch {
        let resource = sealed.resource();
        // Records read back from disk may carry equal resources that are not shared.
        let index = *by_pointer.entry(resource.as_ptr()).or_insert_with(|| {
            *by_bytes.entry(resource).or_insert_with(|| {
                groups.push(Group {
                    resource,
                    records: Vec::new(),
                    records_length: 0,
                });
                groups.len() - 1
            })
        });
        let group = &mut groups[index];
        group.records.push(sealed.record());
        group.records_length += length(2, sealed.record().len());
    }
    groups
}

fn encoded_scope() -> Vec<u8> {
    let mut scope = Vec::new();
    message(1, SCOPE_NAME.as_bytes(), &mut scope);
    message(2, SCOPE_VERSION.as_bytes(), &mut scope);
    scope
}

fn length(number: u32, body: usize) -> usize {
    key_len(number) + encoded_len_varint(body as u64) + body
}

fn prefix(number: u32, body: usize, out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(body as u64, out);
}

fn message(number: u32, body: &[u8], out: &mut Vec<u8>) {
    prefix(number, body.len(), out);
    out.extend_from_slice(body);
}
