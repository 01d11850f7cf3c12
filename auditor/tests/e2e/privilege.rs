//! With and without what it takes.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::support::auditor::{Auditor, BINARY, Stopped, copy_for_everyone};
use crate::support::client::curl;
use crate::support::nginx::{AccessLog, KB, Nginx};
use crate::support::process::{Finished, finish, succeed};
use crate::support::record::Side;
use crate::support::secure::SecureNginx;
use crate::support::temp::TempDir;
use crate::support::until::until;

const MISSING: Option<i32> = Some(3);

/// Without one of these nothing is attached.
const FOR_PROGRAMS: [&str; 3] = ["bpf", "net_admin", "perfmon"];
/// Without one of these, less is known of processes.
const FOR_PROCESSES: [&str; 2] = ["sys_ptrace", "dac_read_search"];
/// As the README and the chart have them.
const DOCUMENTED: [&str; 5] = [
    "bpf",
    "net_admin",
    "perfmon",
    "sys_ptrace",
    "dac_read_search",
];

fn set(capabilities: &[&str]) -> String {
    let added = capabilities.iter().map(|name| format!(",+{name}"));
    added.fold("-all".to_owned(), |set, name| set + &name)
}

/// As a container runtime starts a container of user 0: this is all it can ever have.
fn as_root_with(capabilities: &[&str]) -> Command {
    let mut command = Command::new("setpriv");
    command.args(["--no-new-privs", "--inh-caps=-all"]);
    command.arg(format!("--bounding-set={}", set(capabilities)));
    command.arg(BINARY);
    command
}

/// As systemd starts a service of another user, with ambient capabilities.
fn as_nobody_with(capabilities: &[&str], binary: &Path) -> Command {
    let set = set(capabilities);
    let mut command = Command::new("setpriv");
    command.args(["--no-new-privs", "--reuid=65534", "--regid=65534"]);
    command.arg("--clear-groups");
    for option in ["--bounding-set", "--inh-caps", "--ambient-caps"] {
        command.arg(format!("{option}={set}"));
    }
    command.arg(binary);
    command
}

fn run(mut command: Command) -> Command {
    command.args(["run", "--output", "json", "--no-journal"]);
    command
}

fn name_of(capability: &str) -> String {
    format!("CAP_{}", capability.to_uppercase())
}

fn without(capability: &str) -> Vec<&'static str> {
    let mut rest = DOCUMENTED.to_vec();
    rest.retain(|held| *held != capability);
    rest
}

/// What such a run says that it does not see.
fn gaps(stopped: &Stopped) -> Vec<String> {
    let mut records = stopped.records();
    let coverage = records.find(|record| record.event_name == "auditor.coverage");
    let coverage = coverage.expect("it tells what it covers");
    let gaps = coverage.attributes["auditor.coverage.gaps"].clone();
    serde_json::from_value(gaps).expect("gaps are words")
}

#[test]
fn the_documented_capabilities_are_enough() {
    let folder = TempDir::new();
    let binary = copy_for_everyone(&folder);
    let nginx = Nginx::start(AccessLog::Off);
    for command in [
        as_root_with(&DOCUMENTED),
        as_nobody_with(&DOCUMENTED, &binary),
    ] {
        let auditor = Auditor::launch(run(command));
        curl(&["--output", "/dev/null", &nginx.url(KB)]);
        let stopped = auditor.stop();
        let inbound = stopped.http(Side::Inbound, nginx.port);
        assert_eq!(inbound.len(), 1);
        inbound[0].assert("inbound", &[("process.executable.name", json!("nginx"))]);
        stopped.assert_nothing_lost();
        let gaps = gaps(&stopped);
        for gap in ["processes_of_others", "other_control_groups"] {
            assert!(!gaps.contains(&gap.to_owned()), "{gaps:?}");
        }
    }
}

