//! Independent receivers take what is sent.

use std::{
    fs::{self, File},
    net::TcpStream,
    process::{Command, Stdio},
};

use crate::support::{
    auditor::Auditor,
    nginx::Nginx,
    shell::{Folder, Guard, free_port, run, tool, until},
};

const REQUESTS: usize = 200;

/// A receiver that prints what it gets as lines of JSON.
struct Receiver {
    port: u16,
    folder: Folder,
    _process: Guard,
}

impl Receiver {
    fn start() -> Self {
        let folder = Folder::new("oteltap");
        let port = free_port();
        let process = Command::new(tool("oteltap"))
            .args(["--port", &port.to_string()])
            .env("PYTHONUNBUFFERED", "1")
            .stdout(File::create(folder.path().join("out")).unwrap())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let process = Guard(process);
        until("the receiver listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        Self {
            port,
            folder,
            _process: process,
        }
    }

    /// Occurrences of a text in what was received.
    fn count(&self, text: &str) -> usize {
        fs::read_to_string(self.folder.path().join("out"))
            .unwrap()
            .matches(text)
            .count()
    }
}

fn send_through(endpoint: &str, protocol: &str, receiver: &Receiver) {
    let nginx = Nginx::start();
    let auditor = Auditor::start_with(
        &["--otlp-endpoint", endpoint],
        &[("OTEL_EXPORTER_OTLP_PROTOCOL", protocol)],
    );
    let marker = format!("otlp-{}", nginx.port);
    let url = nginx.url("/ok");
    run(
        "h2load",
        &[
            "--h1",
            "-n",
            &REQUESTS.to_string(),
            "-c",
            "4",
            "-H",
            &format!("user-agent: {marker}"),
            &url,
        ],
    );
    let finished = auditor.stop();
    finished.assert_nothing_lost();
    assert_eq!(
        finished.figure("summary:", "undelivered"),
        0,
        "{}",
        finished.stderr
    );
    let recorded = finished.stdout.matches(&marker).count();
    assert_eq!(recorded, 2 * REQUESTS, "inbound and outbound");
    until("the receiver has every record", || {
        receiver.count(&marker) >= recorded
    });
    assert_eq!(receiver.count(&marker), recorded);
}

#[test]
fn oteltap_takes_otlp_over_http() {
    let receiver = Receiver::start();
    send_through(
        &format!("http://127.0.0.1:{}", receiver.port),
        "http/protobuf",
        &receiver,
    );
}

#[test]
fn a_collector_takes_otlp_over_grpc_and_http() {
    for protocol in ["grpc", "http/protobuf"] {
        let receiver = Receiver::start();
        let (grpc, http) = (free_port(), free_port());
        let onward = format!("http://127.0.0.1:{}", receiver.port);
        let agent = tool("rotel-agent");
        run("chmod", &["a+x", agent.to_str().unwrap()]);
        let collector = Command::new(agent)
            .args([
                "start",
                "--otlp-grpc-endpoint",
                &format!("127.0.0.1:{grpc}"),
            ])
            .args(["--otlp-http-endpoint", &format!("127.0.0.1:{http}")])
            .args(["--exporter", "otlp", "--otlp-exporter-protocol", "http"])
            .args(["--otlp-exporter-endpoint", &onward])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let _collector = Guard(collector);
        let port = if protocol == "grpc" { grpc } else { http };
        until("the collector listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        send_through(&format!("http://127.0.0.1:{port}"), protocol, &receiver);
    }
}
