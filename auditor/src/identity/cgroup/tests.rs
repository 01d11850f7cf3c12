use std::fs::{self, File};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::mount::{FsMountFlags, FsOpenFlags, MountAttrFlags, fsconfig_create, fsmount, fsopen};
use rustix::thread::{CapabilitySet, CapabilitySets, capabilities, set_capabilities};

use super::CgroupPaths;
use crate::identity::known::{Known, Why};

const START: Duration = Duration::from_secs(100);

/// A cgroup of the running system, removed again at the end of the test.
struct Cgroup {
    directory: PathBuf,
    path: String,
    id: u64,
}

impl Cgroup {
    fn create(mount: &Path, name: &str) -> Self {
        let path = format!("/auditor-test-{}-{name}", std::process::id());
        let directory = mount.join(&path[1..]);
        fs::create_dir(&directory).unwrap();
        let id = fs::metadata(&directory).unwrap().ino();
        Self {
            directory,
            path,
            id,
        }
    }

    fn remove(&self) {
        fs::remove_dir(&self.directory).unwrap();
    }
}

impl Drop for Cgroup {
    fn drop(&mut self) {
        // Already gone where the test removed it itself.
        let _ = fs::remove_dir(&self.directory);
    }
}

/// Where cgroup2 is mounted; nothing when the test may not create cgroups there.
fn mount_point() -> Option<PathBuf> {
    if !rustix::process::geteuid().is_root() {
        return None;
    }
    fs::read_to_string("/proc/self/mountinfo")
        .unwrap()
        .lines()
        .find(|line| line.contains(" - cgroup2 "))
        .and_then(|line| line.split(' ').nth(4))
        .map(PathBuf::from)
}

fn open(mount: &Path) -> CgroupPaths {
    CgroupPaths::new(File::open(mount).unwrap()).unwrap()
}

fn value(path: &str) -> Known<std::sync::Arc<str>> {
    Known::Value(path.into())
}

#[test]
fn the_id_is_the_inode_and_leads_to_the_path() {
    let Some(mount) = mount_point() else { return };
    let mut paths = open(&mount);
    let outer = Cgroup::create(&mount, "outer");
    let inner = Cgroup::create(&outer.directory, "inner");
    assert_eq!(paths.path(outer.id, START), value(&outer.path));
    let nested = format!("{}{}", outer.path, inner.path);
    assert_eq!(paths.path(inner.id, START), value(&nested));
    drop(inner);
    drop(outer);
}

#[test]
fn a_detached_mount_gives_the_same_path() {
    let Some(mount) = mount_point() else { return };
    let Ok(context) = fsopen("cgroup2", FsOpenFlags::FSOPEN_CLOEXEC) else {
        return;
    };
    fsconfig_create(&context).unwrap();
    let root = fsmount(
        &context,
        FsMountFlags::FSMOUNT_CLOEXEC,
        MountAttrFlags::empty(),
    )
    .unwrap();
    let mut paths = CgroupPaths::new(root).unwrap();
    assert!(paths.shows_whole_hierarchy().unwrap());
    let cgroup = Cgroup::create(&mount, "detached");
    assert_eq!(paths.path(cgroup.id, START), value(&cgroup.path));
    paths.by_handle = false;
    let walked = Cgroup::create(&mount, "detached-walk");
    assert_eq!(paths.path(walked.id, START), value(&walked.path));
}

#[test]
fn a_known_path_survives_its_cgroup_and_an_unknown_one_does_not() {
    let Some(mount) = mount_point() else { return };
    let mut paths = open(&mount);
    let seen = Cgroup::create(&mount, "seen");
    let missed = Cgroup::create(&mount, "missed");
    assert_eq!(paths.path(seen.id, START), value(&seen.path));
    seen.remove();
    missed.remove();
    assert_eq!(paths.path(seen.id, START), value(&seen.path));
    assert_eq!(paths.path(missed.id, START), Known::Absent(Why::CgroupGone));
}

#[test]
fn a_name_that_looks_deleted_is_kept() {
    let Some(mount) = mount_point() else { return };
    let mut paths = open(&mount);
    let cgroup = Cgroup::create(&mount, "odd (deleted)");
    assert_eq!(paths.path(cgroup.id, START), value(&cgroup.path));
}

#[test]
fn walking_finds_the_same_and_rests_for_a_second() {
    let Some(mount) = mount_point() else { return };
    let mut paths = open(&mount);
    paths.by_handle = false;
    let first = Cgroup::create(&mount, "first");
    assert_eq!(paths.path(first.id, START), value(&first.path));
    let second = Cgroup::create(&mount, "second");
    let soon = START + Duration::from_millis(999);
    assert_eq!(
        paths.path(second.id, soon),
        Known::Absent(Why::LookupFailed)
    );
    let later = START + Duration::from_secs(1);
    assert_eq!(paths.path(second.id, later), value(&second.path));
}

#[test]
fn without_the_capability_the_hierarchy_is_walked() {
    let Some(mount) = mount_point() else { return };
    let mut paths = open(&mount);
    let cgroup = Cgroup::create(&mount, "powerless");
    let before = capabilities(None).unwrap();
    // Of this thread alone, which ends with the test.
    let powerless = CapabilitySets {
        effective: CapabilitySet::empty(),
        ..before
    };
    set_capabilities(None, powerless).unwrap();
    let found = paths.path(cgroup.id, START);
    set_capabilities(None, before).unwrap();
    assert_eq!(found, value(&cgroup.path));
    assert!(!paths.by_handle);
}

#[test]
fn learning_all_remembers_what_ends_before_its_first_packet() {
    let Some(mount) = mount_point() else { return };
    let mut paths = open(&mount);
    let cgroup = Cgroup::create(&mount, "learned");
    paths.learn_all(START);
    cgroup.remove();
    assert_eq!(paths.path(cgroup.id, START), value(&cgroup.path));
}

#[test]
fn no_id_is_absent_and_the_root_needs_no_look_up() {
    let mut paths = open(Path::new("/"));
    assert_eq!(paths.path(0, START), Known::Absent(Why::NotInACgroup));
    assert_eq!(paths.path(1, START), value("/"));
}
