//! The cgroup-v2 root, where the programs are attached.

use std::{
    io,
    os::fd::{AsFd, BorrowedFd, OwnedFd},
    path::{Path, PathBuf},
};

use rustix::{
    fs::{CWD, Mode, OFlags},
    mount::{FsMountFlags, FsOpenFlags, MountAttrFlags},
};

/// Inode of the root of a cgroup-v2 hierarchy; a cgroup namespace shows another directory.
const ROOT_INODE: u64 = 1;

#[derive(Debug, thiserror::Error)]
pub enum CgroupError {
    #[error("read {path}: {source}")]
    MountInfo { path: PathBuf, source: io::Error },
    #[error("open cgroup-v2 root {path}: {source}")]
    Open { path: PathBuf, source: io::Error },
    #[error(
        "no cgroup-v2 hierarchy is mounted and mounting one privately failed: {source} \
         (needs CAP_SYS_ADMIN, or mount it: mount -t cgroup2 none /sys/fs/cgroup/unified)"
    )]
    Mount { source: io::Error },
}

/// An open cgroup-v2 root.
#[derive(Debug)]
pub struct CgroupRoot {
    dir: OwnedFd,
    mounted_at: Option<PathBuf>,
    is_host_root: bool,
}

impl CgroupRoot {
    /// Finds the mounted hierarchy, or mounts one that nobody else sees.
    pub fn find() -> Result<Self, CgroupError> {
        let path = Path::new("/proc/self/mountinfo");
        let table = std::fs::read_to_string(path).map_err(|source| CgroupError::MountInfo {
            path: path.to_owned(),
            source,
        })?;
        match mount_point(&table) {
            Some(path) => Self::open(path),
            None => Self::mount(),
        }
    }

    fn open(path: PathBuf) -> Result<Self, CgroupError> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let dir = rustix::fs::open(&path, flags, Mode::empty()).map_err(|e| CgroupError::Open {
            path: path.clone(),
            source: e.into(),
        })?;
        Ok(Self::new(dir, Some(path)))
    }

    /// A mount that is attached to no path: it lives as long as its descriptor.
    fn mount() -> Result<Self, CgroupError> {
        let mount = || -> rustix::io::Result<OwnedFd> {
            let fs = rustix::mount::fsopen("cgroup2", FsOpenFlags::FSOPEN_CLOEXEC)?;
            rustix::mount::fsconfig_create(fs.as_fd())?;
            let mount = rustix::mount::fsmount(
                fs.as_fd(),
                FsMountFlags::FSMOUNT_CLOEXEC,
                MountAttrFlags::empty(),
            )?;
            let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
            rustix::fs::openat(&mount, ".", flags, Mode::empty())
        };
        let dir = mount().map_err(|e| CgroupError::Mount { source: e.into() })?;
        Ok(Self::new(dir, None))
    }

    fn new(dir: OwnedFd, mounted_at: Option<PathBuf>) -> Self {
        let is_host_root = rustix::fs::statat(
            CWD,
            format!("/proc/self/fd/{}", fd(&dir)),
            rustix::fs::AtFlags::empty(),
        )
        .is_ok_and(|stat| stat.st_ino == ROOT_INODE);
        Self {
            dir,
            mounted_at,
            is_host_root,
        }
    }

    /// Where it is mounted; `None` if this process mounted it privately.
    pub fn mounted_at(&self) -> Option<&Path> {
        self.mounted_at.as_deref()
    }

    /// False if this is only the part of the hierarchy that a cgroup namespace shows: then the
    /// rest of the node would go unseen.
    pub fn is_host_root(&self) -> bool {
        self.is_host_root
    }
}

impl AsFd for CgroupRoot {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.dir.as_fd()
    }
}

fn fd(dir: &OwnedFd) -> i32 {
    use std::os::fd::AsRawFd;
    dir.as_raw_fd()
}

/// First mount of type `cgroup2` in the text of a mountinfo file.
fn mount_point(table: &str) -> Option<PathBuf> {
    table.lines().find_map(|line| {
        let (left, right) = line.split_once(" - ")?;
        let kind = right.split(' ').next()?;
        let path = left.split(' ').nth(4)?;
        (kind == "cgroup2").then(|| PathBuf::from(unescape(path)))
    })
}

/// Mountinfo writes space, tab, newline and backslash as `\ooo`.
fn unescape(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut rest = path;
    while let Some(at) = rest.find('\\') {
        out.push_str(&rest[..at]);
        let octal = rest.get(at + 1..at + 4);
        if let Some(c) = octal.and_then(|o| u8::from_str_radix(o, 8).ok()) {
            out.push(char::from(c));
            rest = &rest[at + 4..];
        } else {
            out.push('\\');
            rest = &rest[at + 1..];
        }
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_hierarchy_beside_v1() {
        let table = "\
31 23 0:28 / /sys/fs/cgroup rw,relatime - tmpfs tmpfs rw,mode=755
32 31 0:29 / /sys/fs/cgroup/cpu rw,relatime - cgroup cgroup rw,cpu
38 31 0:31 / /sys/fs/cgroup/unified rw,relatime shared:9 - cgroup2 cgroup2 rw
";
        assert_eq!(mount_point(table), Some("/sys/fs/cgroup/unified".into()));
    }

    #[test]
    fn no_hierarchy_is_no_path() {
        let table = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
        assert_eq!(mount_point(table), None);
    }

    #[test]
    fn escapes_in_the_path_are_undone() {
        let table = "38 31 0:31 / /mnt/a\\040b\\134c rw - cgroup2 none rw\n";
        assert_eq!(mount_point(table), Some("/mnt/a b\\c".into()));
    }
}
