use std::time::Duration;

use super::{Processes, parse_stat};
use crate::identity::fixture::Tree;
use crate::identity::known::{Known, Why};

const NOW: Duration = Duration::from_secs(100);
const LATER: Duration = Duration::from_secs(102);

fn value(name: &str) -> Known<std::sync::Arc<str>> {
    Known::Value(name.into())
}

#[test]
fn the_file_names_the_process() {
    let proc = Tree::proc();
    proc.process(7, "nginx", "/usr/sbin/nginx", 500);
    proc.process(8, "server", "/opt/app/server-1.2 (deleted)", 500);
    let mut processes = Processes::new(proc.path());
    assert_eq!(processes.find(7, "nginx", NOW).executable, value("nginx"));
    assert_eq!(processes.find(7, "nginx", NOW).named_by_kernel, None);
    assert_eq!(
        processes.find(8, "server", NOW).executable,
        value("server-1.2")
    );
}

#[test]
fn a_process_that_is_gone_keeps_the_name_the_kernel_gave() {
    let proc = Tree::proc();
    let mut processes = Processes::new(proc.path());
    let gone = processes.find(7, "curl", NOW);
    assert_eq!(gone.executable, value("curl"));
    assert_eq!(gone.named_by_kernel, Some(Why::ExitedBeforeLookup));
    let nameless = processes.find(7, "", NOW);
    assert_eq!(nameless.executable, Known::Absent(Why::ExitedBeforeLookup));
}

#[test]
fn a_kernel_thread_has_no_file() {
    let proc = Tree::proc();
    proc.file("7/stat", &format!("7 (nfsd) S {}5 0\n", "0 ".repeat(18)));
    let mut processes = Processes::new(proc.path());
    let thread = processes.find(7, "nfsd", NOW);
    assert_eq!(thread.executable, value("nfsd"));
    assert_eq!(thread.named_by_kernel, Some(Why::NoExecutable));
}

#[test]
fn a_thread_belongs_to_its_process() {
    let proc = Tree::proc();
    proc.process(7, "java", "/usr/lib/jvm/bin/java", 500);
    proc.file("7/task/7/comm", "java\n");
    proc.file("7/task/19/comm", "http-nio-8080-e\n");
    let mut processes = Processes::new(proc.path());
    assert_eq!(
        processes.find(7, "http-nio-8080-e", NOW).executable,
        value("java")
    );
    // Once it was found, the thread may end: the process is the same.
    proc.remove("7/task/19");
    assert_eq!(
        processes.find(7, "http-nio-8080-e", LATER).executable,
        value("java")
    );
}

#[test]
fn a_process_that_bears_another_name_is_not_the_owner() {
    let proc = Tree::proc();
    proc.process(7, "postgres", "/usr/bin/postgres", 500);
    let mut processes = Processes::new(proc.path());
    let process = processes.find(7, "curl", NOW);
    assert_eq!(process.executable, value("curl"));
    assert_eq!(process.named_by_kernel, Some(Why::PidReused));
}

#[test]
fn a_process_that_started_after_the_socket_is_not_the_owner() {
    let proc = Tree::proc();
    proc.process(7, "python", "/usr/bin/python3.11", 10_001);
    let mut processes = Processes::new(proc.path());
    let process = processes.find(7, "python", NOW);
    assert_eq!(process.executable, value("python"));
    assert_eq!(process.named_by_kernel, Some(Why::PidReused));
}

#[test]
fn a_reused_pid_is_noticed_after_the_validity() {
    let proc = Tree::proc();
    proc.process(7, "sh", "/usr/bin/dash", 500);
    let mut processes = Processes::new(proc.path());
    assert_eq!(processes.find(7, "sh", NOW).executable, value("dash"));
    proc.process(7, "sh", "/usr/bin/bash", 10_100);
    assert_eq!(processes.find(7, "sh", NOW).executable, value("dash"));
    assert_eq!(processes.find(7, "sh", LATER).executable, value("bash"));
}

#[test]
fn a_name_survives_its_process_and_its_successor() {
    let proc = Tree::proc();
    proc.process(7, "app", "/opt/app-server", 500);
    let mut processes = Processes::new(proc.path());
    assert_eq!(
        processes.find(7, "app", NOW).executable,
        value("app-server")
    );
    proc.remove("7");
    assert_eq!(
        processes.find(7, "app", LATER).executable,
        value("app-server")
    );
    proc.process(7, "other", "/usr/bin/other", 10_300);
    let later = LATER + Duration::from_secs(2);
    assert_eq!(
        processes.find(7, "app", later).executable,
        value("app-server")
    );
}

#[test]
fn pids_of_another_namespace_are_not_looked_up() {
    let proc = Tree::proc();
    proc.link("1/ns/pid", "pid:[4026532999]");
    proc.process(7, "nginx", "/usr/sbin/nginx", 500);
    let mut processes = Processes::new(proc.path());
    assert_eq!(processes.blind(), Some(Why::ForeignPidNamespace));
    let process = processes.find(7, "nginx", NOW);
    assert_eq!(process.named_by_kernel, Some(Why::ForeignPidNamespace));
}

#[test]
fn cgroups_are_only_those_of_the_same_process() {
    let proc = Tree::proc();
    proc.process(7, "nginx", "/usr/sbin/nginx", 500);
    proc.file("7/cgroup", "0::/system.slice/nginx.service\n");
    let mut processes = Processes::new(proc.path());
    let process = processes.find(7, "nginx", NOW);
    let membership = processes.membership(&process);
    let place = membership.value().unwrap().place().unwrap();
    assert_eq!(place.path, "/system.slice/nginx.service");
    proc.process(7, "nginx", "/usr/sbin/nginx", 600);
    assert_eq!(
        processes.membership(&process),
        Known::Absent(Why::PidReused)
    );
}

#[test]
fn the_start_time_stands_behind_any_name() {
    let line = format!("7 (a) b (c)) S {}123 9\n", "0 ".repeat(18));
    let stat = parse_stat(line.as_bytes()).unwrap();
    assert_eq!((stat.comm.as_str(), stat.started), ("a) b (c)", 123));
    for odd in ["", "7", ")(", "7 (x)", "7 (x) S 1 2"] {
        assert!(parse_stat(odd.as_bytes()).is_none(), "{odd}");
    }
}

#[test]
fn this_very_process_is_found() {
    let mut processes = Processes::new(std::path::Path::new("/proc"));
    if processes.blind().is_some() {
        return;
    }
    let thread = std::fs::read_to_string("/proc/thread-self/comm").unwrap();
    let process = processes.find(std::process::id(), thread.trim_end(), Duration::MAX);
    let own = std::env::current_exe().unwrap();
    assert_eq!(
        process.executable,
        value(own.file_name().unwrap().to_str().unwrap())
    );
}
