//! A made-up file tree for tests, such as a `/proc`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// Lives in a temporary directory of its own, and is removed with it.
pub(super) struct Tree(PathBuf);

impl Tree {
    pub(super) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        let name = format!("auditor-identity-{}-{count}", std::process::id());
        let path = std::env::temp_dir().join(name);
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    /// A `/proc` of the initial pid namespace, on a host with cgroup v2 alone.
    pub(super) fn proc() -> Self {
        let tree = Self::new();
        tree.link("1/ns/pid", "pid:[4026531836]");
        tree.file("self/cgroup", "0::/system.slice/auditor.service\n");
        tree
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    pub(super) fn file(&self, path: &str, content: &str) {
        fs::write(self.with_parent(path), content).unwrap();
    }

    pub(super) fn link(&self, path: &str, target: &str) {
        let path = self.with_parent(path);
        // Absent unless the test replaces a link.
        let _ = fs::remove_file(&path);
        symlink(target, path).unwrap();
    }

    pub(super) fn remove(&self, path: &str) {
        fs::remove_dir_all(self.0.join(path)).unwrap();
    }

    /// `started` is in ticks since boot.
    pub(super) fn process(&self, pid: u32, comm: &str, exe: &str, started: u64) {
        let zeros = "0 ".repeat(18);
        self.file(
            &format!("{pid}/stat"),
            &format!("{pid} ({comm}) S {zeros}{started} 0 0\n"),
        );
        self.file(&format!("{pid}/comm"), &format!("{comm}\n"));
        self.link(&format!("{pid}/exe"), exe);
    }

    fn with_parent(&self, path: &str) -> PathBuf {
        let path = self.0.join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        path
    }
}

impl Drop for Tree {
    fn drop(&mut self) {
        fs::remove_dir_all(&self.0).unwrap();
    }
}
