//! The binary as its callers see it: exit codes, and what goes to which stream.

use std::fs;
use std::path::PathBuf;
use std::process::{Command, Output};

const SUCCESS: i32 = 0;
const USAGE: i32 = 2;
const MISSING: i32 = 3;

fn auditor(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_auditor"))
        .args(arguments)
        .output()
        .expect("the binary starts")
}

fn stdout(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).expect("the auditor writes UTF-8")
}

fn stderr(output: &Output) -> String {
    String::from_utf8(output.stderr.clone()).expect("the auditor writes UTF-8")
}

#[test]
fn a_usage_error_is_two_and_leaves_standard_output_to_records() {
    for arguments in [
        &["run", "--duration", "5x"][..],
        &["run", "--output", "xml"],
        &["run", "--config", "/nowhere/auditor.yaml"],
        &["query", "--status", "5x"],
        &["report", "--since", "noon"],
        &["audit"],
        &[],
    ] {
        let output = auditor(arguments);
        assert_eq!(output.status.code(), Some(USAGE), "{arguments:?}");
        assert_eq!(stdout(&output), "", "{arguments:?}");
        assert_ne!(stderr(&output), "", "{arguments:?}");
    }
}

#[test]
fn an_unknown_key_in_the_file_is_named_with_its_line() {
    let path = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("unknown-key.yaml");
    fs::write(&path, "output: json\noutputs: none\n").unwrap();
    let output = auditor(&["run", "--config", path.to_str().unwrap()]);
    assert_eq!(output.status.code(), Some(USAGE));
    let message = stderr(&output);
    assert!(
        message.contains("unknown-key.yaml:2: unknown key \"outputs\", did you mean \"output\"?"),
        "{message}"
    );
}

#[test]
fn the_doctor_exits_as_the_base_tier_is() {
    let output = auditor(&["doctor", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&stdout(&output)).unwrap();
    let expected = match report["base_tier"]["status"].as_str().unwrap() {
        "works" => SUCCESS,
        _ => MISSING,
    };
    assert_eq!(output.status.code(), Some(expected), "{report}");
    assert!(stdout(&auditor(&["doctor"])).starts_with("base tier: "));
}

#[test]
fn scripts_and_the_manual_go_to_standard_output() {
    for arguments in [&["completions", "bash"][..], &["man"]] {
        let output = auditor(arguments);
        assert_eq!(output.status.code(), Some(SUCCESS), "{arguments:?}");
        assert!(stdout(&output).contains("doctor"), "{arguments:?}");
    }
}
