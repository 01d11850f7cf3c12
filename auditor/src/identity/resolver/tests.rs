use std::fs::{self, File};
use std::net::SocketAddr;
use std::os::unix::fs::MetadataExt;
use std::sync::Arc;
use std::time::Duration;

use super::{Resolver, Role, SocketFacts};
use crate::identity::Catalog;
use crate::identity::fixture::Tree;
use crate::identity::{CgroupPaths, Host, Known, Listeners, Method, Processes, Why, Workload};

const NOW: Duration = Duration::from_secs(100);
const ID: &str = "2f1d6a7c0b9e4835a1c7d2e8f04b6935d7c1e0a2b3f4958671829304a5b6c7d8";

/// A hierarchy of plain directories, which cannot be opened by handle but are learned at start.
struct Node {
    cgroups: Tree,
    proc: Tree,
}

impl Node {
    fn new() -> Self {
        Self {
            cgroups: Tree::new(),
            proc: Tree::proc(),
        }
    }

    fn cgroup(&self, path: &str) -> u64 {
        let directory = self.cgroups.path().join(path);
        fs::create_dir_all(&directory).unwrap();
        fs::metadata(directory).unwrap().ino()
    }

    fn resolver(&self) -> Resolver {
        let root = File::open(self.cgroups.path()).unwrap();
        let host = Host {
            name: Known::Absent(Why::NotConfigured),
            id: Known::Absent(Why::NotConfigured),
            node_name: None,
            cluster_name: None,
        };
        let mut resolver = Resolver::new(
            CgroupPaths::new(root).unwrap(),
            Processes::new(self.proc.path()),
            Listeners::scan(self.proc.path()),
            host,
            Catalog::default(),
        );
        resolver.learn_cgroups(Duration::ZERO);
        resolver
    }
}

fn socket(cgroup_id: u64, pid: Option<u32>, comm: &str) -> SocketFacts<'_> {
    SocketFacts {
        cgroup_id,
        pid,
        uid: Some(1000),
        comm,
        local: SocketAddr::from(([10, 0, 0, 1], 80)),
        role: Role::Accepted,
    }
}

fn name(workload: &Workload) -> Option<&str> {
    let mut values = workload
        .resource()
        .iter()
        .filter(|(key, _)| *key == "service.name");
    values.next().map(|(_, value)| value.as_str())
}

#[test]
fn the_cgroup_decides_and_its_workload_is_shared() {
    let node = Node::new();
    let id = node.cgroup(&format!("system.slice/docker-{ID}.scope"));
    let inner = node.cgroup(&format!("system.slice/docker-{ID}.scope/init.scope"));
    let mut resolver = node.resolver();
    let first = resolver
        .workload(&socket(id, Some(7), "nginx"), NOW)
        .workload;
    assert_eq!(name(&first), Some(&ID[..12]));
    assert_eq!(first.method(), Some(Method::Cgroup));
    assert_eq!(first.reason(), None);
    let again = resolver
        .workload(&socket(id, Some(8), "curl"), NOW)
        .workload;
    let below = resolver.workload(&socket(inner, None, ""), NOW).workload;
    assert!(Arc::ptr_eq(&first, &again) && Arc::ptr_eq(&first, &below));
}

#[test]
fn outside_services_the_executable_names_the_workload() {
    let node = Node::new();
    let service = node.cgroup("system.slice/nginx.service");
    let session = node.cgroup("user.slice/session-3.scope");
    node.proc.process(7, "curl", "/usr/bin/curl", 500);
    node.proc.process(8, "curl", "/usr/bin/curl", 600);
    let mut resolver = node.resolver();
    let unit = resolver
        .workload(&socket(service, Some(7), "curl"), NOW)
        .workload;
    assert_eq!(
        (name(&unit), unit.method()),
        (Some("nginx"), Some(Method::Cgroup))
    );
    let first = resolver
        .workload(&socket(session, Some(7), "curl"), NOW)
        .workload;
    assert_eq!(
        (name(&first), first.method()),
        (Some("curl"), Some(Method::Process))
    );
    let second = resolver
        .workload(&socket(session, Some(8), "curl"), NOW)
        .workload;
    assert!(Arc::ptr_eq(&first, &second));
    let nobody = resolver.workload(&socket(session, None, ""), NOW).workload;
    assert_eq!((name(&nobody), nobody.method()), (None, None));
    assert_eq!(nobody.reason(), Some(Why::NoListener));
}

