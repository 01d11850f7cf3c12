//! The built auditor as a running daemon.

use std::collections::HashMap;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::Command;

use rustix::process::Signal;

use super::process::Process;
use super::record::{CONNECTION, LOSS, Record, Side};
use super::temp::TempDir;
use super::until::until;

pub(crate) const BINARY: &str = env!("CARGO_BIN_EXE_auditor");

/// A daemon that audits this machine.
pub(crate) struct Auditor {
    process: Process,
    files: Files,
}

/// What a daemon wrote.
struct Files {
    folder: TempDir,
}

/// A daemon that was told to stop and did.
pub(crate) struct Stopped {
    files: Files,
    pub(crate) summary: Line,
    pub(crate) kernel: Line,
}

/// Figures of one line, by name.
#[derive(Debug)]
pub(crate) struct Line(HashMap<String, u64>);

// === impl Auditor ===

impl Auditor {
    /// Starts it with JSON on standard output and waits until it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[])
    }

    /// Likewise, with these variables in an otherwise empty environment.
    pub(crate) fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let mut command = Command::new(BINARY);
        command.args(["run", "--output", "json"]).args(arguments);
        // The machine's own journal is none of a test's.
        if !arguments.contains(&"--journal-dir") {
            command.arg("--no-journal");
        }
        command.env_clear().envs(variables.iter().copied());
        Self::launch(command)
    }

    /// Starts it as it is; its output goes to files.
    pub(crate) fn launch(mut command: Command) -> Self {
        let files = Files {
            folder: TempDir::new(),
        };
        let create = |path: PathBuf| File::create(path).expect("a temporary file can be made");
        command.stdout(create(files.stdout()));
        command.stderr(create(files.stderr()));
        let mut process = Process::start(&mut command);
        until("the auditor is ready", || {
            let log = files.log();
            if let Some(status) = process.ended() {
                panic!("the auditor ended with {status}:\n{log}");
            }
            log.lines()
                .any(|line| line.ends_with("ready"))
                .then_some(())
        });
        Self { process, files }
    }

    pub(crate) fn log(&self) -> String {
        self.files.log()
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    /// Those that are written so far.
    pub(crate) fn records(&self) -> impl Iterator<Item = Record> + use<> {
        self.files.records()
    }

    /// Waits until so many records are written that `wanted` admits.
    pub(crate) fn await_records(&self, count: usize, wanted: impl Fn(&Record) -> bool) {
        let what = format!("{count} records");
        until(&what, || {
            let found = self.files.records().filter(|record| wanted(record)).count();
            (found >= count).then_some(())
        });
    }

    /// Waits until so many connections to this server are recorded as closed, at both ends.
    pub(crate) fn await_closed(&self, server_port: u16, connections: usize) {
        self.await_records(2 * connections, |record| {
            let of_server = |side| record.server_port(side) == Some(server_port);
            Side::BOTH
                .into_iter()
                .any(|side| record.is(CONNECTION, side) && of_server(side))
        });
    }

    /// Ends it as an operator would. It must drain, account for itself and succeed.
    pub(crate) fn stop(mut self) -> Stopped {
        self.process.signal(Signal::TERM);
        let status = self.process.wait();
        let log = self.files.log();
        assert_eq!(status.code(), Some(0), "{status}:\n{log}");
        assert!(!log.contains("panicked"), "{log}");
        Stopped {
            summary: Line::find(&log, "summary: "),
            kernel: Line::find(&log, "kernel: "),
            files: self.files,
        }
    }

    /// Keeps it from running while `meanwhile` does: the ring fills, and nobody empties it.
    pub(crate) fn paused<T>(&self, meanwhile: impl FnOnce() -> T) -> T {
        self.process.signal(Signal::STOP);
        let result = meanwhile();
        self.process.signal(Signal::CONT);
        result
    }

    /// Ends it without a warning.
    pub(crate) fn kill(mut self) {
        self.process.signal(Signal::KILL);
        self.process.wait();
    }
}

