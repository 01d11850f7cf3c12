//! Servers in Python, for what takes several processes.

use std::fs;
use std::process::Command;

use super::process::Process;
use super::temp::TempDir;
use super::until::until;

/// Before every script: `serve` answers one request a connection with the status and as many bytes
/// as the end of its path says, and says in `Server` which process did; `ready` ends the start;
/// `end_with` has children end with their parent.
const PRELUDE: &str = "
import os, signal, socket, sys

signal.alarm(300)

def listen(port, reuse=False):
    listener = socket.socket()
    if reuse:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
    listener.bind(('127.0.0.1', port))
    listener.listen(128)
    return listener

def serve(listener):
    while True:
        connection, _ = listener.accept()
        with connection:
            head = b''
            while b'\\r\\n\\r\\n' not in head:
                head += connection.recv(65536)
            status, size = head.split()[1].decode().split('/')[-2:]
            answer = f'HTTP/1.1 {status} OK\\r\\nServer: {os.getpid()}\\r\\n'
            answer += f'Content-Length: {size}\\r\\nConnection: close\\r\\n\\r\\n'
            connection.sendall(answer.encode() + b'x' * int(size))

def ready(*words):
    with open(sys.argv[1] + '/new', 'w') as file:
        file.write(' '.join(map(str, words)))
    os.rename(sys.argv[1] + '/new', sys.argv[1] + '/ready')

def end_with(child):
    def end(*_):
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
        os._exit(0)
    signal.signal(signal.SIGTERM, end)
";

/// A script that runs until it is dropped.
pub(crate) struct Script {
    process: Process,
    /// What it said when it was ready.
    pub(crate) words: Vec<u32>,
}

// === impl Script ===

impl Script {
    /// Starts it and waits for it to be ready.
    pub(crate) fn start(source: &str, arguments: &[&str]) -> Self {
        let folder = TempDir::new();
        let mut command = Command::new("python3");
        command.args(["-c", &format!("{PRELUDE}{source}")]);
        command.arg(folder.path()).args(arguments);
        let mut process = Process::start(&mut command);
        let text = until("the script is ready", || {
            let ended = process.ended();
            assert!(ended.is_none(), "the script ended with {ended:?}");
            fs::read_to_string(folder.path().join("ready")).ok()
        });
        let words = text
            .split(' ')
            .map(|word| word.parse().expect("a number"))
            .collect();
        Self { process, words }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }
}