#[test]
fn a_process_steps_in_for_a_cgroup_that_is_absent_only_while_it_is_there() {
    let node = Node::new();
    node.proc.process(7, "nginx", "/usr/sbin/nginx", 500);
    node.proc
        .file("7/cgroup", "0::/system.slice/nginx.service\n");
    let mut resolver = node.resolver();
    let placed = resolver
        .workload(&socket(0, Some(7), "nginx"), NOW)
        .workload;
    assert_eq!(
        (name(&placed), placed.method()),
        (Some("nginx"), Some(Method::Process))
    );
    assert_eq!(placed.reason(), Some(Why::NotInACgroup));
    assert_eq!(placed.absence(), None);
    let gone = resolver
        .workload(&socket(u64::MAX, Some(9), "curl"), NOW)
        .workload;
    assert_eq!((name(&gone), gone.method()), (None, None));
    assert_eq!(gone.absence(), Some(Why::CgroupGone));
}

#[test]
fn the_root_is_the_host_unless_cgroup_v1_hides_behind_it() {
    let node = Node::new();
    node.proc.process(7, "dockerd", "/usr/bin/dockerd", 500);
    node.proc
        .file("7/cgroup", &format!("4:memory:/docker/{ID}\n0::/\n"));
    let mut pure = node.resolver();
    let exited = pure.workload(&socket(1, Some(9), "curl"), NOW).workload;
    assert_eq!((name(&exited), exited.reason()), (Some("curl"), None));

    node.proc.file("self/cgroup", "4:memory:/\n0::/\n");
    let mut hybrid = node.resolver();
    let placed = hybrid
        .workload(&socket(1, Some(7), "dockerd"), NOW)
        .workload;
    assert_eq!(placed.container().unwrap().id, ID);
    assert_eq!(placed.method(), Some(Method::Process));
    assert_eq!(placed.reason(), Some(Why::CgroupV1Only));
    let exited = hybrid.workload(&socket(1, Some(9), "curl"), NOW).workload;
    assert_eq!(
        (name(&exited), exited.reason()),
        (None, Some(Why::CgroupV1Only))
    );
}

#[test]
fn a_socket_older_than_the_auditor_belongs_to_the_listener() {
    let node = Node::new();
    let session = node.cgroup("user.slice/session-3.scope");
    node.proc
        .process(7, "redis-server", "/usr/bin/redis-server", 500);
    node.proc
        .file("7/cgroup", "0::/user.slice/session-3.scope\n");
    node.proc.link("7/ns/net", "net:[1]");
    node.proc.link("7/fd/3", "socket:[100]");
    let table = "sl\n 0: 00000000:0050 0:0 0A 0:0 00:0 0 33 0 100 1 x\n";
    node.proc.file("7/net/tcp", table);
    let mut resolver = node.resolver();
    let older = SocketFacts {
        uid: None,
        ..socket(session, None, "")
    };
    assert_eq!(
        name(&resolver.workload(&older, NOW).workload),
        Some("redis-server")
    );
    let process = resolver.process(&older, NOW);
    assert_eq!(process.pid, Known::Value(7));
    assert_eq!(process.uid, Known::Value(33));
    let connected = SocketFacts {
        role: Role::Connected,
        ..older
    };
    let process = resolver.process(&connected, NOW);
    assert_eq!(process.executable, Known::Absent(Why::NoProcess));
}

#[test]
fn an_owner_is_asked_for_again_after_a_second() {
    let node = Node::new();
    let session = node.cgroup("user.slice/session-3.scope");
    let mut resolver = node.resolver();
    let exited = resolver
        .workload(&socket(session, Some(7), "tool"), NOW)
        .workload;
    assert_eq!(name(&exited), Some("tool"));
    node.proc.process(7, "tool", "/usr/bin/tool-2", 500);
    let soon = resolver
        .workload(&socket(session, Some(7), "tool"), NOW)
        .workload;
    assert!(Arc::ptr_eq(&exited, &soon));
    let later = NOW + Duration::from_secs(1);
    let found = resolver
        .workload(&socket(session, Some(7), "tool"), later)
        .workload;
    assert_eq!(name(&found), Some("tool-2"));
}
