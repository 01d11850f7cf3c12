//! A real Envoy as the sidecar of an application.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use serde::Deserialize;

use crate::support::ports;
use crate::support::process::Process;
use crate::support::temp::TempDir;
use crate::support::until::until;

/// `cargo xtask setup` puts it there.
const PROGRAM: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../target/tools/venv/bin/envoy"
);

/// What Envoy calls the host of an HTTP/1.0 request that names none.
pub(crate) const DEFAULT_HOST: &str = "default.host.of.http10";

pub(crate) struct Envoy {
    process: Process,
    folder: TempDir,
    /// Listens on both loopback addresses.
    pub(crate) port: u16,
}

/// One line of its access log; what has no value is absent.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Line {
    pub(crate) start: String,
    pub(crate) duration: Option<u64>,
    pub(crate) method: Option<String>,
    pub(crate) path: Option<String>,
    pub(crate) protocol: Option<String>,
    pub(crate) status: u64,
    pub(crate) details: Option<String>,
    pub(crate) received: u64,
    pub(crate) sent: u64,
    pub(crate) forwarded_for: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) authority: Option<String>,
    pub(crate) local: String,
    pub(crate) peer: String,
    /// Status as a gRPC call: Envoy has one for every exchange, and says here whether it was sent.
    grpc: Option<String>,
    grpc_head: Option<String>,
    grpc_trailer: Option<String>,
}

impl Envoy {
    /// `codec` is what clients speak: `HTTP1` or `HTTP2`. `shop` is the port of a gRPC service.
    pub(crate) fn start(codec: &str, application: u16, shop: u16) -> Self {
        let folder = TempDir::new();
        let port = ports::free();
        let log = folder.path().join("access");
        let configuration = include_str!("envoy.yaml")
            .replace("CODEC", codec)
            .replace("LISTENER_PORT", &port.to_string())
            .replace("APPLICATION_PORT", &application.to_string())
            .replace("SHOP_PORT", &shop.to_string())
            .replace("DEFAULT_HOST", DEFAULT_HOST)
            .replace("ACCESS_LOG", &log.display().to_string());
        let configuration = folder.write("envoy.yaml", configuration.as_bytes());
        let process = run(&configuration, folder.path(), ("::1", port));
        Self {
            process,
            folder,
            port,
        }
    }

    /// Ends it, which writes what is left of its log.
    pub(crate) fn stop(mut self) -> Vec<Line> {
        self.process.signal(Signal::TERM);
        self.process.wait();
        let log = fs::read_to_string(self.folder.path().join("access"));
        let log = log.expect("envoy logs UTF-8");
        let parse = |line| {
            serde_json::from_str(line).unwrap_or_else(|error| panic!("no line: {error}: {line}"))
        };
        log.lines().map(parse).collect()
    }
}

/// Starts Envoy, which logs to a folder, and waits for it to listen there.
pub(crate) fn run(configuration: &Path, folder: &Path, address: (&str, u16)) -> Process {
    let log = folder.join("log");
    let mut command = Command::new(PROGRAM);
    command.arg("--config-path").arg(configuration);
    command.arg("--log-path").arg(&log);
    command.args(["--concurrency", "2", "--use-dynamic-base-id"]);
    let mut process = Process::start(&mut command);
    until("envoy listens", || {
        if let Some(status) = process.ended() {
            panic!("envoy ended with {status}: {:?}", fs::read_to_string(&log));
        }
        // A connection without a request has no line.
        TcpStream::connect(address).ok()
    });
    process
}

impl Line {
    /// The status of a gRPC call that was sent.
    pub(crate) fn grpc_status(&self) -> Option<&String> {
        let is_sent = self.grpc_trailer.is_some() || self.grpc_head.is_some();
        self.grpc.as_ref().filter(|_| is_sent)
    }
}
