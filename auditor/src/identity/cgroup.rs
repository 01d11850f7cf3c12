//! Cgroup-v2 id → path relative to the root of the hierarchy.
//!
//! Ids are never reused and cgroup2 has no rename, so a path once read stays true; it is kept
//! after the cgroup is gone, because the last records of a pod arrive after its end.

use std::fs;
use std::io;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::DirEntryExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use rustix::fs::{AtFlags, Mode, OFlags, openat, statat};
use rustix::io::Errno;

use super::bounded::Bounded;
use super::handle;
use super::known::{Known, Why};
use crate::text::printable;

/// Paths kept; some 3 MB when full.
const CAPACITY: usize = 16_384;

/// Kernfs gives the root of every hierarchy this id.
const ROOT_ID: u64 = 1;

/// A walk reads every directory of the hierarchy, so a miss may cost one only this often.
const WALK_INTERVAL: Duration = Duration::from_secs(1);

const DELETED: &[u8] = b" (deleted)";

/// Finds the path of a cgroup by its id.
#[derive(Debug)]
pub struct CgroupPaths {
    root: OwnedFd,
    /// What the path of `root` ends with: nothing for a detached mount, which prints as `/`.
    mount_point: Vec<u8>,
    /// Whether handles can be opened; otherwise the hierarchy is walked and compared by inode.
    by_handle: bool,
    paths: Bounded<u64, Arc<str>>,
    walked: Option<Duration>,
}

impl CgroupPaths {
    /// `root` is the root directory of a cgroup2 mount, attached or not.
    pub fn new(root: impl AsFd) -> io::Result<Self> {
        // A detached mount comes as a path-only descriptor, which handles are not opened with.
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let root = openat(root, ".", flags, Mode::empty())?;
        let mut mount_point = link_of(root.as_fd())?;
        if mount_point == b"/" {
            mount_point.clear();
        }
        Ok(Self {
            root,
            mount_point,
            by_handle: true,
            paths: Bounded::new(CAPACITY),
            walked: None,
        })
    }

    /// Whether the mount shows the whole hierarchy; in a cgroup namespace it shows a part.
    pub fn shows_whole_hierarchy(&self) -> io::Result<bool> {
        Ok(rustix::fs::fstat(&self.root)?.st_ino == ROOT_ID)
    }

    /// `now` is on any clock that only moves forward.
    pub fn path(&mut self, id: u64, now: Duration) -> Known<Arc<str>> {
        match id {
            0 => return Known::Absent(Why::NotInACgroup),
            ROOT_ID => return Known::Value(Arc::from("/")),
            _ => {}
        }
        if let Some(path) = self.paths.get(&id) {
            return Known::Value(Arc::clone(path));
        }
        if self.by_handle {
            match self.path_by_handle(id) {
                Ok(found) => {
                    if let Known::Value(path) = &found {
                        self.paths.insert(id, Arc::clone(path));
                    }
                    return found;
                }
                Err(error) => match Errno::from_io_error(&error) {
                    Some(Errno::STALE | Errno::NOENT) => return Known::Absent(Why::CgroupGone),
                    // Without the capability, behind a seccomp filter, or before Linux 5.10.
                    Some(
                        Errno::PERM
                        | Errno::ACCESS
                        | Errno::OPNOTSUPP
                        | Errno::NOSYS
                        | Errno::INVAL,
                    ) => self.by_handle = false,
                    _ => return Known::Absent(Why::LookupFailed),
                },
            }
        }
        if self
            .walked
            .is_some_and(|at| now.saturating_sub(at) < WALK_INTERVAL)
        {
            return Known::Absent(Why::LookupFailed);
        }
        self.learn_all(now);
        Known::from_option(self.paths.get(&id).cloned(), Why::CgroupGone)
    }

    /// Reads the path of every cgroup there is, so that it is known when the cgroup has ended.
    pub fn learn_all(&mut self, now: Duration) {
        self.walked = Some(now);
        let base = PathBuf::from(format!("/proc/self/fd/{}", self.root.as_raw_fd()));
        let mut left = CAPACITY;
        let mut pending = vec![PathBuf::new()];
        while let Some(parent) = pending.pop() {
            // Cgroups come and go during the walk; one that is gone has nothing to tell.
            let Ok(entries) = fs::read_dir(base.join(&parent)) else {
                continue;
            };
            for entry in entries.flatten() {
                if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
                    continue;
                }
                let relative = parent.join(entry.file_name());
                let path = format!("/{}", printable(relative.as_os_str().as_bytes()));
                self.paths.insert(entry.ino(), Arc::from(path));
                pending.push(relative);
                left -= 1;
                if left == 0 {
                    return;
                }
            }
        }
    }

    fn path_by_handle(&self, id: u64) -> io::Result<Known<Arc<str>>> {
        let directory = handle::open(self.root.as_fd(), id)?;
        let link = link_of(directory.as_fd())?;
        let Some(path) = link
            .strip_prefix(self.mount_point.as_slice())
            .filter(|path| path.starts_with(b"/"))
        else {
            return Ok(Known::Absent(Why::CgroupOutOfView));
        };
        Ok(Known::Value(Arc::from(printable(
            self.living_name(path, id),
        ))))
    }

    /// The kernel marks the path of a directory that was removed since it was opened; a cgroup
    /// may also really be called so, and then it is there under that name.
    fn living_name<'a>(&self, path: &'a [u8], id: u64) -> &'a [u8] {
        let Some(stem) = path.strip_suffix(DELETED) else {
            return path;
        };
        let is_there = statat(&self.root, &path[1..], AtFlags::SYMLINK_NOFOLLOW)
            .is_ok_and(|stat| stat.st_ino == id);
        if is_there { path } else { stem }
    }
}

fn link_of(fd: BorrowedFd<'_>) -> io::Result<Vec<u8>> {
    let link = fs::read_link(format!("/proc/self/fd/{}", fd.as_raw_fd()))?;
    Ok(link.as_os_str().as_bytes().to_vec())
}

#[cfg(test)]
mod tests;
