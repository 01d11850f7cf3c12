//! Pid and task name, as the kernel reported them → name of the executable.
//!
//! A pid is only a number: by the time it is looked up, another process may have it. What
//! `/proc` shows is taken for the owner of a socket only if it started before the socket was
//! seen and it, or one of its threads, bears the reported name. Otherwise the reported name
//! stands, which is a fact too.

use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::bounded::Bounded;
use super::known::{Known, Why};
use super::membership::Membership;
use crate::text::printable;

const CAPACITY: usize = 16_384;

/// How long an answer is used without asking `/proc` again.
///
/// At 20 000 connections a second, three reads per connection would be the main cost of the
/// daemon. The price: a pid that is reused within this time by a process that calls itself the
/// same is taken for its predecessor.
pub(super) const VALIDITY: Duration = Duration::from_secs(1);

/// Threads searched for a reported name.
const MAX_TASKS: usize = 256;

/// `/proc/PID/stat` counts in units of 1/100 s on every architecture.
const TICK_MS: u64 = 10;

/// Inode of the initial pid namespace; part of the kernel's interface.
const INITIAL_PID_NAMESPACE: &str = "pid:[4026531836]";

/// A task name cut to the length that the kernel keeps.
pub(super) type Comm = [u8; 16];

/// A process as far as it could be established.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Process {
    pub pid: u32,
    pub executable: Known<Arc<str>>,
    /// Why `executable` is the name that the kernel reported and not that of a file.
    pub named_by_kernel: Option<Why>,
    /// In ticks since boot; tells two processes with the same pid apart.
    started: Option<u64>,
}

/// Finds processes, and remembers them for a while.
#[derive(Debug)]
pub struct Processes {
    proc: PathBuf,
    /// Why pids cannot be looked up at all.
    blind: Option<Why>,
    known: Bounded<(u32, Comm), Checked>,
}

#[derive(Debug)]
struct Checked {
    at: Duration,
    process: Arc<Process>,
}

struct Stat {
    comm: String,
    started: u64,
}

impl Processes {
    /// `proc` is a proc mount of the initial pid namespace, whose pids the kernel reports.
    pub fn new(proc: &Path) -> Self {
        let namespace = |process: &str| fs::read_link(proc.join(process).join("ns/pid"));
        // A hardened first process hides its namespace. A mount that shows this process is of its
        // own namespace or of one above, and above the initial one there is none.
        let blind = match namespace("1").or_else(|_| namespace("self")) {
            Ok(link) if link.as_os_str() == INITIAL_PID_NAMESPACE => None,
            Ok(_) => Some(Why::ForeignPidNamespace),
            Err(error) => Some(Why::from(&error)),
        };
        Self {
            proc: proc.to_owned(),
            blind,
            known: Bounded::new(CAPACITY),
        }
    }

    /// Why no process can be looked up on this node, if that is so.
    pub fn blind(&self) -> Option<Why> {
        self.blind
    }

    /// Whether the node has cgroup-v1 hierarchies beside cgroup2.
    pub(super) fn has_legacy_cgroups(&self) -> bool {
        fs::read_to_string(self.proc.join("self/cgroup"))
            .is_ok_and(|text| Membership::parse(&text).has_legacy())
    }

    /// `now` is when the socket was seen, on the boot-time clock.
    pub fn find(&mut self, pid: u32, comm: &str, now: Duration) -> Arc<Process> {
        let key = (pid, cut(comm));
        let before = self.known.get(&key);
        if let Some(checked) = before
            && now.saturating_sub(checked.at) < VALIDITY
        {
            return Arc::clone(&checked.process);
        }
        let before = before.map(|checked| &checked.process);
        let process = self.confirm_or_read(pid, comm, before, now);
        let checked = Checked {
            at: now,
            process: Arc::clone(&process),
        };
        self.known.insert(key, checked);
        process
    }

    /// The cgroups of a process that was found, if it still is the same one.
    pub(super) fn membership(&self, process: &Process) -> Known<Membership> {
        if let Some(why) = process.named_by_kernel {
            return Known::Absent(why);
        }
        let directory = self.directory(process.pid);
        let text = match fs::read(directory.join("cgroup")) {
            Ok(text) => text,
            Err(error) => return Known::Absent(Why::from(&error)),
        };
        match read_stat(&directory) {
            Ok(stat) if Some(stat.started) == process.started => {
                Known::Value(Membership::parse(&String::from_utf8_lossy(&text)))
            }
            Ok(_) => Known::Absent(Why::PidReused),
            Err(why) => Known::Absent(why),
        }
    }

