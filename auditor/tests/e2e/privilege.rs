//! With and without what it takes.

use std::process::Command;

use serde_json::Value;

use crate::support::auditor::{BINARY, copy_for_everyone};
use crate::support::process::{Finished, finish, succeed};
use crate::support::temp::TempDir;

const MISSING: Option<i32> = Some(3);

fn unprivileged(arguments: &[&str]) -> Finished {
    let folder = TempDir::new();
    let binary = copy_for_everyone(&folder);
    let mut command = Command::new("setpriv");
    command.args(["--reuid=65534", "--regid=65534", "--clear-groups"]);
    command.args(["--bounding-set=-all", "--inh-caps=-all"]);
    finish(command.arg(binary).args(arguments))
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
