//! The outcome of a verification, in words and in JSON.

use std::fmt::{self, Formatter};
use std::ops::Range;

use serde::Serialize;

use super::Comparison;
use crate::exit::Exit;
use crate::journal::evidence::{Finding, Report};

#[derive(Debug, Serialize)]
pub struct Statement {
    #[serde(flatten)]
    pub report: Report,
    /// What was exported, held against the journal.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exported: Option<Comparison>,
    /// The key it was verified with, in the text form of C2SP signed-note.
    pub public_key: String,
    /// The key was taken from the journal itself.
    pub own_key: bool,
    /// A daemon was writing to the journal.
    pub growing: bool,
    #[serde(skip)]
    pub json: bool,
}

// === impl Statement ===

impl Statement {
    pub fn exit(&self) -> Exit {
        if self.report.holds() && self.exported.as_ref().is_none_or(Comparison::holds) {
            Exit::Success
        } else {
            Exit::Failed
        }
    }

    pub fn render(&self) -> String {
        if self.json {
            let json = serde_json::to_string(self).expect("it is strings and numbers");
            return format!("{json}\n");
        }
        let mut lines = vec![self.verdict()];
        lines.extend(self.report.findings.iter().map(finding));
        lines.extend(self.reservations());
        lines.push(String::new());
        let exported = self.exported.as_ref().map(Comparison::render);
        exported.unwrap_or_default() + &lines.join("\n")
    }

    fn verdict(&self) -> String {
        let Report {
            segments,
            checkpoints,
            confirmed,
            ref key,
            ..
        } = self.report;
        let records = records(&(self.report.first..self.report.next));
        let by = format!(
            "{segments} segments, {checkpoints} checkpoints of {key}, {confirmed} given ones agree"
        );
        if !self.report.holds() {
            return format!("NOT as it was signed: {records} ({by})");
        }
        if self.report.next == self.report.first {
            return format!("empty: no records ({by})");
        }
        format!("complete, unchanged: {records} ({by})")
    }

    /// What the verdict does not cover.
    fn reservations(&self) -> Vec<String> {
        let report = &self.report;
        let mut lines = Vec::new();
        let covered = report.covered.max(report.first);
        if covered < report.next {
            let uncovered = records(&(covered..report.next));
            lines.push(format!("not covered by a checkpoint yet: {uncovered}"));
        }
        if report.first > 0 {
            let before = records(&(0..report.first));
            let undelivered = report.removed_undelivered;
            lines.push(format!(
                "removed by retention: {before}, of which {undelivered} had not been delivered"
            ));
        }
        if report.unchecked > 0 {
            let unchecked = report.unchecked;
            lines.push(format!(
                "{unchecked} given checkpoints are about removed records only: not checked"
            ));
        }
        for scar in &report.scars {
            lines.push(format!(
                "old damage, signed as such since:{}",
                finding(scar)
            ));
        }
        if report.remains > 0 {
            let remains = report.remains;
            lines.push(format!(
                "{remains} bytes behind the ends of segments are not part of the journal"
            ));
        }
        if report.unlisted > 0 {
            lines.push(format!("and {} more", report.unlisted));
        }
        if self.growing {
            lines.push("a daemon is writing to it just now".to_owned());
        }
        if self.own_key {
            lines.push(
                "the key is the journal's own: give --public-key and --checkpoint kept off the \
                 node to prove it against who can write to the directory"
                    .to_owned(),
            );
        }
        lines
    }
}

fn finding(finding: &Finding) -> String {
    let place = Place(finding);
    format!("  {place}{}", finding.problem)
}

/// Where something was found.
struct Place<'a>(&'a Finding);

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if let Some(segment) = self.0.segment {
            write!(f, "segment {segment}, ")?;
        }
        match &self.0.records {
            Range { start: 0, end: 0 } if self.0.segment.is_none() => Ok(()),
            range if range.is_empty() => write!(f, "before record {}: ", range.start),
            range => write!(f, "{}: ", records(range)),
        }
    }
}

/// A range as people write it, with the last one in it.
fn records(range: &Range<u64>) -> String {
    match range.end.saturating_sub(range.start) {
        0 => "no records".to_owned(),
        1 => format!("record {}", range.start),
        _ => format!("records {} to {}", range.start, range.end - 1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::journal::evidence::Problem;

    fn statement(findings: Vec<Finding>) -> Statement {
        Statement {
            report: Report {
                key: "node-1/auditor".to_owned(),
                segments: 3,
                first: 100,
                next: 1235,
                covered: 1200,
                checkpoints: 12,
                confirmed: 1,
                findings,
                ..Report::default()
            },
            exported: None,
            public_key: "node-1/auditor+0815+AAAA".to_owned(),
            own_key: false,
            growing: false,
            json: false,
        }
    }

    #[test]
    fn the_verdict_comes_first_and_what_it_does_not_cover_after_it() {
        let expected = "\
complete, unchanged: records 100 to 1234 (3 segments, 12 checkpoints of node-1/auditor, 1 given ones agree)
not covered by a checkpoint yet: records 1200 to 1234
removed by retention: records 0 to 99, of which 0 had not been delivered
";
        assert_eq!(statement(Vec::new()).render(), expected);
        assert_eq!(statement(Vec::new()).exit(), Exit::Success);
    }

    #[test]
    fn what_is_wrong_is_named_with_its_place() {
        let found = |segment, records, problem| Finding {
            segment,
            records,
            problem,
        };
        let statement = statement(vec![
            found(Some(2), 400..500, Problem::Changed),
            found(Some(2), 450..450, Problem::Damaged { from: 7, to: 9 }),
            found(None, 1235..1300, Problem::Cut { records: 1300 }),
        ]);
        let text = statement.render();
        let lines: Vec<_> = text.lines().take(4).collect();
        assert!(lines[0].starts_with("NOT as it was signed: records 100 to 1234 ("));
        assert_eq!(
            lines[1..],
            [
                "  segment 2, records 400 to 499: something was changed, removed, inserted or put \
                 in another order",
                "  segment 2, before record 450: bytes 7 to 9 of the file are no frame",
                "  records 1235 to 1299: the journal ends before the 1300 records of a given \
                 checkpoint",
            ]
        );
        assert_eq!(statement.exit(), Exit::Failed);
    }

    #[test]
    fn json_has_the_same_facts() {
        let mut statement = statement(vec![Finding {
            segment: Some(2),
            records: 400..500,
            problem: Problem::Damaged { from: 7, to: 9 },
        }]);
        statement.json = true;
        let json: serde_json::Value = serde_json::from_str(&statement.render()).unwrap();
        assert_eq!(json["next"], 1235);
        assert_eq!(json["findings"][0]["problem"], "damaged");
        assert_eq!(json["findings"][0]["records"]["end"], 500);
        assert_eq!(json["own_key"], false);
    }
}
