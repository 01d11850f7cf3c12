//! What was found, in words and in JSON.

use std::fmt::Write as _;

use serde::Serialize;

use super::finding::{Finding, Status};
use super::tls::TlsLibraries;
use crate::exit::Exit;
use crate::kernel::LoadedProgram;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Text,
    Json,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    pub base_tier: Finding,
    pub findings: Vec<Finding>,
    /// What the trial of the base tier loaded; none where it failed.
    pub programs: Vec<LoadedProgram>,
    pub tls_libraries: TlsLibraries,
}

// === impl Report ===

impl Report {
    /// Success only if the base tier works, and for the whole node.
    pub fn exit(&self) -> Exit {
        match self.base_tier.status {
            Status::Works => Exit::Success,
            Status::Limited | Status::Missing => Exit::Missing,
        }
    }

    pub fn render(&self, form: Form) -> String {
        let mut text = match form {
            Form::Text => self.text(),
            Form::Json => serde_json::to_string(self).expect("it is strings and numbers"),
        };
        text.push('\n');
        text
    }

    fn text(&self) -> String {
        let mut lines = vec![
            format!("base tier: {}", self.base_tier.status.as_str()),
            String::new(),
        ];
        let findings = || std::iter::once(&self.base_tier).chain(&self.findings);
        let width = findings().map(|finding| finding.name.len()).max();
        let width = width.unwrap_or_default();
        for finding in findings() {
            append(&mut lines, finding, width);
        }
        lines.push(String::new());
        self.append_libraries(&mut lines);
        lines.join("\n")
    }

    fn append_libraries(&self, lines: &mut Vec<String>) {
        let found = &self.tls_libraries;
        let mut heading = format!("TLS libraries in {} processes", found.processes_read);
        if found.processes_unreadable > 0 {
            let unreadable = found.processes_unreadable;
            write!(heading, " ({unreadable} more could not be read)")
                .expect("writing to a String cannot fail");
        }
        if found.libraries.is_empty() {
            heading.push_str(": none");
        }
        lines.push(heading);
        for library in &found.libraries {
            lines.push(format!("{:>9}  {}", library.processes, library.path));
        }
        lines.push(
            "TLS that is linked into a program (Go, Rust, Envoy, Node) is not listed.".to_owned(),
        );
    }
}

/// One finding; what has several lines is continued below where it began.
fn append(lines: &mut Vec<String>, finding: &Finding, width: usize) {
    let margin = " ".repeat("limited  ".len() + width + 2);
    let mut detail = finding.detail.lines();
    lines.push(format!(
        "{:<7}  {:<width$}  {}",
        finding.status.as_str(),
        finding.name,
        detail.next().unwrap_or_default(),
    ));
    lines.extend(detail.map(|line| format!("{margin}{line}")));
    if let Some(remedy) = &finding.remedy {
        lines.push(format!("{margin}remedy: {remedy}"));
    }
}

#[cfg(test)]
mod tests {
    use super::{Form, Report};
    use crate::doctor::{Finding, Library, Status, TlsLibraries};
    use crate::exit::Exit;
    use crate::kernel::LoadedProgram;

    fn report(status: Status) -> Report {
        Report {
            base_tier: Finding::new("base tier", status, "refused\nR1 is wrong").remedy("be root"),
            findings: vec![Finding::new("kernel", Status::Works, "6.18.0")],
            programs: vec![LoadedProgram {
                name: "segment_sent".to_owned(),
                verified_instructions: Some(16441),
            }],
            tls_libraries: TlsLibraries {
                libraries: vec![Library {
                    path: "/lib/libssl.so.3".to_owned(),
                    processes: 12,
                }],
                processes_read: 80,
                processes_unreadable: 3,
            },
        }
    }

    #[test]
    fn the_verdict_comes_first_and_columns_are_aligned() {
        let expected = "\
base tier: missing

missing  base tier  refused
                    R1 is wrong
                    remedy: be root
works    kernel     6.18.0

TLS libraries in 80 processes (3 more could not be read)
       12  /lib/libssl.so.3
TLS that is linked into a program (Go, Rust, Envoy, Node) is not listed.
";
        assert_eq!(report(Status::Missing).render(Form::Text), expected);
    }

    #[test]
    fn json_says_the_same() {
        let json = report(Status::Works).render(Form::Json);
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["base_tier"]["status"], "works");
        assert_eq!(value["findings"][0]["name"], "kernel");
        assert!(value["findings"][0].get("remedy").is_none());
        assert_eq!(value["programs"][0]["verified_instructions"], 16441);
        assert_eq!(value["tls_libraries"]["libraries"][0]["processes"], 12);
        assert_eq!(json.matches('\n').count(), 1);
    }

    #[test]
    fn only_a_base_tier_that_works_is_success() {
        assert_eq!(report(Status::Works).exit(), Exit::Success);
        assert_eq!(report(Status::Limited).exit(), Exit::Missing);
        assert_eq!(report(Status::Missing).exit(), Exit::Missing);
    }
}
