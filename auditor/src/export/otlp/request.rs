//! Batches to requests: records are grouped by workload and copied as they are stored.

use std::collections::HashMap;
use std::ops::Range;
use std::sync::Arc;

use bytes::Bytes;
use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
use prost::Message;
use prost::encoding::{WireType, encode_key, encode_varint, encoded_len_varint, key_len};

use crate::redact::Sealed;

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

#[cfg(test)]
mod tests {
    use opentelemetry_proto::tonic::logs::v1::LogRecord;

    use super::*;
    use crate::export::sample::{access, resource, seal, sealed, text};

    fn numbered(resource: &Arc<[u8]>, number: u64) -> Sealed {
        sealed(
            resource,
            &LogRecord {
                time_unix_nano: number,
                ..access()
            },
        )
    }

    #[test]
    fn decodes_to_one_group_a_workload_in_order() {
        let checkout = Arc::from(resource("checkout").encode_to_vec());
        let batch = [
            numbered(&checkout, 1),
            seal(
                &resource("cart"),
                &LogRecord {
                    time_unix_nano: 2,
                    ..access()
                },
            ),
            numbered(&checkout, 3),
            // Equal bytes in another allocation.
            seal(
                &resource("checkout"),
                &LogRecord {
                    time_unix_nano: 4,
                    ..access()
                },
            ),
        ];
        let request = ExportLogsServiceRequest::decode(encode(&batch)).unwrap();
        let seen: Vec<_> = request
            .resource_logs
            .iter()
            .map(|group| {
                assert_eq!(group.schema_url, SCHEMA_URL);
                assert_eq!(group.scope_logs.len(), 1);
                let scope = &group.scope_logs[0];
                assert_eq!(scope.schema_url, SCHEMA_URL);
                let names = scope
                    .scope
                    .as_ref()
                    .map(|scope| (&*scope.name, &*scope.version));
                assert_eq!(names, Some((SCOPE_NAME, SCOPE_VERSION)));
                let times: Vec<_> = scope
                    .log_records
                    .iter()
                    .map(|record| record.time_unix_nano)
                    .collect();
                (group.resource.clone().unwrap(), times)
            })
            .collect();
        assert_eq!(
            seen,
            [
                (resource("checkout"), vec![1, 3, 4]),
                (resource("cart"), vec![2])
            ]
        );
        assert_eq!(
            request.resource_logs[0].scope_logs[0].log_records[2].body,
            access().body
        );
    }

    #[test]
    fn an_empty_batch_is_an_empty_request() {
        assert!(encode(&[]).is_empty());
        assert!(split(&[]).is_empty());
    }

    #[test]
    fn is_encoded_as_the_published_encoder_would() {
        let batch: Vec<_> = ["a", "b", "a"]
            .iter()
            .map(|name| seal(&resource(name), &access()))
            .collect();
        let encoded = encode(&batch);
        let decoded = ExportLogsServiceRequest::decode(encoded.clone()).unwrap();
        assert_eq!(decoded.encode_to_vec(), encoded);
    }

    #[test]
    fn requests_stay_within_both_bounds_and_lose_nothing() {
        let shared = Arc::from(resource("checkout").encode_to_vec());
        let small = vec![sealed(&shared, &access()); 1100];
        assert_eq!(split(&small), [0..512, 512..1024, 1024..1100]);

        let body = "x".repeat(100_000);
        let large = LogRecord {
            body: Some(text(&body)),
            ..LogRecord::default()
        };
        let mut large = vec![sealed(&shared, &large); 80];
        large.extend((0..80).map(|_| seal(&resource("cart"), &access())));
        let ranges = split(&large);
        assert_eq!(
            ranges.iter().map(ExactSizeIterator::len).sum::<usize>(),
            large.len()
        );
        for range in ranges {
            assert!(encode(&large[range]).len() <= MAX_BYTES);
        }
    }

    #[test]
    fn a_record_larger_than_a_request_goes_alone() {
        let shared = Arc::from(resource("checkout").encode_to_vec());
        let body = "x".repeat(MAX_BYTES);
        let large = LogRecord {
            body: Some(text(&body)),
            ..LogRecord::default()
        };
        let batch = [
            sealed(&shared, &access()),
            sealed(&shared, &large),
            sealed(&shared, &access()),
        ];
        assert_eq!(split(&batch), [0..1, 1..2, 2..3]);
    }
}
