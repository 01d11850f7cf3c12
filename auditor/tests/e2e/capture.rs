//! What one request looks like on both ends.

use std::collections::HashSet;

use crate::support::{auditor::Auditor, nginx::Nginx, shell::run};

#[test]
fn a_request_of_curl_is_recorded_on_both_ends() {
    let nginx = Nginx::start();
    let auditor = Auditor::start(&[]);
    let url = nginx.url("/1k?user=alice&token=s3cr3t-value");
    run(
        "curl",
        &[
            "-sf",
            "-o",
            "/dev/null",
            "-A",
            "probe/1.0",
            "-H",
            "Authorization: Bearer s3cr3t-header",
            "-H",
            "X-Request-Id: r-1",
            &url,
        ],
    );
    let finished = auditor.stop();
    finished.assert_nothing_lost();
    for (direction, executable) in [("inbound", "nginx"), ("outbound", "curl")] {
        let records = finished.http(direction, nginx.port);
        assert_eq!(records.len(), 1, "{direction}: {}", finished.stdout);
        let r = records[0];
        assert_eq!(r.text("http.request.method"), Some("GET"));
        assert_eq!(r.text("url.path"), Some("/1k"));
        assert_eq!(r.text("url.query"), Some("user=REDACTED&token=REDACTED"));
        assert_eq!(r.text("url.scheme"), Some("http"));
        assert_eq!(r.int("http.response.status_code"), Some(200));
        assert_eq!(r.text("server.address"), Some("127.0.0.1"));
        assert_eq!(r.int("server.port"), Some(u64::from(nginx.port)));
        assert_eq!(r.text("user_agent.original"), Some("probe/1.0"));
        assert_eq!(r.list("http.request.header.x-request-id"), ["r-1"]);
        assert_eq!(r.text("network.peer.address"), Some("127.0.0.1"));
        assert_eq!(r.text("network.local.address"), Some("127.0.0.1"));
        assert_eq!(r.text("network.type"), Some("ipv4"));
        assert_eq!(r.text("network.protocol.version"), Some("1.1"));
        assert_eq!(r.int("http.request.body.size"), Some(0));
        assert_eq!(r.int("http.response.body.size"), Some(1024));
        assert_eq!(r.text("process.executable.name"), Some(executable));
        let duration = r.int("auditor.duration_ns").unwrap();
        assert!(duration > 0);
        assert!(r.int("auditor.time_to_first_byte_ns").unwrap() <= duration);
        assert!(r.list("auditor.capture.incomplete").is_empty());
        if direction == "inbound" {
            assert_eq!(r.resource("service.name"), Some("nginx"));
        } else {
            assert_eq!(r.text("auditor.peer.service.name"), Some("nginx"));
        }
    }
    assert!(!finished.stdout.contains("s3cr3t"), "a secret was recorded");
    let ids: HashSet<_> = finished
        .records
        .iter()
        .map(|r| r.text("auditor.record.id").unwrap())
        .collect();
    assert_eq!(ids.len(), finished.records.len(), "ids are unique");
}

#[test]
fn every_attribute_is_in_the_schema() {
    let nginx = Nginx::start();
    let auditor = Auditor::start(&[]);
    run(
        "curl",
        &[
            "-sf",
            "-o",
            "/dev/null",
            "-H",
            "X-Forwarded-For: 192.0.2.1",
            "-d",
            "body",
            &nginx.url("/ok"),
        ],
    );
    let finished = auditor.stop();
    let schema = run(env!("CARGO_BIN_EXE_auditor"), &["schema"]);
    for record in &finished.records {
        for name in record.attributes() {
            let known = schema.contains(&format!("`{name}`"))
                || name.starts_with("http.request.header.")
                || name.starts_with("http.response.header.");
            assert!(known, "{name} is not in the schema");
        }
    }
    let inbound = finished.http("inbound", nginx.port);
    assert_eq!(inbound[0].text("client.address"), Some("192.0.2.1"));
    assert_eq!(inbound[0].int("http.request.body.size"), Some(4));
}

#[test]
fn ipv6_and_a_refused_connection_are_recorded() {
    let nginx = Nginx::start();
    let auditor = Auditor::start(&[]);
    run(
        "curl",
        &[
            "-sf",
            "-o",
            "/dev/null",
            &format!("http://[::1]:{}/ok", nginx.port),
        ],
    );
    let closed = crate::support::shell::free_port();
    let refused =
        crate::support::shell::output("curl", &["-s", &format!("http://127.0.0.1:{closed}/")]);
    assert!(!refused.status.success());
    let finished = auditor.stop();
    let inbound = finished.http("inbound", nginx.port);
    assert_eq!(inbound.len(), 1);
    assert_eq!(inbound[0].text("network.type"), Some("ipv6"));
    assert_eq!(inbound[0].text("network.peer.address"), Some("::1"));
    assert_eq!(inbound[0].text("server.address"), Some("::1"));
    let refused: Vec<_> = finished
        .records
        .iter()
        .filter(|r| r.event() == "auditor.access.connection")
        .filter(|r| r.int("network.peer.port") == Some(u64::from(closed)))
        .collect();
    assert_eq!(refused.len(), 1, "{}", finished.stdout);
    assert_eq!(refused[0].text("error.type"), Some("connect_failed"));
}
