//! What runs on the node while it is loaded.

use std::{
    fs::{self, File},
    process::Command,
};

use rustix::process::Signal;

use crate::{
    collector::Collector,
    hooks::EmptyHooks,
    load::Ports,
    processor::resident,
    server::Server,
    support::{process::Process, temp::TempDir, until::until},
};

const AUDITOR: &str = env!("CARGO_BIN_EXE_auditor");

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Arm {
    Nothing,
    /// Programs that do nothing, at the two hooks of every packet.
    EmptyHooks,
    /// The auditor, and its records go nowhere.
    Auditor,
    /// With a journal, and a collector on the node that takes everything.
    Delivering,
    /// The auditor, and nothing that is loaded is in its scope.
    Neighbour,
    /// A sidecar with an access log.
    Envoy,
}

/// An arm that is on.
pub struct On<'a> {
    kind: Kind,
    pub ports: Ports,
    collector: Option<&'a Collector>,
}

enum Kind {
    Nothing,
    Hooks { _hooks: EmptyHooks },
    Auditor { process: Process, folder: TempDir },
    Envoy { _envoy: Server },
}

/// What an auditor said at its end.
#[derive(Clone, Copy, Debug, Default)]
pub struct Ended {
    pub lost: u64,
    pub undelivered: u64,
}

impl Arm {
    pub const ALL: [Self; 6] = [
        Self::Nothing,
        Self::EmptyHooks,
        Self::Auditor,
        Self::Delivering,
        Self::Neighbour,
        Self::Envoy,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::EmptyHooks => "empty hooks",
            Self::Auditor => "auditor, no output",
            Self::Delivering => "auditor, journal and OTLP",
            Self::Neighbour => "auditor, out of scope",
            Self::Envoy => "Envoy sidecar",
        }
    }

    pub fn start<'a>(self, nginx: &Server, collector: &'a Collector) -> On<'a> {
        let on = |kind| On {
            kind,
            ports: nginx.ports,
            collector: (self == Self::Delivering).then_some(collector),
        };
        match self {
            Self::Nothing => on(Kind::Nothing),
            Self::EmptyHooks => on(Kind::Hooks {
                _hooks: EmptyHooks::attach().expect("root may attach programs"),
            }),
            Self::Auditor => on(auditor(&["--no-journal"])),
            Self::Neighbour => on(auditor(&["--no-journal", "--include", "namespace=nobody"])),
            Self::Delivering => {
                let endpoint = format!("http://127.0.0.1:{}", collector.port);
                on(auditor(&["--otlp-endpoint", &endpoint]))
            }
            Self::Envoy => {
                let envoy = Server::envoy(nginx);
                On {
                    ports: envoy.ports,
                    ..on(Kind::Envoy { _envoy: envoy })
                }
            }
        }
    }
}

impl On<'_> {
    /// Processes whose work is not the node's.
    pub fn uncounted(&self) -> Vec<u32> {
        self.collector.map(Collector::pid).into_iter().collect()
    }

    /// Memory of the auditor, bytes.
    pub fn resident(&self) -> Option<u64> {
        match &self.kind {
            Kind::Auditor { process, .. } => Some(resident(process.pid())),
            _ => None,
        }
    }

    /// Ends it, and says what it said.
    pub fn stop(self) -> Option<Ended> {
        let Kind::Auditor {
            mut process,
            folder,
        } = self.kind
        else {
            return None;
        };
        process.signal(Signal::TERM);
        process.wait();
        let log = fs::read_to_string(folder.path().join("log")).expect("it logs text");
        let line = log.lines().find_map(|line| line.strip_prefix("summary: "));
        let line = line.unwrap_or_else(|| panic!("the auditor accounts for itself:\n{log}"));
        let figure = |name: &str| {
            let mut figures = line.split_whitespace().filter_map(|f| f.split_once('='));
            let found = figures.find(|(key, _)| *key == name);
            found
                .and_then(|(_, value)| value.parse().ok())
                .unwrap_or_default()
        };
        Some(Ended {
            lost: figure("lost"),
            undelivered: figure("undelivered"),
        })
    }
}

fn auditor(arguments: &[&str]) -> Kind {
    let folder = TempDir::new();
    let log = folder.path().join("log");
    let mut command = Command::new(AUDITOR);
    command.args(["run", "--output", "none"]).args(arguments);
    if !arguments.contains(&"--no-journal") {
        command
            .arg("--journal-dir")
            .arg(folder.path().join("journal"));
    }
    command.env_clear();
    command.stderr(File::create(&log).expect("a temporary file can be made"));
    let mut process = Process::start(&mut command);
    until("the auditor is ready", || {
        let log = fs::read_to_string(&log).expect("it logs text");
        if let Some(status) = process.ended() {
            panic!("the auditor ended with {status}:\n{log}");
        }
        log.lines()
            .any(|line| line.ends_with("ready"))
            .then_some(())
    });
    Kind::Auditor { process, folder }
}
