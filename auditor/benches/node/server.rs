//! What is asked: nginx, and where a sidecar is measured, Envoy before it.

use std::{net::TcpStream, process::Command};

use crate::support::{ports, process::Process, temp::TempDir, until::until};

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

/// One process of nginx, without a log.
pub struct Nginx {
    _process: Process,
    _folder: TempDir,
    pub http1: u16,
    pub http2: u16,
    pub tls: u16,
}

/// A sidecar that writes an access log.
pub struct Envoy {
    _process: Process,
    _folder: TempDir,
    pub http1: u16,
    pub http2: u16,
    pub tls: u16,
}

impl Nginx {
    pub fn start() -> Self {
        let folder = TempDir::new();
        certificate(&folder);
        folder.write(&SMALL[1..], &vec![b'a'; SMALL_SIZE]);
        folder.write(&LARGE[1..], &vec![b'a'; LARGE_SIZE]);
        let (http1, http2, tls) = (ports::free(), ports::free(), ports::free());
        let configuration = include_str!("nginx.conf")
            .replace("FOLDER", &folder.path().display().to_string())
            .replace("HTTP1", &http1.to_string())
            .replace("HTTP2", &http2.to_string())
            .replace("TLS", &tls.to_string());
        let configuration = folder.write("nginx.conf", configuration.as_bytes());
        let mut command = Command::new("nginx");
        command.arg("-p").arg(folder.path());
        command.arg("-c").arg(configuration);
        command.args(["-e", "error.log"]);
        let mut process = Process::start(&mut command);
        await_port(&mut process, "nginx", http1);
        Self {
            _process: process,
            _folder: folder,
            http1,
            http2,
            tls,
        }
    }
}

impl Envoy {
    pub fn start(before: &Nginx) -> Self {
        let folder = TempDir::new();
        certificate(&folder);
        let (http1, http2, tls) = (ports::free(), ports::free(), ports::free());
        let configuration = include_str!("envoy.yaml")
            .replace("FOLDER", &folder.path().display().to_string())
            .replace("APPLICATION_PORT", &before.http1.to_string())
            .replace("HTTP1_PORT", &http1.to_string())
            .replace("HTTP2_PORT", &http2.to_string())
            .replace("TLS_PORT", &tls.to_string());
        let configuration = folder.write("envoy.yaml", configuration.as_bytes());
        let mut command = Command::new(ENVOY);
        command.arg("--config-path").arg(configuration);
        command.arg("--log-path").arg(folder.path().join("log"));
        // One, as nginx has.
        command.args(["--concurrency", "1", "--use-dynamic-base-id"]);
        let mut process = Process::start(&mut command);
        await_port(&mut process, "envoy", tls);
        Self {
            _process: process,
            _folder: folder,
            http1,
            http2,
            tls,
        }
    }
}

fn certificate(folder: &TempDir) {
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]);
    let made = made.expect("a certificate can be made");
    folder.write("cert.pem", made.cert.pem().as_bytes());
    folder.write("key.pem", made.signing_key.serialize_pem().as_bytes());
}

fn await_port(process: &mut Process, name: &str, port: u16) {
    until(&format!("{name} listens"), || {
        if let Some(status) = process.ended() {
            panic!("{name} ended with {status}");
        }
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
}
