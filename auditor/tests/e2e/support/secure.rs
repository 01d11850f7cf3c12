//! An nginx that speaks TLS.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::certificates::Certificates;
use super::ports;
use super::process::Process;
use super::until::until;

/// A file that no compression makes smaller, and its size.
pub(crate) const FILE: &str = "/file";
pub(crate) const FILE_SIZE: usize = 1 << 20;

pub(crate) struct SecureNginx {
    _process: Process,
    certificates: Certificates,
    pub(crate) port: u16,
}

impl SecureNginx {
    /// Answers `ok` to everything but [`FILE`], over HTTP/1.1 and HTTP/2.
    pub(crate) fn start() -> Self {
        let certificates = Certificates::new();
        let port = ports::free();
        let folder = certificates.folder();
        fs::write(folder.join(&FILE[1..]), noise(FILE_SIZE)).expect("a file can be written");
        let path = folder.join("nginx.conf");
        fs::write(&path, configuration(folder, port)).expect("a file can be written");
        let mut command = Command::new("nginx");
        command.args(["-e", "stderr", "-c"]).arg(path);
        let process = Process::start(&mut command);
        until("nginx listens", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self {
            _process: process,
            certificates,
            port,
        }
    }

    /// Its certificate and key are `server.pem` and `server.key` here.
    pub(crate) fn folder(&self) -> &Path {
        self.certificates.folder()
    }
}

fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "daemon off; user root; pid {folder}/pid; worker_processes 2; error_log stderr error; \
         events {{ worker_connections 1024; }} http {{ access_log off; \
         keepalive_requests 100000000; server {{ listen 127.0.0.1:{port} ssl http2; \
         ssl_protocols TLSv1.2 TLSv1.3; \
         ssl_certificate {folder}/server.pem; ssl_certificate_key {folder}/server.key; \
         location / {{ return 200 ok; }} location = {FILE} {{ root {folder}; }} }} }}"
    )
}

/// The same bytes at every call: a linear congruential generator, Knuth's MMIX.
fn noise(length: usize) -> Vec<u8> {
    let mut state = 1u64;
    let next = || {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 56) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}