    fn confirm_or_read(
        &self,
        pid: u32,
        comm: &str,
        before: Option<&Arc<Process>>,
        now: Duration,
    ) -> Arc<Process> {
        let directory = self.directory(pid);
        let stat = match self.blind {
            Some(why) => Err(why),
            None => read_stat(&directory),
        };
        let same = |process: &&Arc<Process>| {
            let started = stat.as_ref().ok().map(|stat| stat.started);
            // One that has ended keeps its name: sockets of it may live on in its children.
            process.started.is_some() && (started.is_none() || started == process.started)
        };
        if let Some(process) = before.filter(same) {
            return Arc::clone(process);
        }
        let read = stat.and_then(|stat| {
            let owns = Duration::from_millis(stat.started.saturating_mul(TICK_MS)) <= now
                && (stat.comm == comm || has_thread(&directory, comm));
            if !owns {
                return Err(Why::PidReused);
            }
            let executable = executable(&directory)?;
            Ok((executable, stat.started))
        });
        match (read, before) {
            (Ok((name, started)), _) => Arc::new(Process {
                pid,
                executable: Known::Value(Arc::from(name)),
                named_by_kernel: None,
                started: Some(started),
            }),
            (Err(Why::PidReused), Some(process)) if process.started.is_some() => {
                Arc::clone(process)
            }
            (Err(why), _) => Arc::new(Process {
                pid,
                executable: if comm.is_empty() {
                    Known::Absent(why)
                } else {
                    Known::Value(Arc::from(comm))
                },
                named_by_kernel: Some(why),
                started: None,
            }),
        }
    }

    fn directory(&self, pid: u32) -> PathBuf {
        self.proc.join(pid.to_string())
    }
}

/// Name of the file that a process runs.
pub(super) fn executable(directory: &Path) -> Result<String, Why> {
    let link = fs::read_link(directory.join("exe")).map_err(|error| match Why::from(&error) {
        Why::ExitedBeforeLookup if directory.exists() => Why::NoExecutable,
        why => why,
    })?;
    let path = link.as_os_str().as_bytes();
    let path = path.strip_suffix(b" (deleted)").unwrap_or(path);
    let name = path.rsplit(|byte| *byte == b'/').next().unwrap_or(path);
    Ok(printable(name))
}

/// When a process started, in ticks since boot.
pub(super) fn started(directory: &Path) -> Result<u64, Why> {
    read_stat(directory).map(|stat| stat.started)
}

fn read_stat(directory: &Path) -> Result<Stat, Why> {
    let line = fs::read(directory.join("stat")).map_err(|error| Why::from(&error))?;
    parse_stat(&line).ok_or(Why::LookupFailed)
}

/// The name may hold anything, parentheses and spaces included; after the last `)` come the
/// fields from the third on.
fn parse_stat(line: &[u8]) -> Option<Stat> {
    let open = line.iter().position(|byte| *byte == b'(')?;
    let close = line.iter().rposition(|byte| *byte == b')')?;
    let comm = printable(line.get(open + 1..close)?);
    let rest = std::str::from_utf8(&line[close + 1..]).ok()?;
    let started = rest.split_ascii_whitespace().nth(22 - 3)?.parse().ok()?;
    Some(Stat { comm, started })
}

fn has_thread(directory: &Path, comm: &str) -> bool {
    let Ok(tasks) = fs::read_dir(directory.join("task")) else {
        return false;
    };
    tasks.flatten().take(MAX_TASKS).any(|task| {
        fs::read(task.path().join("comm"))
            .is_ok_and(|name| printable(name.strip_suffix(b"\n").unwrap_or(&name)) == comm)
    })
}

/// Names that decode escaped may be longer; cut, two of one process share an entry.
pub(super) fn cut(comm: &str) -> Comm {
    let mut cut = Comm::default();
    let length = comm.len().min(cut.len());
    cut[..length].copy_from_slice(&comm.as_bytes()[..length]);
    cut
}

#[cfg(test)]
mod tests;
