//! Who the application saw: one request for every way to say it.

use std::fs;

use serde_json::{Value, json};

use crate::support::auditor::Auditor;
use crate::support::client::curl;
use crate::support::nginx::{AccessLog, Nginx, OK};
use crate::support::record::{Record, Side};
use crate::support::temp::TempDir;

/// `{"alg":"RS256","typ":"JWT"}`, then subject, issuer and tenant, then a signature.
const TOKEN: &str = "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9.\
    eyJzdWIiOiJ1LTE3IiwiaXNzIjoiaHR0cHM6Ly9pZHAuZXhhbXBsZSIsInRlbmFudCI6NDJ9.\
    c2lnbmF0dXJlLXRoYXQtbm9ib2R5LWNoZWNrcw";
const OPAQUE: &str = "0paqueTokenThatMeansSomethingToItsIssuer";
const PASSWORD: &str = "correct-horse-battery-staple";
const COOKIE: &str = "c00kieThatOpensASession";

/// `alice:correct-horse-battery-staple`, as curl sends it.
const BASIC: &str = "YWxpY2U6Y29ycmVjdC1ob3JzZS1iYXR0ZXJ5LXN0YXBsZQ==";

const CONFIGURATION: &str = "
identity:
  principal:
    headers: { extend: [x-shop-user] }
    claims: [tenant]
  trusted_proxies: [127.0.0.0/8]
";

/// One request with this field and what its records say of its maker.
struct Case {
    field: String,
    expected: Vec<(&'static str, Value)>,
}

fn cases() -> Vec<Case> {
    let case = |field: &str, expected: &[(&'static str, Value)]| Case {
        field: field.to_owned(),
        expected: expected.to_vec(),
    };
    vec![
        case(
            &format!("Authorization: bearer {TOKEN}"),
            &[
                ("user.id", json!("u-17")),
                ("auditor.principal.source", json!("jwt")),
                ("auditor.principal.issuer", json!("https://idp.example")),
                ("auditor.principal.claim.tenant", json!("42")),
                ("auditor.principal.verified", json!(false)),
                ("auditor.principal.reason", Value::Null),
            ],
        ),
        case(
            &format!("Authorization: Basic {BASIC}"),
            &[
                ("user.name", json!("alice")),
                ("auditor.principal.source", json!("basic")),
                ("auditor.principal.verified", json!(false)),
            ],
        ),
        case(
            "X-Forwarded-Client-Cert: Hash=1;Subject=\"CN=far\",Hash=2;URI=spiffe://c/web",
            &[
                ("user.id", json!("spiffe://c/web")),
                ("auditor.principal.source", json!("forwarded_client_cert")),
            ],
        ),
        case(
            "X-Shop-User: bob",
            &[
                ("user.name", json!("bob")),
                ("auditor.principal.source", json!("header")),
            ],
        ),
        case(
            &format!("Authorization: Bearer {OPAQUE}"),
            &[
                ("auditor.principal.source", Value::Null),
                ("auditor.principal.reason", json!("token_opaque")),
            ],
        ),
        case(
            &format!("Cookie: session={COOKIE}"),
            &[("auditor.principal.reason", json!("cookie_only"))],
        ),
        case(
            "X-Forwarded-For: 192.0.2.1, 203.0.113.7, 127.0.0.9",
            &[
                ("client.address", json!("203.0.113.7")),
                ("auditor.client.address.trusted", json!(true)),
                ("auditor.principal.reason", json!("none_presented")),
            ],
        ),
        case(
            "User-Agent: kube-probe/1.36",
            &[("auditor.traffic.class", json!("health_probe"))],
        ),
    ]
}

#[test]
fn every_source_is_told_and_no_secret_is() {
    let nginx = Nginx::start(AccessLog::Off);
    let folder = TempDir::new();
    let configuration = folder.write("auditor.yaml", CONFIGURATION.as_bytes());
    let auditor = Auditor::start_with(
        &["--config", configuration.to_str().unwrap()],
        &[("RUST_LOG", "trace")],
    );
    let cases = cases();
    let ports: Vec<u16> = cases.iter().map(|case| ask(&nginx, &case.field)).collect();
    auditor.await_closed(nginx.port, cases.len());
    let stopped = auditor.stop();
    stopped.assert_nothing_lost();
    for (case, client_port) in cases.iter().zip(ports) {
        for side in Side::BOTH {
            let record = stopped.only(side, nginx.port, client_port);
            record.assert(&case.field, &case.expected);
        }
    }
    let output = fs::read_to_string(stopped.stdout()).unwrap();
    let log = stopped.log();
    let signature = TOKEN.rsplit('.').next().unwrap();
    for secret in [TOKEN, signature, OPAQUE, PASSWORD, COOKIE, BASIC] {
        // Half of it would be too much as well.
        let half = &secret[secret.len() / 2..];
        assert!(!output.contains(half) && !log.contains(half), "{half}");
    }
}

/// Asks with one more field; the port that curl had.
fn ask(nginx: &Nginx, field: &str) -> u16 {
    let finished = curl(&[
        "--header",
        field,
        "--output",
        "/dev/null",
        "--write-out",
        "%{local_port}",
        &nginx.url(OK),
    ]);
    finished.text().parse().expect("curl prints a port")
}

#[test]
fn scrapes_are_told_in_sum_with_their_exact_number() {
    const SCRAPES: usize = 5;
    let nginx = Nginx::start(AccessLog::Off);
    let folder = TempDir::new();
    let text = b"aggregate: { classes: [scrape], interval: 1h }";
    let configuration = folder.write("auditor.yaml", text);
    let auditor = Auditor::start(&["--config", configuration.to_str().unwrap()]);
    let scraper = "User-Agent: Prometheus/3.1.0";
    for _ in 0..SCRAPES {
        ask(&nginx, scraper);
    }
    auditor.await_closed(nginx.port, SCRAPES);
    let stopped = auditor.stop();
    stopped.assert_nothing_lost();
    for side in Side::BOTH {
        let told = stopped.http(side, nginx.port);
        let count = |record: &Record| record.int("auditor.aggregate.count").unwrap();
        let sum: u64 = told.iter().map(count).sum();
        assert_eq!(sum, SCRAPES as u64, "{told:#?}");
        for record in &told {
            record.assert(
                side.as_str(),
                &[
                    ("auditor.traffic.class", json!("scrape")),
                    ("url.path", json!(OK)),
                    ("http.response.status_code", json!(200)),
                ],
            );
        }
    }
    assert_eq!(stopped.summary.get("aggregated"), 2 * SCRAPES as u64);
}
