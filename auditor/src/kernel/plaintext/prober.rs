//! The thread that sets and takes away the probes.

use std::{
    collections::{HashMap, HashSet},
    fs::File,
    os::fd::{AsRawFd as _, BorrowedFd},
    path::{Path, PathBuf},
    sync::{Arc, mpsc::SyncSender},
    time::{Duration, Instant},
};

use auditor_common::Site;
use aya::programs::{
    UProbe,
    uprobe::{UProbeAttachLocation, UProbeAttachPoint, UProbeLink, UProbeScope},
};
use object::ReadCache;
use rustix::event::{PollFd, PollFlags, Timespec};

use super::{
    super::{Attached, refusal},
    PlaintextError, library,
    library::Unsuitable,
    load,
    mappings::{self, FileKey, Mapping},
    name,
    newcomers::{Newcomers, News},
};
use crate::clock::Clock;

/// How often it is looked which libraries nobody maps any more. A probe that nobody runs into
/// costs nothing, and short-lived clients come again.
const LOOK_INTERVAL: Duration = Duration::from_mins(1);
/// Libraries told apart at a time; a node has a few per image.
pub const MAX_LIBRARIES: usize = 4096;
/// Newcomers are gathered for so long, because a process maps a dozen files at its start.
const GATHER: Duration = Duration::from_millis(2);

/// A library that is probed, or is not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LibraryNews {
    /// Stands in the events of its probes.
    pub number: u32,
    /// Its file name.
    pub name: Arc<str>,
    /// Boot time from which on every call is seen, nanoseconds; `None` while it is being attached.
    pub since_ns: Option<u64>,
}

/// What is known of a file.
enum Known {
    /// The probes, and processes that were seen to map it.
    Probed {
        _links: Vec<UProbeLink>,
        users: HashSet<u32>,
    },
    /// It is not probed, and why was told.
    Refused,
}

/// Sets and takes away the probes.
pub struct Prober {
    attached: Attached,
    newcomers: Newcomers,
    proc: PathBuf,
    known: HashMap<FileKey, Known>,
    next_number: u32,
    news: SyncSender<LibraryNews>,
}

// === impl Prober ===

impl Prober {
    /// Loads the programs. On failure nothing of the tier is attached, and the rest is given back
    /// as it was.
    pub fn start(
        mut attached: Attached,
        proc: &Path,
        news: SyncSender<LibraryNews>,
    ) -> Result<Self, Box<(PlaintextError, Attached)>> {
        let newcomers = match load(&mut attached) {
            Ok(newcomers) => newcomers,
            Err(error) => return Err(Box::new((error, attached))),
        };
        Ok(Self {
            attached,
            newcomers,
            proc: proc.to_owned(),
            known: HashMap::new(),
            next_number: 1,
            news,
        })
    }

    /// Attaches to what is mapped, then to what will be, until `stop` is readable.
    pub fn run(mut self, stop: BorrowedFd<'_>) -> Attached {
        self.look_at_all();
        let mut look_at = Instant::now() + LOOK_INTERVAL;
        while !self.wait(stop, look_at) {
            std::thread::sleep(GATHER);
            let mut pids = HashSet::new();
            let mut missed = false;
            self.newcomers.read(|news| match news {
                News::Mapped { pid, path } if mappings::is_library(path) => {
                    pids.insert(pid);
                }
                News::Mapped { .. } => {}
                News::Missed => missed = true,
            });
            for pid in pids {
                self.look_at(pid);
            }
            if missed {
                self.look_at_all();
            }
            if Instant::now() >= look_at {
                self.let_go();
                look_at = Instant::now() + LOOK_INTERVAL;
            }
        }
        self.attached
    }

