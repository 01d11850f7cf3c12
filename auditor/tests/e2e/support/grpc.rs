//! A real gRPC service and its client, by the library of gRPC itself.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpStream;
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use super::ports;
use super::process::{Process, succeed};
use super::until::until;

/// `cargo xtask setup` puts it there.
const PYTHON: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../target/tools/venv/bin/python"
);
const SCRIPT: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/tests/e2e/support/grpc/shop.py"
);

/// Messages in each direction of a call that streams them.
pub(crate) const MESSAGES: u64 = 5;

pub(crate) struct Shop {
    _process: Process,
    pub(crate) port: u16,
}

/// A client that stays connected.
pub(crate) struct Channel {
    client: Child,
    commands: Option<ChildStdin>,
    confirmations: BufReader<ChildStdout>,
}

impl Shop {
    pub(crate) fn start() -> Self {
        let port = ports::free();
        let mut process = Process::start(python().args(["serve", &port.to_string()]));
        until("the gRPC server listens", || {
            if let Some(status) = process.ended() {
                panic!("the gRPC server ended with {status}");
            }
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        Self {
            _process: process,
            port,
        }
    }

    pub(crate) fn channel(&self) -> Channel {
        let mut command = python();
        command.args(["channel", &self.port.to_string()]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut client = command.spawn().expect("setup installed Python");
        let output = client.stdout.take().expect("it is piped");
        Channel {
            commands: client.stdin.take(),
            client,
            confirmations: BufReader::new(output),
        }
    }
}

impl Channel {
    /// Makes so many calls, many at a time.
    pub(crate) fn get(&mut self, calls: usize) {
        self.command(&format!("get {calls}"));
    }

    /// Begins a call that lasts as long as the channel.
    pub(crate) fn wait(&mut self) {
        self.command("wait");
    }

    fn command(&mut self, line: &str) {
        let commands = self.commands.as_mut().expect("it is not closed yet");
        writeln!(commands, "{line}").expect("the client reads");
        let mut confirmation = String::new();
        self.confirmations
            .read_line(&mut confirmation)
            .expect("the client prints text");
        assert_eq!(confirmation, "done\n", "{line}");
    }
}

impl Drop for Channel {
    /// Without commands the client ends.
    fn drop(&mut self) {
        self.commands = None;
        let _ = self.client.wait();
    }
}

/// Makes so many calls of every kind on one channel to this port, and gives how many of which kind
/// ended with which status, as the client saw it.
pub(crate) fn call(port: u16, calls: u32) -> BTreeMap<String, u64> {
    let (port, calls) = (port.to_string(), calls.to_string());
    let finished = succeed(python().args(["call", &port, &calls]));
    serde_json::from_str(finished.text()).expect("the client prints JSON")
}

fn python() -> Command {
    let mut command = Command::new(PYTHON);
    command.arg(SCRIPT);
    command
}
