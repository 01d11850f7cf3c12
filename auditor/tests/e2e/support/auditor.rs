//! The daemon under test.

use std::{
    fs::{self, File},
    path::PathBuf,
    process::{Command, ExitStatus, Stdio},
};

use super::{
    record::Record,
    shell::{Folder, Guard, until},
};

/// A running `auditor run`.
pub(crate) struct Auditor {
    process: Guard,
    folder: Folder,
}

/// What a run left behind.
pub(crate) struct Finished {
    pub(crate) records: Vec<Record>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Auditor {
    pub(crate) fn start(args: &[&str]) -> Self {
        Self::start_with(args, &[])
    }

    pub(crate) fn start_with(args: &[&str], environment: &[(&str, &str)]) -> Self {
        let folder = Folder::new("run");
        let process = Command::new(env!("CARGO_BIN_EXE_auditor"))
            .args(["run", "--output", "json"])
            .args(args)
            .envs(environment.iter().copied())
            .stdout(File::create(folder.path().join("stdout")).unwrap())
            .stderr(File::create(folder.path().join("stderr")).unwrap())
            .stdin(Stdio::null())
            .spawn()
            .unwrap();
        let mut auditor = Self {
            process: Guard(process),
            folder,
        };
        until("the auditor is ready", || {
            let ended = auditor.process.0.try_wait().unwrap();
            assert!(ended.is_none(), "the auditor ended: {}", auditor.stderr());
            auditor.stderr().lines().any(|line| line.ends_with("ready"))
        });
        auditor
    }

    pub(crate) fn pid(&self) -> u32 {
        self.process.0.id()
    }

    pub(crate) fn kill(mut self) {
        self.process.0.kill().unwrap();
        self.process.0.wait().unwrap();
    }

    /// Ends it with SIGTERM, which must drain and succeed.
    pub(crate) fn stop(mut self) -> Finished {
        let pid = self.pid().to_string();
        super::shell::run("kill", &["-TERM", &pid]);
        let status: ExitStatus = self.process.0.wait().unwrap();
        let stderr = self.stderr();
        assert!(status.success(), "{status}: {stderr}");
        let stdout = fs::read_to_string(self.file("stdout")).unwrap();
        let records = stdout.lines().map(Record::parse).collect();
        Finished {
            records,
            stdout,
            stderr,
        }
    }

    fn stderr(&self) -> String {
        fs::read_to_string(self.file("stderr")).unwrap_or_default()
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

impl Finished {
    /// HTTP records of a server's port in one direction.
    pub(crate) fn http(&self, direction: &str, port: u16) -> Vec<&Record> {
        let port_key = match direction {
            "inbound" => "network.local.port",
            _ => "network.peer.port",
        };
        self.records
            .iter()
            .filter(|r| r.event() == "auditor.access.http")
            .filter(|r| r.text("auditor.direction") == Some(direction))
            .filter(|r| r.int(port_key) == Some(u64::from(port)))
            .collect()
    }

    /// A number of the lines that the daemon prints at its end.
    pub(crate) fn figure(&self, line: &str, name: &str) -> u64 {
        let line = self.stderr.lines().find(|l| l.starts_with(line)).unwrap();
        let word = line
            .split(' ')
            .find_map(|w| w.strip_prefix(name)?.strip_prefix('='));
        word.unwrap_or_else(|| panic!("{name} in {line}"))
            .parse()
            .unwrap()
    }

    pub(crate) fn assert_nothing_lost(&self) {
        assert_eq!(self.figure("summary:", "lost"), 0, "{}", self.stderr);
        assert_eq!(self.figure("kernel:", "events_lost"), 0, "{}", self.stderr);
        let losses: Vec<_> = self
            .records
            .iter()
            .filter(|r| r.event() == "auditor.loss")
            .collect();
        assert!(losses.is_empty(), "{losses:?}");
    }
}
