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