#[test]
fn a_capability_without_which_nothing_is_attached_is_named() {
    for capability in FOR_PROGRAMS {
        let held = without(capability);
        let Finished { status, stderr, .. } = finish(&mut run(as_root_with(&held)));
        assert_eq!(status.code(), MISSING, "{stderr}");
        let remedy = stderr.lines().find(|line| line.contains("grant "));
        let remedy = remedy.unwrap_or_else(|| panic!("no remedy: {stderr}"));
        assert!(remedy.contains(&name_of(capability)), "{remedy}");
        for other in held {
            assert!(!remedy.contains(&name_of(other)), "{remedy}");
        }
    }
}

#[test]
fn a_capability_without_which_less_is_seen_is_named_and_recorded() {
    for capability in FOR_PROCESSES {
        let auditor = Auditor::launch(run(as_root_with(&without(capability))));
        let log = auditor.log();
        assert!(log.contains(&name_of(capability)), "{log}");
        let gaps = gaps(&auditor.stop());
        assert!(gaps.contains(&"processes_of_others".to_owned()), "{gaps:?}");
    }
}

/// Probes are set where the library of this server is.
fn with_plaintext(capabilities: &[&str]) -> (String, Stopped) {
    let server = SecureNginx::start();
    let mut command = run(as_root_with(capabilities));
    command.arg("--tls-plaintext");
    let auditor = Auditor::launch(command);
    let log = until("it says what it probes", || {
        let log = auditor.log();
        let said = log.contains("TLS library probed") || log.contains("no plaintext tier");
        said.then_some(log)
    });
    let url = format!("https://127.0.0.1:{}/", server.port);
    curl(&["--insecure", "--output", "/dev/null", &url]);
    let stopped = auditor.stop();
    let captured = usize::from(log.contains("TLS library probed"));
    assert_eq!(stopped.http(Side::Inbound, server.port).len(), captured);
    let status = ["unsupported", "captured"][captured];
    for record in stopped.tls_connections(Side::Inbound, server.port) {
        record.assert("its status", &[("auditor.plaintext.status", json!(status))]);
    }
    (log, stopped)
}

#[test]
fn the_plaintext_tier_takes_one_capability_more() {
    const MORE: &str = "sys_admin";
    let (log, stopped) = with_plaintext(&[&DOCUMENTED[..], &[MORE]].concat());
    assert!(log.contains("TLS library probed"), "{log}");
    assert!(!gaps(&stopped).contains(&"tls_plaintext".to_owned()));

    let (log, stopped) = with_plaintext(&DOCUMENTED);
    assert!(log.contains(&name_of(MORE)), "{log}");
    assert!(gaps(&stopped).contains(&"tls_plaintext".to_owned()));
}

fn unprivileged(arguments: &[&str]) -> Finished {
    let folder = TempDir::new();
    let binary = copy_for_everyone(&folder);
    finish(as_nobody_with(&[], &binary).args(arguments))
}

#[test]
fn run_without_privilege_ends_with_three_and_names_what_is_missing() {
    let finished = unprivileged(&["run", "--output", "json", "--no-journal"]);
    assert_eq!(finished.status.code(), MISSING, "{}", finished.stderr);
    assert!(finished.stderr.contains("CAP_BPF"), "{}", finished.stderr);
    assert!(!finished.stderr.contains("panicked"), "{}", finished.stderr);
    assert_eq!(finished.text(), "");
}

#[test]
fn doctor_without_privilege_ends_with_three_and_names_what_is_missing() {
    let finished = unprivileged(&["doctor"]);
    assert_eq!(finished.status.code(), MISSING, "{}", finished.stderr);
    let text = finished.text();
    assert!(text.starts_with("base tier: missing\n"), "{text}");
    assert!(text.contains("CAP_BPF"), "{text}");
}

#[test]
fn doctor_with_privilege_says_that_the_base_tier_works() {
    let finished = succeed(Command::new(BINARY).args(["doctor", "--json"]));
    let report: Value = serde_json::from_slice(&finished.stdout).unwrap();
    assert_eq!(report["base_tier"]["status"], "works", "{report:#}");
    let text = succeed(Command::new(BINARY).arg("doctor"));
    let text = text.text();
    assert!(text.starts_with("base tier: works\n"), "{text}");
    assert!(text.contains("plaintext tier"), "{text}");
}
