use serde_json::json;

use super::{HTTP_1, HTTP_2, REQUESTS, judge};
use crate::vm::architecture::Architecture;
use crate::vm::scene::{Outcome, Scene};
use crate::vm::transcript::Transcript;

const RELEASE: &str = "6.1.0-50-cloud-amd64";

fn scene(outcome: Outcome) -> Scene {
    Scene {
        name: "6.1",
        suite: "bookworm",
        architecture: Architecture::Amd64,
        words: "",
        outcome,
        findings: &[("lockdown", "none")],
        is_short: true,
    }
}

/// What is said where all is well.
fn well() -> Vec<String> {
    let doctor = json!({
        "base_tier": {"status": "works"},
        "findings": [{"name": "lockdown", "detail": "none"}],
        "programs": [{"name": "segment_sent", "verified_instructions": 7}],
    });
    let mut lines = vec![
        format!("@kernel {RELEASE}"),
        "@doctor-exit 0".to_owned(),
        format!("@doctor {doctor}"),
        "@attached 22 cgroup_inet_egress multi segment_sent".to_owned(),
        format!("@ipv4 {REQUESTS}"),
        format!("@ipv6 {REQUESTS}"),
        format!("@http2 {REQUESTS}"),
        "@run-exit 0".to_owned(),
        "@log summary: records=120 lost=0 undelivered=0 aggregated=0".to_owned(),
    ];
    for direction in ["inbound", "outbound"] {
        let ports = [(HTTP_1, 2 * REQUESTS), (HTTP_2, REQUESTS)];
        for (port, count) in ports {
            lines.extend((0..count).map(|n| record(port, direction, n)));
        }
    }
    lines
}

fn record(port: u64, direction: &str, n: usize) -> String {
    let record = json!({
        "event_name": "auditor.access.http",
        "attributes": {
            "auditor.record.id": format!("{port}-{direction}-{n}"),
            "auditor.direction": direction,
            "server.port": port,
            "http.request.method": "GET",
            "http.response.status_code": 200,
            "url.path": "/hello",
        },
    });
    format!("@record {record}")
}

#[track_caller]
fn assert_problem(lines: &[String], part: &str) {
    let said = Transcript::of(lines.join("\r\n").as_bytes());
    let problems = judge(&scene(Outcome::Works), RELEASE, &said);
    assert!(
        problems.iter().any(|problem| problem.contains(part)),
        "{problems:#?}"
    );
}

#[test]
fn a_run_without_a_fault_has_no_problem() {
    let said = Transcript::of(well().join("\r\n").as_bytes());
    let problems = judge(&scene(Outcome::Works), RELEASE, &said);
    assert_eq!(problems, Vec::<String>::new());
}

#[test]
fn a_record_less_or_more_is_a_problem() {
    let mut less = well();
    less.pop();
    assert_problem(&less, "records by server and direction");
    let mut more = well();
    more.push(record(HTTP_1, "inbound", REQUESTS * 2));
    assert_problem(&more, "records by server and direction");
    let mut twice = well();
    twice.push(record(HTTP_1, "inbound", 0));
    assert_problem(&twice, "a second record with the id");
}

#[test]
fn what_is_not_attached_or_stays_is_a_problem() {
    let mut lines = well();
    lines.retain(|line| !line.starts_with("@attached"));
    assert_problem(&lines, "what is attached");
    let mut lines = well();
    lines.push("@left 22: cgroup_skb  name segment_sent".to_owned());
    assert_problem(&lines, "what stays loaded");
}

#[test]
fn a_finding_of_doctor_is_held_against_the_scene() {
    let lines: Vec<String> = well()
        .iter()
        .map(|line| line.replace(r#""detail":"none""#, r#""detail":"integrity""#))
        .collect();
    assert_problem(&lines, "doctor on lockdown");
}

#[test]
fn a_refusal_has_its_reason_and_its_exit() {
    let doctor = json!({
        "base_tier": {"status": "missing", "detail": "load: too old"},
        "findings": [{"name": "lockdown", "detail": "none"}],
    });
    let lines = [
        format!("@kernel {RELEASE}"),
        "@doctor-exit 3".to_owned(),
        format!("@doctor {doctor}"),
        "@run-exit 3".to_owned(),
        "@log error: load: too old".to_owned(),
    ];
    let said = Transcript::of(lines.join("\n").as_bytes());
    let problems = |reason| judge(&scene(Outcome::Refused(reason)), RELEASE, &said);
    assert_eq!(problems("too old"), Vec::<String>::new());
    assert_eq!(problems("too new").len(), 2);
}
