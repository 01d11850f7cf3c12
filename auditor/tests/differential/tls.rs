//! An Envoy that ends TLS: what it logs of a handshake is what the record of the connection says.

use std::collections::BTreeMap;
use std::fs;
use std::process::Command;

use rustix::process::Signal;
use serde::Deserialize;

use crate::envoy;
use crate::support::auditor::Auditor;
use crate::support::certificates::Certificates;
use crate::support::node::node;
use crate::support::ports;
use crate::support::process::{Process, succeed};
use crate::support::record::{CONNECTION, Record, Side};

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/tls");

const VERSIONS: [&str; 2] = ["1.2", "1.3"];
/// What curl offers of application protocols.
const PROTOCOLS: [&str; 3] = ["--http2", "--http1.1", "--no-alpn"];
/// And of ciphers; TLS 1.3 has others.
const CIPHERS: [&[&str]; 3] = [
    &[],
    &["--ciphers", "ECDHE-ECDSA-CHACHA20-POLY1305"],
    &["--curves", "P-256"],
];

/// What Envoy says of a connection; what has no value is absent.
#[derive(Debug, Deserialize)]
struct Line {
    peer: String,
    server_name: Option<String>,
    version: Option<String>,
    cipher: Option<String>,
    ja3: Option<String>,
    ja4: Option<String>,
    subject: Option<String>,
    issuer: Option<String>,
    uri: Option<String>,
    fingerprint: Option<String>,
}

/// By the name of a fact.
type Facts = BTreeMap<&'static str, Option<String>>;

#[test]
fn every_handshake_of_envoy_has_its_facts() {
    let certificates = Certificates::new();
    let (mut envoy, port) = start(&certificates);
    let auditor = Auditor::start(&[]);
    let connections = play(&certificates, port);
    auditor.await_records(connections, |record| {
        record.is(CONNECTION, Side::Inbound) && record.server_port(Side::Inbound) == Some(port)
    });
    envoy.signal(Signal::TERM);
    envoy.wait();
    let log = fs::read_to_string(certificates.folder().join("access")).expect("Envoy logs");
    let lines: Vec<Line> = log
        .lines()
        .map(|line| serde_json::from_str(line).expect("a line is JSON"))
        .collect();
    assert_eq!(lines.len(), connections, "{log}");
    let stopped = auditor.stop();
    stopped.assert_nothing_lost();
    let records = stopped.tls_connections(Side::Inbound, port);
    assert_eq!(records.len(), connections, "{records:#?}");
    for line in &lines {
        let client = line.peer.rsplit(':').next().and_then(|p| p.parse().ok());
        let mut of_client = records
            .iter()
            .filter(|record| record.client_port(Side::Inbound) == client);
        let record = of_client.next().unwrap_or_else(|| panic!("no {line:?}"));
        assert_eq!(of_record(record), of_line(line), "{line:?}");
    }
}

fn start(certificates: &Certificates) -> (Process, u16) {
    let port = ports::free();
    let folder = certificates.folder();
    let configuration = include_str!("tls.yaml")
        .replace("LISTENER_PORT", &port.to_string())
        .replace("FOLDER", &folder.display().to_string());
    let path = folder.join("envoy.yaml");
    fs::write(&path, configuration).expect("a file can be written");
    let process = envoy::run(&path, folder, ("127.0.0.1", port));
    (process, port)
}

/// Shakes hands in every way; how often.
fn play(certificates: &Certificates, port: u16) -> usize {
    let folder = certificates.folder();
    let file = |name: &str| folder.join(name).display().to_string();
    let (certificate, key) = (file("client.pem"), file("client.key"));
    let proofs: [&[&str]; 2] = [&[], &["--cert", &certificate, "--key", &key]];
    let mut connections = 0;
    for version in VERSIONS {
        for protocol in PROTOCOLS {
            for ciphers in CIPHERS {
                for proof in proofs {
                    let mut command = Command::new("curl");
                    command.args(["-s", "--insecure", "--tls-max", version, protocol]);
                    command.args(ciphers).args(proof);
                    command
                        .arg("--connect-to")
                        .arg(format!("::127.0.0.1:{port}"));
                    command.arg(format!("https://curl-{connections}.example/"));
                    assert_eq!(succeed(&mut command).text(), "ok");
                    connections += 1;
                }
            }
        }
        for (program, script) in [("python3".into(), "client.py"), (node(), "client.js")] {
            let mut command = Command::new(program);
            command.arg(format!("{SCRIPTS}/{script}"));
            succeed(command.args([&port.to_string(), "script.example", version]));
            connections += 1;
        }
    }
    connections
}

fn of_line(line: &Line) -> Facts {
    let is_clear = line.version.as_deref() != Some("TLSv1.3");
    let clear = |value: &Option<String>| value.clone().filter(|_| is_clear);
    Facts::from([
        ("server name", line.server_name.clone()),
        (
            "version",
            line.version
                .as_ref()
                .map(|version| version.replace("TLSv", "")),
        ),
        ("cipher", line.cipher.as_deref().map(registered)),
        ("ja3", line.ja3.clone()),
        ("ja4", line.ja4.clone()),
        // In TLS 1.3 certificates are encrypted.
        ("subject", clear(&line.subject)),
        ("issuer", clear(&line.issuer)),
        ("uri", clear(&line.uri)),
        (
            "fingerprint",
            clear(&line.fingerprint).map(|hash| hash.to_uppercase()),
        ),
    ])
}

fn of_record(record: &Record) -> Facts {
    let text = |name| record.text(name).map(str::to_owned);
    let uris = record.attributes.get("auditor.tls.client.san.uri");
    let uri = uris.and_then(|uris| Some(uris.get(0)?.as_str()?.to_owned()));
    Facts::from([
        ("server name", text("auditor.tls.server_name")),
        ("version", text("tls.protocol.version")),
        ("cipher", text("tls.cipher")),
        ("ja3", text("tls.client.ja3")),
        ("ja4", text("auditor.tls.client.ja4")),
        ("subject", text("tls.client.subject")),
        ("issuer", text("tls.client.issuer")),
        ("uri", uri),
        ("fingerprint", text("tls.client.hash.sha256")),
    ])
}

/// Up to TLS 1.2 Envoy gives the names of OpenSSL.
fn registered(cipher: &str) -> String {
    match cipher {
        "ECDHE-ECDSA-AES128-GCM-SHA256" => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        "ECDHE-ECDSA-AES256-GCM-SHA384" => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        "ECDHE-ECDSA-CHACHA20-POLY1305" => "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256",
        other => other,
    }
    .to_owned()
}
