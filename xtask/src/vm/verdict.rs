//! Whether what a virtual machine said is as it should be.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::scene::{Outcome, Scene};
use super::transcript::Transcript;

/// Requests that the guest makes: over IPv4 and over IPv6 to busybox, and in HTTP/2 to nghttpd.
const REQUESTS: usize = 20;
const HTTP_1: u64 = 8080;
const HTTP_2: u64 = 8081;

const WORKS: &str = "works";
const MISSING: &str = "missing";
/// The auditor's exit status where a feature of the kernel is missing.
const EXIT_MISSING: &str = "3";

/// What is wrong; nothing where all is well.
pub(crate) fn judge(scene: &Scene, release: &str, said: &Transcript) -> Vec<String> {
    let mut problems = Problems::default();
    problems.expect("the kernel", said.one("kernel"), Some(release));
    let report = report(said);
    for (name, part) in scene.findings {
        let detail = finding(&report, name);
        if !detail.contains(part) {
            problems.add(format!("doctor on {name}: \"{detail}\", not \"{part}\""));
        }
    }
    let left: Vec<&str> = said.all("left").collect();
    problems.expect("what stays loaded", left, vec![]);
    match scene.outcome {
        Outcome::Works => works(&mut problems, &report, said),
        Outcome::Refused(reason) => refused(&mut problems, &report, said, reason),
    }
    problems.found
}

/// Verified instructions by program, as `auditor doctor` gives them.
pub(crate) fn instructions(said: &Transcript) -> BTreeMap<String, u64> {
    let report = report(said);
    let programs = report["programs"].as_array().cloned().unwrap_or_default();
    let of = |program: &Value| {
        let name = program["name"].as_str()?.to_owned();
        Some((name, program["verified_instructions"].as_u64()?))
    };
    programs.iter().filter_map(of).collect()
}

fn works(problems: &mut Problems, report: &Value, said: &Transcript) {
    problems.expect("doctor's exit", said.one("doctor-exit"), Some("0"));
    problems.expect(
        "the base tier",
        report["base_tier"]["status"].as_str(),
        Some(WORKS),
    );
    let attached: BTreeSet<&str> = said
        .all("attached")
        .filter_map(|line| line.split_whitespace().last())
        .collect();
    let programs = instructions(said);
    let loaded: BTreeSet<&str> = programs.keys().map(String::as_str).collect();
    problems.expect("what is attached", &attached, &loaded);
    if loaded.is_empty() {
        problems.add("doctor names no program".to_owned());
    }
    problems.expect("the daemon's exit", said.one("run-exit"), Some("0"));
    let made = REQUESTS.to_string();
    for client in ["ipv4", "ipv6", "http2"] {
        problems.expect(client, said.one(client), Some(&made));
    }
    records(problems, said);
}

fn refused(problems: &mut Problems, report: &Value, said: &Transcript, reason: &str) {
    problems.expect("doctor's exit", said.one("doctor-exit"), Some(EXIT_MISSING));
    let tier = &report["base_tier"];
    problems.expect("the base tier", tier["status"].as_str(), Some(MISSING));
    let detail = tier["detail"].as_str().unwrap_or_default();
    if !detail.ends_with(reason) {
        problems.add(format!(
            "doctor on the base tier: \"{detail}\", not \"{reason}\""
        ));
    }
    problems.expect(
        "the daemon's exit",
        said.one("run-exit"),
        Some(EXIT_MISSING),
    );
    if !said.all("log").any(|line| line.ends_with(reason)) {
        problems.add(format!("the daemon does not say \"{reason}\""));
    }
}

/// As many records as requests, at either end, each of them whole, and nothing lost.
fn records(problems: &mut Problems, said: &Transcript) {
    let mut counts: BTreeMap<(u64, String), usize> = BTreeMap::new();
    let mut ids = BTreeSet::new();
    for line in said.all("record") {
        let Ok(record) = serde_json::from_str::<Value>(line) else {
            problems.add(format!("not a record: {line}"));
            continue;
        };
        let attributes = &record["attributes"];
        if !ids.insert(attributes["auditor.record.id"].to_string()) {
            problems.add(format!("a second record with the id of {line}"));
        }
        match record["event_name"].as_str() {
            Some("auditor.access.http") => {
                if !is_whole(attributes) {
                    problems.add(format!("not a whole record: {line}"));
                }
                let direction = attributes["auditor.direction"].as_str();
                let port = attributes["server.port"].as_u64();
                let end = (
                    port.unwrap_or_default(),
                    direction.unwrap_or("no direction").to_owned(),
                );
                *counts.entry(end).or_default() += 1;
            }
            Some("auditor.loss") => problems.add(format!("a loss: {line}")),
            _ => {}
        }
    }
    let expected = [(HTTP_1, 2 * REQUESTS), (HTTP_2, REQUESTS)]
        .into_iter()
        .flat_map(|(port, count)| {
            ["inbound", "outbound"].map(|direction| ((port, direction.to_owned()), count))
        })
        .collect();
    problems.expect("records by server and direction", counts, expected);
    let summary = said.all("log").find(|line| line.starts_with("summary: "));
    if !summary.is_some_and(|line| line.contains(" lost=0 undelivered=0")) {
        problems.add(format!("the daemon's summary is {summary:?}"));
    }
}

fn is_whole(attributes: &Value) -> bool {
    attributes["http.request.method"] == "GET"
        && attributes["http.response.status_code"] == 200
        && attributes["url.path"] == "/hello"
        && attributes.get("auditor.capture.incomplete").is_none()
}

fn report(said: &Transcript) -> Value {
    let text = said.one("doctor").unwrap_or_default();
    serde_json::from_str(text).unwrap_or_default()
}

fn finding<'a>(report: &'a Value, name: &str) -> &'a str {
    let findings = report["findings"].as_array().map(Vec::as_slice);
    let found = findings
        .unwrap_or_default()
        .iter()
        .find(|finding| finding["name"] == name);
    found
        .and_then(|finding| finding["detail"].as_str())
        .unwrap_or_default()
}

#[derive(Default)]
struct Problems {
    found: Vec<String>,
}

// === impl Problems ===

impl Problems {
    fn add(&mut self, problem: String) {
        self.found.push(problem);
    }

    #[expect(
        clippy::needless_pass_by_value,
        reason = "most callers make both values for this"
    )]
    fn expect<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, seen: T, expected: T) {
        if seen != expected {
            self.add(format!("{what}: {seen:?}, not {expected:?}"));
        }
    }
}

#[cfg(test)]
mod tests;
