//! Handshakes of real programs, and what is copied of them.

mod stacks;

use std::process::Command;

use serde_json::{Value, json};

use crate::support::auditor::{Auditor, Stopped};
use crate::support::certificates::Certificates;
use crate::support::ports;
use crate::support::process::{Process, finish};
use crate::support::record::{CONNECTION, Record, Side};
use crate::support::until::until;

/// What a download of so many bytes may cost, both ends together: two handshakes.
const DOWNLOAD: usize = 10_000_000;
const MAX_COPIED: u64 = 16 * 1024;

/// A server of OpenSSL that ends when it is dropped.
struct Server {
    _process: Process,
    port: u16,
}

impl Server {
    fn start(certificates: &Certificates, arguments: &[&str]) -> Self {
        let port = ports::free();
        let mut command = Command::new("openssl");
        command.current_dir(certificates.folder());
        command.args([
            "s_server",
            "-accept",
            &format!("127.0.0.1:{port}"),
            "-quiet",
        ]);
        command.args(["-cert", "server.pem", "-key", "server.key"]);
        let process = Process::start(command.args(arguments));
        until("openssl listens", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self {
            _process: process,
            port,
        }
    }

    /// What curl says of the request, and what it got.
    fn curl(&self, name: &str, path: &str, arguments: &[&str]) -> (String, Vec<u8>) {
        let mut command = Command::new("curl");
        command.args(["-sv", "--http1.1", "--connect-to"]);
        command.arg(format!("::127.0.0.1:{}", self.port));
        let finished = finish(
            command
                .args(arguments)
                .arg(format!("https://{name}/{path}")),
        );
        (finished.stderr, finished.stdout)
    }
}

/// The records of both ends of the only connection to this name.
#[track_caller]
fn of(stopped: &Stopped, name: &str) -> Vec<Record> {
    let records = stopped.records().filter(|record| {
        record.event_name == CONNECTION && record.text("auditor.tls.server_name") == Some(name)
    });
    let records: Vec<_> = records.collect();
    assert_eq!(records.len(), Side::BOTH.len(), "{name}: {records:#?}");
    records
}

fn await_names(auditor: &Auditor, names: usize) {
    auditor.await_records(2 * names, |record| {
        record.event_name == CONNECTION && record.text("auditor.tls.server_name").is_some()
    });
}

#[test]
fn what_was_agreed_on_is_what_curl_says() {
    let certificates = Certificates::new();
    let server = Server::start(&certificates, &["-www", "-alpn", "http/1.1"]);
    let auditor = Auditor::start(&[]);
    let said = [("new.example", "1.3"), ("old.example", "1.2")].map(|(name, version)| {
        let (said, _) = server.curl(name, "", &["--insecure", "--tls-max", version]);
        let agreed = said.split("SSL connection using TLSv").nth(1);
        let agreed = agreed.unwrap_or_else(|| panic!("{said}"));
        assert!(agreed.starts_with(version), "{agreed}");
        (name, version)
    });
    await_names(&auditor, said.len());
    let stopped = auditor.stop();
    for (name, version) in said {
        let new = version == "1.3";
        let clear = |value: &str| if new { Value::Null } else { json!(value) };
        let cipher = if new {
            "TLS_AES_256_GCM_SHA384"
        } else {
            "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384"
        };
        for record in of(&stopped, name) {
            record.assert(
                name,
                &[
                    ("tls.established", json!(true)),
                    ("tls.protocol.name", json!("tls")),
                    ("tls.protocol.version", json!(version)),
                    ("tls.cipher", json!(cipher)),
                    ("tls.curve", json!("x25519")),
                    ("tls.resumed", json!(false)),
                    ("tls.next_protocol", clear("http/1.1")),
                    ("tls.server.subject", clear("CN=server")),
                    ("server.address", json!(name)),
                    ("error.type", Value::Null),
                    ("auditor.plaintext.status", json!("disabled")),
                ],
            );
        }
    }
    stopped.assert_nothing_lost();
}

#[test]
fn a_client_that_proves_who_it_is_is_named() {
    let certificates = Certificates::new();
    let server = Server::start(&certificates, &["-www", "-tls1_2", "-Verify", "1"]);
    let auditor = Auditor::start(&[]);
    let folder = certificates.folder();
    let file = |name: &str| folder.join(name).display().to_string();
    let (certificate, key) = (file("client.pem"), file("client.key"));
    let arguments = ["--insecure", "--cert", &certificate, "--key", &key];
    server.curl("mutual.example", "", &arguments);
    await_names(&auditor, 1);
    let stopped = auditor.stop();
    for record in of(&stopped, "mutual.example") {
        record.assert(
            "mutual",
            &[
                ("tls.established", json!(true)),
                ("tls.client.subject", json!("CN=client")),
                (
                    "auditor.tls.client.san.uri",
                    json!(["spiffe://td.example/ns/shop/sa/cart"]),
                ),
            ],
        );
    }
}

#[test]
fn a_handshake_that_fails_says_why() {
    let certificates = Certificates::new();
    let server = Server::start(&certificates, &["-www"]);
    let auditor = Auditor::start(&[]);
    server.curl("unknown-ca.example", "", &[]);
    let old = [
        "--tls-max",
        "1.2",
        "--ciphers",
        "ECDHE-RSA-AES128-GCM-SHA256",
    ];
    server.curl("no-cipher.example", "", &old);
    await_names(&auditor, 2);
    let stopped = auditor.stop();
    let expected = [
        ("unknown-ca.example", "unknown_ca", "client"),
        ("no-cipher.example", "handshake_failure", "server"),
    ];
    for (name, alert, sender) in expected {
        for record in of(&stopped, name) {
            record.assert(
                name,
                &[
                    ("tls.established", json!(false)),
                    ("error.type", json!(alert)),
                    ("auditor.tls.alert", json!(alert)),
                    ("auditor.tls.alert.sender", json!(sender)),
                ],
            );
        }
    }
}

#[test]
fn of_a_download_only_the_handshake_is_copied() {
    let certificates = Certificates::new();
    let large = certificates.folder().join("large");
    std::fs::write(large, vec![b'x'; DOWNLOAD]).expect("a file can be written");
    let server = Server::start(&certificates, &["-WWW"]);
    let auditor = Auditor::start(&[]);
    let (_, body) = server.curl("large.example", "large", &["--insecure", "--http0.9"]);
    assert_eq!(body.len(), DOWNLOAD);
    await_names(&auditor, 1);
    let stopped = auditor.stop();
    for record in of(&stopped, "large.example") {
        record.assert("large", &[("tls.established", json!(true))]);
    }
    assert!(
        stopped.kernel.get("bytes_copied") < MAX_COPIED,
        "{:?}",
        stopped.kernel
    );
    stopped.assert_nothing_lost();
}
