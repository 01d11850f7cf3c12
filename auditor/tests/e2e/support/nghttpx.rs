//! A real proxy that clients may ask for HTTP/2 in HTTP/1.1, in front of a server of HTTP/2.

use std::fs;
use std::net::TcpStream;
use std::process::Command;

use super::ports;
use super::process::Process;
use super::temp::TempDir;
use super::until::until;

pub(crate) struct Nghttpx {
    _process: Process,
    _folder: TempDir,
    pub(crate) port: u16,
}

impl Nghttpx {
    pub(crate) fn start(server: u16) -> Self {
        let folder = TempDir::new();
        let configuration = folder.write("nghttpx.conf", b"");
        let log = folder.path().join("log");
        let port = ports::free();
        let mut command = Command::new("nghttpx");
        command.arg(format!("--conf={}", configuration.display()));
        command.arg(format!("--errorlog-file={}", log.display()));
        command.arg(format!("--frontend=127.0.0.1,{port};no-tls"));
        command.arg(format!("--backend=127.0.0.1,{server};;proto=h2"));
        command.args(["--workers=1", "--single-process"]);
        let mut process = Process::start(&mut command);
        until("nghttpx listens", || {
            if let Some(status) = process.ended() {
                let log = fs::read_to_string(&log);
                panic!("nghttpx ended with {status}: {log:?}");
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
