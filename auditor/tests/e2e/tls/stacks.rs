//! Handshakes of every common TLS library: the records say what the library says of itself.

use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use serde_json::json;

use super::{await_names, of};
use crate::support::auditor::Auditor;
use crate::support::certificates::Certificates;
use crate::support::node::node;
use crate::support::ports;
use crate::support::process::{Process, finish, succeed};
use crate::support::secure::SecureNginx;
use crate::support::temp::TempDir;
use crate::support::until::until;

const SCRIPTS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/e2e/tls");

const VERSIONS: [&str; 2] = ["1.2", "1.3"];

/// What both ends agreed on, in their own words.
struct Agreed {
    name: String,
    version: String,
    cipher: String,
}

fn script(name: &str) -> String {
    format!("{SCRIPTS}/{name}")
}

/// A program of Go, compiled.
fn compiled(folder: &Path, name: &str) -> String {
    let to = folder.join(name).display().to_string();
    let mut command = Command::new("go");
    command.args(["build", "-o", &to, &script(&format!("{name}.go"))]);
    command.env("GOCACHE", folder.join("cache"));
    command.env("GOFLAGS", "-mod=mod");
    succeed(&mut command);
    to
}

/// A client that says `VERSION CIPHER ALPN`.
fn ask(program: &[&str], port: u16, name: &str, version: &str) -> Agreed {
    let mut command = Command::new(program[0]);
    command.args(&program[1..]);
    command.args([&port.to_string(), name, version]);
    let finished = succeed(&mut command);
    let said = finished.text();
    let words: Vec<&str> = said.split_whitespace().collect();
    assert_eq!(words.len(), 3, "{name}: {said}");
    assert_eq!(
        (words[0], words[2]),
        (version, "http/1.1"),
        "{name}: {said}"
    );
    Agreed {
        name: name.to_owned(),
        version: version.to_owned(),
        cipher: registered(words[1]),
    }
}

/// OpenSSL has names of its own up to TLS 1.2.
fn registered(cipher: &str) -> String {
    match cipher {
        "ECDHE-ECDSA-AES128-GCM-SHA256" => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256".to_owned(),
        "ECDHE-ECDSA-AES256-GCM-SHA384" => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384".to_owned(),
        _ => cipher.to_owned(),
    }
}

/// GnuTLS describes: `(TLS1.3-X.509)-(ECDHE-SECP256R1)-(…)-(AES-256-GCM)`.
fn gnutls(port: u16, name: &str, version: &str) -> Agreed {
    let mut command = Command::new("gnutls-cli");
    command.args(["--insecure", "--sni-hostname", name, "--alpn", "http/1.1"]);
    command.arg(format!("--priority=NORMAL:-VERS-ALL:+VERS-TLS{version}"));
    command.args(["--port", &port.to_string(), "127.0.0.1"]);
    let finished = succeed(&mut command);
    let said = finished.text();
    let described = said.lines().find(|line| line.contains("Description: "));
    let described = described.unwrap_or_else(|| panic!("{name}: {said}"));
    assert!(
        described.contains(&format!("(TLS{version}-")),
        "{described}"
    );
    let cipher = match (version, described.contains("(AES-256-GCM)")) {
        ("1.3", true) => "TLS_AES_256_GCM_SHA384",
        ("1.2", true) => "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384",
        ("1.2", false) => "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
        _ => panic!("{described}"),
    };
    Agreed {
        name: name.to_owned(),
        version: version.to_owned(),
        cipher: cipher.to_owned(),
    }
}

/// Has a browser open a page.
fn browse(port: u16, name: &str) {
    let profile = TempDir::new();
    let mut command = Command::new("chromium");
    command.args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"]);
    command.arg("--ignore-certificate-errors");
    command.arg(format!("--user-data-dir={}", profile.path().display()));
    command.arg(format!("--host-resolver-rules=MAP {name} 127.0.0.1"));
    command.arg(format!("https://{name}:{port}/"));
    let finished = succeed(&mut command);
    let page = finished.text();
    assert!(page.contains("ok"), "{page}");
}

/// What curl says of a server.
fn curl(port: u16, name: &str, version: &str) -> Agreed {
    let mut command = Command::new("curl");
    command.args(["-sv", "--insecure", "--http1.1", "--tls-max", version]);
    command
        .arg("--connect-to")
        .arg(format!("::127.0.0.1:{port}"));
    command.args(["--output", "/dev/null", &format!("https://{name}/")]);
    let said = finish(&mut command).stderr;
    let agreed = said.split("SSL connection using TLSv").nth(1);
    let agreed = agreed.unwrap_or_else(|| panic!("{name}: {said}"));
    let mut words = agreed.split_whitespace();
    assert_eq!(words.next(), Some(version), "{said}");
    Agreed {
        name: name.to_owned(),
        version: version.to_owned(),
        cipher: registered(words.nth(1).expect("a cipher behind a stroke")),
    }
}

