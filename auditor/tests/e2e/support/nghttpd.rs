//! A real HTTP/2 server in clear text.

use std::fs;
use std::net::TcpStream;
use std::process::Command;

use super::nginx::{KB, KB_SIZE};
use super::ports;
use super::process::Process;
use super::temp::TempDir;
use super::until::until;

/// More than one event carries of a segment, and less than a stream's first window.
pub(crate) const WINDOW: &str = "/48k.bin";
pub(crate) const WINDOW_SIZE: u64 = 48 * 1024;
pub(crate) const MIB: &str = "/1m.bin";
pub(crate) const MIB_SIZE: u64 = 1 << 20;

pub(crate) struct Nghttpd {
    _process: Process,
    _folder: TempDir,
    pub(crate) port: u16,
}

impl Nghttpd {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new();
        for (name, size) in [(KB, KB_SIZE), (WINDOW, WINDOW_SIZE), (MIB, MIB_SIZE)] {
            folder.write(&name[1..], &vec![b'n'; size as usize]);
        }
        // A pipe that nobody reads would stop it; so would a terminal that is gone.
        let output = fs::File::create(folder.path().join("output"));
        let port = ports::free();
        let mut command = Command::new("nghttpd");
        command.args(["--no-tls", "--address=127.0.0.1"]);
        command.args(["--max-concurrent-streams=1000", "--htdocs"]);
        command.arg(folder.path()).arg(port.to_string());
        command.stdout(output.expect("a temporary file can be made"));
        let mut process = Process::start(&mut command);
        until("nghttpd listens", || {
            if let Some(status) = process.ended() {
                panic!("nghttpd ended with {status}");
            }
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