    /// Until something happened; true when it is time to stop.
    fn wait(&self, stop: BorrowedFd<'_>, until: Instant) -> bool {
        let mut fds = vec![PollFd::from_borrowed_fd(stop, PollFlags::IN)];
        let mapped = self.newcomers.descriptors();
        fds.extend(mapped.map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)));
        let wait = until.saturating_duration_since(Instant::now());
        let timeout = Timespec {
            tv_sec: wait.as_secs() as i64,
            tv_nsec: i64::from(wait.subsec_nanos()),
        };
        // An interrupted wait is a short one.
        let _ = rustix::event::poll(&mut fds, Some(&timeout));
        !fds[0].revents().is_empty()
    }

    fn look_at_all(&mut self) {
        let pids: Vec<_> = mappings::processes(&self.proc).collect();
        for pid in pids {
            self.look_at(pid);
        }
    }

    fn look_at(&mut self, pid: u32) {
        // A process that is gone, or whose mappings are kept from us, has nothing to tell.
        for mapping in mappings::of_process(&self.proc, pid).unwrap_or_default() {
            if let Ok(file) = File::open(&mapping.file) {
                self.meet(pid, &mapping, &file);
            }
        }
    }

    /// A process maps this file.
    fn meet(&mut self, pid: u32, mapping: &Mapping, file: &File) {
        let Ok(key) = FileKey::of(file) else { return };
        match self.known.get_mut(&key) {
            Some(Known::Probed { users, .. }) => {
                users.insert(pid);
                return;
            }
            Some(Known::Refused) => return,
            None => {}
        }
        if self.known.len() >= MAX_LIBRARIES {
            tracing::warn!(
                library = mapping.name,
                pid,
                "too many TLS libraries: not probed"
            );
            return;
        }
        let known = match self.attach(mapping, file) {
            Ok(links) => Known::Probed {
                _links: links,
                users: HashSet::from([pid]),
            },
            // It may use the shared library, which is met by itself.
            Err(reason) if mappings::is_program(&mapping.name) => {
                tracing::info!(program = mapping.name, reason, "no TLS within");
                Known::Refused
            }
            Err(reason) => {
                tracing::warn!(
                    library = mapping.name,
                    pid,
                    reason,
                    "TLS library not probed"
                );
                Known::Refused
            }
        };
        self.known.insert(key, known);
    }

    fn attach(&mut self, mapping: &Mapping, file: &File) -> Result<Vec<UProbeLink>, String> {
        let parts = ReadCache::new(file);
        let probes = library::probes(&parts).map_err(|e: Unsuitable| e.to_string())?;
        let number = self.next_number;
        self.next_number += 1;
        let mut news = LibraryNews {
            number,
            name: mapping.name.as_str().into(),
            since_ns: None,
        };
        // Told before the first event can come. Nobody listens only while the daemon stops.
        let _ = self.news.send(news.clone());
        // The file that was read, whatever stands at its path by now.
        let path = PathBuf::from(format!("/proc/self/fd/{}", file.as_raw_fd()));
        let mut links = Vec::with_capacity(probes.len());
        for probe in &probes {
            links.push(self.set(probe, number, &path)?);
        }
        news.since_ns = Some(Clock::boot_now());
        tracing::info!(
            library = mapping.name,
            probes = probes.len(),
            "TLS library probed"
        );
        let _ = self.news.send(news);
        Ok(links)
    }

    fn set(
        &mut self,
        probe: &library::Probe,
        library: u32,
        path: &Path,
    ) -> Result<UProbeLink, String> {
        let site = Site {
            library,
            ..probe.site
        };
        let point = UProbeAttachPoint {
            location: UProbeAttachLocation::AbsoluteOffset(probe.offset),
            cookie: Some(bytemuck::cast(site)),
        };
        let program: &mut UProbe = self
            .attached
            .program(name(probe.program))
            .map_err(|e| e.to_string())?;
        let link = program.attach(point, path, UProbeScope::AllProcesses);
        let link = link.and_then(|id| program.take_link(id));
        link.map_err(|error| refusal::of_program(&error))
    }

    /// Takes the probes out of files that nobody maps any more.
    fn let_go(&mut self) {
        let proc = self.proc.clone();
        for (key, known) in &mut self.known {
            if let Known::Probed { users, .. } = known {
                users.retain(|pid| mappings::maps(&proc, *pid, *key));
            }
        }
        let idle = |known: &Known| match known {
            Known::Probed { users, .. } => users.is_empty(),
            Known::Refused => false,
        };
        if self.known.values().any(idle) {
            // Children of the processes that were seen have the same mappings.
            self.look_at_all();
            self.known.retain(|_, known| !idle(known));
        }
    }
}
