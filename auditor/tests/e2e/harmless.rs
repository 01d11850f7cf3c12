//! The audited traffic is untouched, and nothing stays attached.

use crate::support::{
    auditor::Auditor,
    nginx::Nginx,
    shell::{output, run, until},
};

const PROGRAMS: [&str; 6] = [
    "socket_created",
    "connecting4",
    "connecting6",
    "connection_chan",
    "segment_receive",
    "segment_sent",
];

fn attached() -> Vec<String> {
    let list = run("bpftool", &["prog", "list"]);
    PROGRAMS
        .iter()
        .filter(|name| list.contains(**name))
        .map(ToString::to_string)
        .collect()
}

#[test]
fn responses_are_the_same_with_and_without() {
    let nginx = Nginx::start();
    let fetch = |path: &str| output("curl", &["-sf", "-D", "/dev/null", &nginx.url(path)]).stdout;
    let before = (fetch("/1k"), fetch("/100k"));
    let auditor = Auditor::start(&[]);
    let during = (fetch("/1k"), fetch("/100k"));
    auditor.stop();
    assert_eq!(before.1.len(), 102_400);
    assert!(before == during, "a response changed");
}

#[test]
fn nothing_stays_attached_after_any_kind_of_exit() {
    assert!(attached().is_empty(), "something is attached already");
    let auditor = Auditor::start(&[]);
    assert_eq!(attached().len(), PROGRAMS.len());
    auditor.stop();
    until("SIGTERM detached the programs", || attached().is_empty());

    Auditor::start(&[]).kill();
    until("SIGKILL detached the programs", || attached().is_empty());

    let failed = output(
        env!("CARGO_BIN_EXE_auditor"),
        &["run", "--include", "nonsense"],
    );
    assert_eq!(failed.status.code(), Some(2));
    assert!(attached().is_empty());
}