fn assert_agreed(auditor: Auditor, agreed: &[Agreed]) {
    await_names(&auditor, agreed.len());
    let stopped = auditor.stop();
    for Agreed {
        name,
        version,
        cipher,
    } in agreed
    {
        for record in of(&stopped, name) {
            record.assert(
                name,
                &[
                    ("tls.established", json!(true)),
                    ("tls.protocol.version", json!(version)),
                    ("tls.cipher", json!(cipher)),
                    ("server.address", json!(name)),
                ],
            );
            let ja4 = record.text("auditor.tls.client.ja4").unwrap_or_default();
            let start = format!("t{}d", version.replace('.', ""));
            assert!(ja4.starts_with(&start), "{name}: {ja4}");
        }
    }
    stopped.assert_nothing_lost();
}

#[test]
fn clients_of_every_library() {
    let nginx = SecureNginx::start();
    let folder = TempDir::new();
    let go = compiled(folder.path(), "client");
    let (python, javascript) = (script("client.py"), script("client.js"));
    let node = node().display().to_string();
    let auditor = Auditor::start(&[]);
    let mut agreed = Vec::new();
    for version in VERSIONS {
        let name = |library: &str| format!("{library}-{}.example", version.replace('.', "-"));
        let port = nginx.port;
        agreed.push(ask(&["python3", &python], port, &name("python"), version));
        agreed.push(ask(&[&node, &javascript], port, &name("node"), version));
        agreed.push(ask(&[&go], port, &name("go"), version));
        agreed.push(gnutls(port, &name("gnutls"), version));
    }
    assert_agreed(auditor, &agreed);
}

#[test]
fn servers_of_every_library() {
    let certificates = Certificates::new();
    let folder = certificates.folder();
    let go = compiled(folder, "server");
    let (python, javascript) = (script("server.py"), script("server.js"));
    let node = node().display().to_string();
    let servers: [(&str, &[&str]); 4] = [
        ("python", &["python3", &python]),
        ("node", &[&node, &javascript]),
        ("go", &[&go]),
        (
            "gnutls",
            &[
                "gnutls-serv",
                "--http",
                "--quiet",
                "--x509certfile=server.pem",
                "--x509keyfile=server.key",
                "--port",
            ],
        ),
    ];
    let mut running = Vec::new();
    for (library, program) in servers {
        let port = ports::free();
        let mut command = Command::new(program[0]);
        command.args(&program[1..]).arg(port.to_string());
        let process = Process::start(command.current_dir(folder));
        until("the server listens", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        running.push((library, port, process));
    }
    let auditor = Auditor::start(&[]);
    let mut agreed = Vec::new();
    for version in VERSIONS {
        for (library, port, _) in &running {
            let name = format!("{library}-{}.example", version.replace('.', "-"));
            agreed.push(curl(*port, &name, version));
        }
    }
    assert_agreed(auditor, &agreed);
}

/// A browser changes the order of its extensions with each connection, and offers what no server
/// knows (RFC 8701); neither may make it another client.
#[test]
fn a_browser() {
    let nginx = SecureNginx::start();
    let auditor = Auditor::start(&[]);
    let names = ["first.example", "second.example"];
    for name in names {
        browse(nginx.port, name);
    }
    auditor.await_records(1, |record| {
        record.text("auditor.tls.server_name") == Some(names[1])
    });
    let stopped = auditor.stop();
    let of_browser = stopped.records().filter(|record| {
        let name = record.text("auditor.tls.server_name");
        name.is_some_and(|name| names.contains(&name))
    });
    let of_browser: Vec<_> = of_browser.collect();
    assert!(of_browser.len() >= 2 * names.len(), "{of_browser:#?}");
    let first = of_browser[0].text("auditor.tls.client.ja4");
    assert!(
        first.is_some_and(|ja4| ja4.starts_with("t13d") && ja4[8..10] == *"h2"),
        "{first:?}"
    );
    for record in &of_browser {
        assert_eq!(record.text("auditor.tls.client.ja4"), first, "{record:#?}");
        record.assert("browser", &[("tls.protocol.version", json!("1.3"))]);
    }
}
