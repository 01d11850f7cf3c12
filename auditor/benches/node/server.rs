//! What is asked: nginx, and where a sidecar is measured, Envoy before it.

use std::{net::TcpStream, process::Command};

use crate::{
    load::Ports,
    support::{ports, process::Process, temp::TempDir, until::until},
};

const ENVOY: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../target/tools/venv/bin/envoy"
);
/// A file that a page or an API sends.
pub const SMALL: &str = "/small";
const SMALL_SIZE: usize = 1024;
/// A file whose bytes are the most of its cost.
pub const LARGE: &str = "/large";
const LARGE_SIZE: usize = 1 << 20;

/// A program that answers, for as long as this lives.
pub struct Server {
    _process: Process,
    _folder: TempDir,
    pub ports: Ports,
}

impl Server {
    /// One process of nginx, without a log.
    pub fn nginx() -> Self {
        let (folder, ports) = prepare();
        folder.write(&SMALL[1..], &vec![b'a'; SMALL_SIZE]);
        folder.write(&LARGE[1..], &vec![b'a'; LARGE_SIZE]);
        let configuration = include_str!("nginx.conf")
            .replace("FOLDER", &folder.path().display().to_string())
            .replace("HTTP1", &ports.http1.to_string())
            .replace("HTTP2", &ports.http2.to_string())
            .replace("TLS", &ports.tls.to_string());
        let configuration = folder.write("nginx.conf", configuration.as_bytes());
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder.path());
        command.arg("-c").arg(configuration);
        command.args(["-e", "error.log"]);
        Self::await_start(&mut command, folder, ports)
    }

    /// A sidecar before the application, which writes an access log.
    pub fn envoy(application: &Self) -> Self {
        let (folder, ports) = prepare();
        let configuration = include_str!("envoy.yaml")
            .replace("FOLDER", &folder.path().display().to_string())
            .replace("APPLICATION_PORT", &application.ports.http1.to_string())
            .replace("HTTP1_PORT", &ports.http1.to_string())
            .replace("HTTP2_PORT", &ports.http2.to_string())
            .replace("TLS_PORT", &ports.tls.to_string());
        let configuration = folder.write("envoy.yaml", configuration.as_bytes());
        let mut command = Command::new(ENVOY);
        command.arg("--config-path").arg(configuration);
        command.arg("--log-path").arg(folder.path().join("log"));
        // One, as nginx has.
        command.args(["--concurrency", "1", "--use-dynamic-base-id"]);
        Self::await_start(&mut command, folder, ports)
    }

    fn await_start(command: &mut Command, folder: TempDir, ports: Ports) -> Self {
        let mut process = Process::start(command);
        until("the server listens", || {
            if let Some(status) = process.ended() {
                panic!("{command:?} ended with {status}");
            }
            TcpStream::connect(("127.0.0.1", ports.tls)).ok()
        });
        Self {
            _process: process,
            _folder: folder,
            ports,
        }
    }
}

/// A folder with a certificate in it, and ports.
fn prepare() -> (TempDir, Ports) {
    let folder = TempDir::new();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
    let made = made.expect("a certificate can be made");
    folder.write("cert.pem", made.cert.pem().as_bytes());
    folder.write("key.pem", made.signing_key.serialize_pem().as_bytes());
    let ports = Ports {
        http1: ports::free(),
        http2: ports::free(),
        tls: ports::free(),
    };
    (folder, ports)
}
