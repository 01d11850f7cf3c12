//! Receivers of OTLP that others wrote: oteltap, and Rotel, which is a collector.

use std::collections::HashMap;
use std::fs::{self, File};
use std::net::TcpStream;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use super::ports;
use super::process::Process;
use super::temp::TempDir;
use super::until::until;

/// Where `cargo xtask setup` puts them.
const TOOLS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../target/tools/venv");

/// OTLP over HTTP; it prints what arrives as JSON.
pub(crate) struct Tap {
    _process: Process,
    folder: TempDir,
    port: u16,
}

/// OTLP over gRPC and HTTP; it prints what it understood of what arrives.
pub(crate) struct Collector {
    _process: Process,
    folder: TempDir,
    grpc_port: u16,
    http_port: u16,
}

/// Attributes of a log record, every value as text.
pub(crate) type Received = HashMap<String, String>;

// === impl Tap ===

impl Tap {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new();
        let port = ports::free();
        let output = File::create(folder.path().join("received"));
        let mut command = Command::new(format!("{TOOLS}/bin/oteltap"));
        command.args(["--port", &port.to_string()]);
        command.stdout(output.expect("a temporary file can be made"));
        let mut process = Process::start(&mut command);
        await_port(&mut process, "oteltap", port);
        Self {
            _process: process,
            folder,
            port,
        }
    }

    pub(crate) fn endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// The log records with this event name that arrived so far.
    pub(crate) fn received(&self, event_name: &str) -> Vec<Received> {
        let path = self.folder.path().join("received");
        let text = fs::read_to_string(path).expect("oteltap prints text");
        // The last line may not be whole yet.
        let whole = &text[..text.rfind('\n').unwrap_or_default()];
        whole
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
            .filter(|record| record["eventName"] == event_name)
            .map(|record| attributes(&record))
            .collect()
    }
}

// === impl Collector ===

impl Collector {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new();
        let (grpc_port, http_port) = (ports::free(), ports::free());
        let mut command = Command::new(agent());
        command.arg("start");
        command.args(["--otlp-grpc-endpoint", &format!("127.0.0.1:{grpc_port}")]);
        command.args(["--otlp-http-endpoint", &format!("127.0.0.1:{http_port}")]);
        command.args(["--exporter", "blackhole"]);
        command.args(["--debug-log", "logs", "--debug-log-verbosity", "detailed"]);
        command.arg("--pid-file").arg(folder.path().join("pid"));
        let output = File::create(folder.path().join("received"));
        command.stdout(output.expect("a temporary file can be made"));
        let mut process = Process::start(&mut command);
        await_port(&mut process, "rotel", grpc_port);
        await_port(&mut process, "rotel", http_port);
        Self {
            _process: process,
            folder,
            grpc_port,
            http_port,
        }
    }

    pub(crate) fn grpc_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.grpc_port)
    }

    pub(crate) fn http_endpoint(&self) -> String {
        format!("http://127.0.0.1:{}", self.http_port)
    }

    /// The log records with this event name that arrived so far.
    pub(crate) fn received(&self, event_name: &str) -> Vec<Received> {
        let path = self.folder.path().join("received");
        let text = fs::read_to_string(path).expect("rotel prints text");
        // The last line of a record; what follows it may not be whole yet.
        let (records, _) = text.rsplit_once("\nFlags: ").unwrap_or_default();
        let event = format!("EventName: {event_name}");
        let records = records.split("\nFlags: ");
        records
            .filter(|record| record.lines().any(|line| line == event))
            .map(printed_attributes)
            .collect()
    }
}

fn await_port(process: &mut Process, name: &str, port: u16) {
    until(&format!("{name} listens"), || {
        if let Some(status) = process.ended() {
            panic!("{name} ended with {status}");
        }
        TcpStream::connect(("127.0.0.1", port)).ok()
    });
}

/// The package brings the collector for one version of Python, whichever it is.
fn agent() -> PathBuf {
    let libraries = format!("{TOOLS}/lib");
    let entries = fs::read_dir(&libraries);
    let mut entries = entries.unwrap_or_else(|error| panic!("{libraries}: {error}: run setup"));
    let found = entries.find_map(|entry| {
        let path = entry.ok()?.path().join("site-packages/rotel/rotel-agent");
        path.exists().then_some(path)
    });
    found.unwrap_or_else(|| panic!("no rotel-agent in {libraries}: run `cargo xtask setup`"))
}

/// Every value of OTLP's JSON is an object with one member that names its type.
fn attributes(record: &Value) -> Received {
    let list = record["attributes"]
        .as_array()
        .map_or(&[][..], Vec::as_slice);
    let entry = |attribute: &Value| {
        let name = attribute["key"].as_str().expect("an attribute has a key");
        let (_, value) = attribute["value"].as_object()?.iter().next()?;
        let text = value
            .as_str()
            .map_or_else(|| value.to_string(), str::to_owned);
        Some((name.to_owned(), text))
    };
    list.iter().filter_map(entry).collect()
}

/// Lines `     -> name: Type(value)` after the heading, which a resource has as well.
fn printed_attributes(record: &str) -> Received {
    let (_, lines) = record.rsplit_once("\nAttributes:\n").unwrap_or_default();
    let entry = |line: &str| {
        let (name, typed) = line.trim_start().strip_prefix("-> ")?.split_once(": ")?;
        let (_, value) = typed.strip_suffix(')')?.split_once('(')?;
        Some((name.to_owned(), value.to_owned()))
    };
    lines.lines().filter_map(entry).collect()
}
