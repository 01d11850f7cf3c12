//! A real server of HTTP/2.

use std::net::TcpStream;
use std::process::Command;

use super::ports;
use super::process::Process;
use super::temp::TempDir;
use super::until::until;

pub(crate) const FILE: &str = "/file.bin";
pub(crate) const FILE_SIZE: u64 = 1024;

pub(crate) struct Nghttpd {
    _process: Process,
    _folder: TempDir,
    pub(crate) port: u16,
}

impl Nghttpd {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new();
        folder.write(&FILE[1..], &[b'x'; FILE_SIZE as usize]);
        let port = ports::free();
        let mut command = Command::new("nghttpd");
        command.args(["--no-tls", "-a", "127.0.0.1", "-d"]);
        command.arg(folder.path()).arg(port.to_string());
        let process = Process::start(&mut command);
        until("nghttpd listens", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self {
            _process: process,
            _folder: folder,
            port,
        }
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}
