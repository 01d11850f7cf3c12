use prost::Message;

use super::*;

#[derive(Clone, PartialEq, Message)]
struct RpcStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Any>,
}

#[derive(Clone, PartialEq, Message)]
struct Any {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

#[derive(Clone, PartialEq, Message)]
struct RetryInfo {
    #[prost(message, optional, tag = "1")]
    retry_delay: Option<ProtoDuration>,
}

#[derive(Clone, PartialEq, Message)]
struct ProtoDuration {
    #[prost(int64, tag = "1")]
    seconds: i64,
    #[prost(int32, tag = "2")]
    nanos: i32,
}

fn details(seconds: i64, nanos: i32) -> Vec<u8> {
    let info = RetryInfo {
        retry_delay: Some(ProtoDuration { seconds, nanos }),
    };
    let any = |kind: &str, value| Any {
        type_url: format!("type.googleapis.com/{kind}"),
        value,
    };
    RpcStatus {
        code: 8,
        details: vec![
            any("google.rpc.DebugInfo", vec![0xff]),
            any("google.rpc.RetryInfo", info.encode_to_vec()),
        ],
    }
    .encode_to_vec()
}

fn again(after: Option<Duration>) -> Failure {
    Failure::Again {
        after,
        reason: String::new(),
    }
}

fn denied() -> Failure {
    Failure::Denied {
        reason: String::new(),
    }
}

fn permanent() -> Failure {
    Failure::Permanent {
        reason: String::new(),
    }
}

fn grpc(code: Code, message: &str) -> Failure {
    of_grpc(code, message, &[], String::new())
}

#[test]
fn grpc_codes_are_judged_so_that_records_are_late_rather_than_lost() {
    for code in 1..=16 {
        let expected = match code {
            1 | 2 | 4 | 8 | 10 | 11 | 13..=15 => again(None),
            5 | 7 | 12 | 16 => denied(),
            _ => permanent(),
        };
        assert_eq!(grpc(Code::from(code), ""), expected, "{code}");
    }
}

#[test]
fn http_statuses_are_judged_likewise() {
    let after = Some(Duration::from_secs(3));
    let http = |status| of_http(StatusCode::from_u16(status).unwrap(), after, String::new());
    for status in [408, 429, 500, 502, 503, 504, 599] {
        assert_eq!(http(status), again(after), "{status}");
    }
    for status in [301, 401, 403, 404, 407, 501] {
        assert_eq!(http(status), denied(), "{status}");
    }
    for status in [400, 415, 422] {
        assert_eq!(http(status), permanent(), "{status}");
    }
    assert_eq!(
        http(413),
        Failure::TooLarge {
            reason: String::new()
        }
    );
}

#[test]
fn too_large_is_told_from_too_busy() {
    let large = Failure::TooLarge {
        reason: String::new(),
    };
    for message in [
        "grpc: received message larger than max (5000000 vs. 4194304)",
        "gRPC message exceeds maximum size 4194304: 5000000",
        "Error, decoded message length too large: found 5 bytes, the limit is: 4 bytes",
    ] {
        assert_eq!(grpc(Code::ResourceExhausted, message), large);
        assert_eq!(grpc(Code::OutOfRange, message), large);
    }
    assert_eq!(grpc(Code::ResourceExhausted, "memory limit"), again(None));
    assert_ne!(grpc(Code::InvalidArgument, "too large"), large);
}

#[test]
fn reads_the_delay_a_server_asks_for() {
    let asked = |details: &[u8]| of_grpc(Code::Unavailable, "", details, String::new());
    let delay = Duration::from_millis(1500);
    assert_eq!(asked(&details(1, 500_000_000)), again(Some(delay)));
    assert_eq!(asked(&details(-1, 0)), again(None));
    assert_eq!(asked(&details(1, -5)), again(None));
    assert_eq!(asked(b"\xff\xff"), again(None));
}

#[test]
fn waits_double_up_to_the_longest_and_start_over() {
    let mut backoff = backoff();
    let waits: Vec<_> = (0..10)
        .map(|_| wait(&mut backoff, None, 1.0).as_millis())
        .collect();
    let expected = [
        200, 400, 800, 1600, 3200, 6400, 12_800, 25_600, 30_000, 30_000,
    ];
    assert_eq!(waits, expected);
    assert_eq!(wait(&mut backoff, None, 0.0), LONGEST / 2);
    let asked = Some(Duration::from_mins(1));
    assert_eq!(wait(&mut backoff, asked, 0.0), Duration::from_mins(1));
    assert_eq!(wait(&mut backoff, Some(Duration::MAX), 0.0), LONGEST_ASKED);
    backoff.reset();
    assert_eq!(wait(&mut backoff, None, 1.0), FIRST);
}