// === impl Files ===

impl Files {
    fn stdout(&self) -> PathBuf {
        self.folder.path().join("stdout")
    }

    fn stderr(&self) -> PathBuf {
        self.folder.path().join("stderr")
    }

    fn log(&self) -> String {
        fs::read_to_string(self.stderr()).expect("the auditor logs text")
    }

    /// Records of the whole lines that are there.
    fn records(&self) -> impl Iterator<Item = Record> + use<> {
        let stdout = File::open(self.stdout()).expect("it was made at the start");
        let mut lines = BufReader::new(stdout);
        std::iter::from_fn(move || {
            let mut line = String::new();
            lines.read_line(&mut line).expect("records are text");
            line.ends_with('\n').then(|| Record::parse(&line))
        })
    }
}

// === impl Stopped ===

impl Stopped {
    pub(crate) fn records(&self) -> impl Iterator<Item = Record> + use<> {
        self.files.records()
    }

    /// HTTP records of one end of connections to this server.
    pub(crate) fn http(&self, side: Side, server_port: u16) -> Vec<Record> {
        let wanted = |record: &Record| record.is_http(side, server_port);
        self.records().filter(wanted).collect()
    }

    /// Records of one end of connections to this server on which TLS was agreed on.
    pub(crate) fn tls_connections(&self, side: Side, server_port: u16) -> Vec<Record> {
        let wanted = |record: &Record| {
            record.is(CONNECTION, side)
                && record.server_port(side) == Some(server_port)
                && record.text("tls.protocol.version").is_some()
        };
        self.records().filter(wanted).collect()
    }

    /// The record of the only exchange between these two ports.
    #[track_caller]
    pub(crate) fn only(&self, side: Side, server_port: u16, client_port: u16) -> Record {
        let mut found = self.http(side, server_port);
        found.retain(|record| record.client_port(side) == Some(client_port));
        assert_eq!(found.len(), 1, "{} records: {found:#?}", side.as_str());
        found.remove(0)
    }

    /// Nothing was lost, and every record that was made was written.
    #[track_caller]
    pub(crate) fn assert_nothing_lost(&self) {
        assert_eq!(self.summary.get("lost"), 0, "{:?}", self.kernel);
        assert_eq!(self.summary.get("undelivered"), 0);
        let losses: Vec<_> = self.records().filter(|r| r.event_name == LOSS).collect();
        assert!(losses.is_empty(), "{losses:#?}");
        assert_eq!(self.summary.get("records"), self.records().count() as u64);
    }

    /// Figures of the line that begins so.
    pub(crate) fn line(&self, prefix: &str) -> Line {
        Line::find(&self.log(), prefix)
    }

    pub(crate) fn stdout(&self) -> PathBuf {
        self.files.stdout()
    }

    pub(crate) fn log(&self) -> String {
        self.files.log()
    }
}

// === impl Line ===

impl Line {
    fn find(log: &str, prefix: &str) -> Self {
        let line = log.lines().find_map(|line| line.strip_prefix(prefix));
        let line = line.unwrap_or_else(|| panic!("no line \"{prefix}\":\n{log}"));
        let figures = line.split_whitespace().map(|figure| {
            let (name, number) = figure.split_once('=').expect("name=number");
            (name.to_owned(), number.parse().expect("name=number"))
        });
        Self(figures.collect())
    }

    pub(crate) fn get(&self, name: &str) -> u64 {
        *self
            .0
            .get(name)
            .unwrap_or_else(|| panic!("no {name} in {self:?}"))
    }
}

/// A copy of the binary that every user can reach.
pub(crate) fn copy_for_everyone(folder: &TempDir) -> PathBuf {
    let copy = folder.path().join("auditor");
    fs::copy(Path::new(BINARY), &copy).expect("the binary can be copied");
    copy
}
