//! The stages from ring bytes to sealed records, put together as the daemon does.

use std::{path::Path, time::Duration};

use auditor::{
    aggregate::Aggregator,
    clock::Clock,
    config::{Args, Command, PeerScope, Settings},
    decode::decode,
    identity::{
        Catalog, CgroupPaths, Directory, Host, Identifier, Listeners, Processes, Resolved,
        Resolver, Sources, Wanted,
    },
    kernel::{CgroupRoot, EventBatch},
    record::{RecordIds, Recorder},
    redact::{HeaderAllowList, Policies, Redactor, Sealed},
    session::{Output, Sessions},
};
use clap::Parser as _;

/// With the settings of a daemon that was told nothing.
pub struct Stages {
    sessions: Sessions,
    recorder: Recorder,
    identifier: Identifier,
    aggregator: Aggregator,
    redactor: Redactor,
    found: Vec<Output>,
    resolved: Vec<Resolved>,
}

impl Stages {
    pub fn new() -> Self {
        let Command::Run(args) = Args::parse_from(["auditor", "run"]).command else {
            unreachable!("it was asked to run");
        };
        let settings = Settings::load(*args).expect("defaults are valid");
        let proc = Path::new("/proc");
        let root = CgroupRoot::find().expect("a cgroup v2 root");
        let mut resolver = Resolver::new(
            CgroupPaths::new(&root).expect("its root can be opened"),
            Processes::new(proc),
            Listeners::scan(proc),
            Host::read("/".as_ref(), proc, None, None),
            Catalog::new(
                Directory::new(PeerScope::None),
                Sources::default(),
                Wanted::default(),
            ),
        );
        resolver.learn_cgroups(Duration::from_nanos(Clock::boot_now()));
        Self {
            sessions: Sessions::default(),
            recorder: Recorder::default(),
            identifier: Identifier::new(resolver, settings.identity),
            aggregator: Aggregator::new(settings.aggregate),
            redactor: Redactor::new(
                HeaderAllowList::new(&settings.headers.request, &settings.headers.response),
                Policies::new(&settings.redaction).expect("no key is needed"),
                RecordIds::read(proc).expect("a boot id"),
            ),
            found: Vec::new(),
            resolved: Vec::new(),
        }
    }

    /// Appends the sealed records of a batch to `sealed`.
    pub fn take(&mut self, batch: &EventBatch, sealed: &mut Vec<Sealed>) {
        for bytes in batch.iter() {
            // What is no event is counted there, and left out.
            let Ok(event) = decode(bytes) else {
                continue;
            };
            self.sessions.step(event, &mut self.found);
            for output in self.found.drain(..) {
                let record = self.recorder.record(output);
                let resolved = self.identifier.resolve(record);
                self.aggregator.step(resolved, &mut self.resolved);
                for resolved in self.resolved.drain(..) {
                    sealed.push(self.redactor.seal(&resolved));
                }
            }
        }
    }
}
