use std::fmt::Write as _;
use std::net::TcpListener;
use std::path::Path;

use super::{Listener, Listeners};
use crate::identity::fixture::Tree;
use crate::identity::known::{Known, Why};

const HEADER: &str = "  sl  local_address rem_address   st\n";

/// `sockets` are address and port as the kernel prints them, uid and inode.
fn table(sockets: &[(&str, u32, u64)]) -> String {
    let mut table = HEADER.to_owned();
    for (local, uid, inode) in sockets {
        writeln!(table, " 0: {local} 0:0 0A 0:0 00:0 0 {uid} 0 {inode} 1 x").unwrap();
    }
    table
}

fn process(proc: &Tree, pid: u32, name: &str, namespace: u64, cgroup: &str, inodes: &[u64]) {
    proc.process(pid, name, &format!("/usr/bin/{name}"), u64::from(pid) * 10);
    proc.link(&format!("{pid}/ns/net"), &format!("net:[{namespace}]"));
    proc.file(&format!("{pid}/cgroup"), &format!("0::{cgroup}\n"));
    proc.link(&format!("{pid}/fd/0"), "/dev/null");
    for (at, inode) in inodes.iter().enumerate() {
        proc.link(
            &format!("{pid}/fd/{}", at + 3),
            &format!("socket:[{inode}]"),
        );
    }
}

fn tables(proc: &Tree, pid: u32, tcp: &[(&str, u32, u64)], tcp6: &[(&str, u32, u64)]) {
    proc.file(&format!("{pid}/net/tcp"), &table(tcp));
    proc.file(&format!("{pid}/net/tcp6"), &table(tcp6));
}

fn find(listeners: &Listeners, local: &str, cgroup: Option<&str>) -> Known<Listener> {
    listeners.find(local.parse().unwrap(), cgroup)
}

fn name(found: &Known<Listener>) -> Result<&str, Why> {
    match found {
        Known::Value(listener) => Ok(listener.executable.value().unwrap()),
        Known::Absent(why) => Err(*why),
    }
}

#[test]
fn the_owner_of_a_listener_is_found_by_its_address() {
    let proc = Tree::proc();
    process(
        &proc,
        40,
        "nginx",
        1,
        "/system.slice/nginx.service",
        &[100, 101],
    );
    // A worker that inherited the sockets, and systemd, which holds them for services.
    process(
        &proc,
        41,
        "nginx",
        1,
        "/system.slice/nginx.service",
        &[100, 101],
    );
    process(&proc, 1, "systemd", 1, "/init.scope", &[100, 101]);
    let tcp = [("0100007F:1F90", 33, 100), ("00000000:0050", 0, 101)];
    for pid in [1, 40, 41] {
        tables(&proc, pid, &tcp, &[]);
    }
    let listeners = Listeners::scan(proc.path());
    let expected = Listener {
        namespace: 1,
        pid: Known::Value(40),
        executable: Known::Value("nginx".into()),
        uid: 33,
        cgroup: Known::Value("/system.slice/nginx.service".into()),
        legacy: false,
    };
    assert_eq!(
        find(&listeners, "127.0.0.1:8080", None),
        Known::Value(expected)
    );
    assert_eq!(name(&find(&listeners, "10.1.2.3:80", None)), Ok("nginx"));
    assert_eq!(
        name(&find(&listeners, "[::ffff:10.1.2.3]:80", None)),
        Ok("nginx")
    );
    assert_eq!(
        name(&find(&listeners, "10.1.2.3:8080", None)),
        Err(Why::NoListener)
    );
    assert_eq!(
        name(&find(&listeners, "[2001:db8::1]:80", None)),
        Err(Why::NoListener)
    );
}

#[test]
fn an_ipv6_wildcard_takes_both_families_and_yields_to_a_closer_address() {
    let proc = Tree::proc();
    let any6 = "00000000000000000000000000000000:0050";
    let mapped = "0000000000000000FFFF00000100007F:0050";
    process(&proc, 40, "envoy", 1, "/a", &[100]);
    process(&proc, 41, "proxy", 1, "/b", &[101]);
    for pid in [40, 41] {
        tables(&proc, pid, &[], &[(any6, 0, 100), (mapped, 0, 101)]);
    }
    let listeners = Listeners::scan(proc.path());
    assert_eq!(name(&find(&listeners, "10.1.2.3:80", None)), Ok("envoy"));
    assert_eq!(
        name(&find(&listeners, "[2001:db8::1]:80", None)),
        Ok("envoy")
    );
    assert_eq!(name(&find(&listeners, "127.0.0.1:80", None)), Ok("proxy"));
}

#[test]
fn two_namespaces_with_one_address_are_told_apart_by_the_cgroup_only() {
    let proc = Tree::proc();
    process(&proc, 40, "web", 1, "/pod-a", &[100]);
    process(&proc, 50, "api", 2, "/pod-b", &[200]);
    tables(&proc, 40, &[("00000000:0050", 0, 100)], &[]);
    tables(&proc, 50, &[("0100007F:0050", 0, 200)], &[]);
    let listeners = Listeners::scan(proc.path());
    assert_eq!(
        name(&find(&listeners, "127.0.0.1:80", None)),
        Err(Why::Ambiguous)
    );
    assert_eq!(
        name(&find(&listeners, "127.0.0.1:80", Some("/pod-a"))),
        Ok("web")
    );
    assert_eq!(
        name(&find(&listeners, "127.0.0.1:80", Some("/pod-b"))),
        Ok("api")
    );
    let elsewhere = find(&listeners, "127.0.0.1:80", Some("/pod-c"));
    assert_eq!(name(&elsewhere), Err(Why::NoListener));
}

#[test]
fn workers_that_share_a_port_have_all_but_the_pid_in_common() {
    let proc = Tree::proc();
    process(&proc, 40, "haproxy", 1, "/a", &[100]);
    process(&proc, 41, "haproxy", 1, "/a", &[101]);
    process(&proc, 42, "one", 1, "/a", &[102]);
    process(&proc, 43, "two", 1, "/a", &[103]);
    let (shared, mixed) = ("00000000:0050", "00000000:0051");
    let tcp = [
        (shared, 0, 100),
        (shared, 0, 101),
        (mixed, 0, 102),
        (mixed, 0, 103),
    ];
    for pid in 40..=43 {
        tables(&proc, pid, &tcp, &[]);
    }
    let listeners = Listeners::scan(proc.path());
    let found = find(&listeners, "10.0.0.1:80", None);
    assert_eq!(name(&found), Ok("haproxy"));
    assert_eq!(found.value().unwrap().pid, Known::Absent(Why::Ambiguous));
    assert_eq!(
        name(&find(&listeners, "10.0.0.1:81", None)),
        Err(Why::Ambiguous)
    );
}

#[test]
fn a_listener_of_this_process_is_found() {
    let socket = TcpListener::bind("127.0.0.1:0").unwrap();
    let listeners = Listeners::scan(Path::new("/proc"));
    let found = listeners.find(socket.local_addr().unwrap(), None);
    // Another namespace of the machine may listen at the same address.
    if found == Known::Absent(Why::Ambiguous) {
        return;
    }
    let pid = &found.value().unwrap().pid;
    assert_eq!(*pid, Known::Value(std::process::id()));
}
