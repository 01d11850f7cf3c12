//! Bytes that mean no good.

use std::net::SocketAddr;

use crate::support::{auditor::Auditor, nginx::Nginx, server::ask};

#[test]
fn hostile_bytes_leave_a_record_and_forge_no_line() {
    let nginx = Nginx::start();
    let auditor = Auditor::start(&[]);
    let address = SocketAddr::from(([127, 0, 0, 1], nginx.port));
    let mut oversized = b"GET /long HTTP/1.1\r\nHost: h\r\nX-Long: ".to_vec();
    oversized.resize(1 << 20, b'a');
    oversized.extend_from_slice(b"\r\n\r\n");
    let noise: Vec<u8> = (0..4000u32)
        .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8 | 0x80)
        .collect();
    let attacks: [&[u8]; 8] = [
        &noise,
        &oversized,
        b"GET /nul\0byte HTTP/1.1\r\nHost: h\r\n\r\n",
        b"GET /bare-lf HTTP/1.1\nHost: h\nConnection: close\n\n",
        b"GET /\xff\xfe\xc3( HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n",
        b"GET /a%0d%0aSet-Cookie:x HTTP/1.1\r\nHost: h\r\nUser-Agent: \x1b[31mred\x07\r\nConnection: close\r\n\r\n",
        b"GET /inject\rfoo HTTP/1.1\r\nHost: h\r\nUser-Agent: a\rb\r\nConnection: close\r\n\r\n",
        b"\r\n\r\nGET /ok HTTP/1.1\r\nHost: {\"event_name\":\"forged\"}\r\nConnection: close\r\n\r\n",
    ];
    for attack in attacks {
        ask(address, attack);
    }
    let finished = auditor.stop();
    // Parsing every line is done by `stop`.
    for line in finished.stdout.lines() {
        assert!(!line.chars().any(char::is_control), "{line:?}");
    }
    let known = [
        "auditor.access.http",
        "auditor.access.connection",
        "auditor.lifecycle",
        "auditor.coverage",
    ];
    assert!(
        finished.records.iter().all(|r| known.contains(&r.event())),
        "{}",
        finished.stdout
    );
    let connections = finished
        .records
        .iter()
        .filter(|r| {
            r.event() == "auditor.access.connection"
                && r.int("network.local.port") == Some(u64::from(nginx.port))
        })
        .count();
    assert!(connections >= attacks.len(), "{connections} connections");
    let inbound = finished.http("inbound", nginx.port);
    assert_eq!(inbound.len(), attacks.len(), "{}", finished.stdout);
    assert_eq!(inbound[0].text("error.type"), Some("invalid_request"));
    assert_eq!(inbound[0].int("http.response.status_code"), Some(400));
    assert_eq!(inbound[1].text("url.path"), Some("/long"));
    assert!(
        inbound[1]
            .list("auditor.capture.incomplete")
            .contains(&"head_truncated")
    );
    assert_eq!(inbound[3].text("url.path"), Some("/bare-lf"));
    assert_eq!(inbound[4].text("url.path"), Some("/%FF%FE%C3("));
    assert_eq!(
        inbound[5].text("user_agent.original"),
        Some("%1B[31mred%07")
    );
}
