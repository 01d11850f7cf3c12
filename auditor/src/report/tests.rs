//! Reports of journals that the real writer wrote.

mod browser;
mod shop;

use clap::Parser as _;
use proptest::prelude::*;
use serde_json::Value as Json;

use self::shop::{Hostile, shop};
use super::*;
use crate::config::{Args, Command};
use crate::query::sample::Place;

/// Ends a day after the sample begins.
const UNTIL: &str = "2026-09-22T14:13:20Z";

pub(super) fn made(place: &Place, typed: &[&str]) -> Report {
    let directory = place.path().to_str().unwrap();
    let fixed = [
        "auditor",
        "report",
        "--journal-dir",
        directory,
        "--until",
        UNTIL,
    ];
    let args = Args::parse_from(fixed.iter().chain(typed));
    let Command::Report(args) = args.command else {
        panic!("not report");
    };
    report(&args).unwrap()
}

fn json(report: &Report) -> Json {
    serde_json::from_str(&report.render(ReportForm::Json)).unwrap()
}

#[test]
fn every_access_is_in_the_totals_and_in_a_row_or_the_others() {
    let place = shop("report-totals", &Hostile::default());
    let report = made(&place, &[]);
    let totals = &report.facts.totals;
    assert_eq!(totals.accesses, 1440);
    assert_eq!(totals.inbound, 1440);
    assert_eq!(totals.with_principal + totals.without_principal, 1440);
    assert_eq!((totals.failed, totals.refused), (40, 44));
    assert_eq!(
        (totals.lost, totals.undelivered, totals.loss_records),
        (7, 3, 3)
    );
    assert_eq!(totals.statuses, [0, 1356, 0, 44, 40]);
    let steps = report.facts.course.steps.iter();
    assert_eq!(steps.map(|step| step.volume.accesses()).sum::<u64>(), 1440);
    let rows = |rows: u64, others: Option<ranking::Others>| {
        rows + others.map_or(0, |others| others.counts.accesses)
    };
    let callers = &report.facts.callers;
    let listed = callers.rows.iter().map(|row| row.counts.accesses).sum();
    assert_eq!(rows(listed, callers.others), 1440);
    let principals = &report.facts.principals;
    let listed = principals.rows.iter().map(|row| row.counts.accesses).sum();
    assert_eq!(rows(listed, principals.others), totals.with_principal);
}

#[test]
fn gaps_coverage_and_integrity_are_told() {
    let place = shop("report-gaps", &Hostile::default());
    let report = made(&place, &[]);
    let silences = &report.facts.silences;
    assert_eq!((silences.starts, silences.stops, silences.count), (2, 2, 2));
    assert_eq!(silences.listed[0].seconds, 3600);
    let coverage = &report.facts.coverage;
    assert_eq!(coverage.tier.as_deref(), Some("base"));
    assert_eq!(coverage.exclusions[0].workload, "shop/batch");
    assert!(report.integrity.holds, "{:?}", report.integrity.statement);
    assert_eq!(report.exit(), Exit::Success);
    let unchanged = report
        .answers
        .iter()
        .find(|answer| answer.reference == "164.312(c)(1)");
    assert_eq!(unchanged.unwrap().standing, questions::Standing::InPart);
}

#[test]
fn a_period_leaves_out_what_began_outside_it_and_knows_what_held_in_it() {
    let place = shop("report-period", &Hostile::default());
    let report = made(&place, &["--since", "2026-09-22T02:13:20Z"]);
    assert!(report.facts.totals.accesses < 1440);
    assert!(report.facts.totals.first.unwrap() >= report.since.unwrap());
    assert_eq!(report.facts.coverage.exclusions.len(), 1);
}

#[test]
fn a_changed_journal_is_reported_as_such() {
    let place = shop("report-changed", &Hostile::default());
    let segment = place.path().join("00000000000000000001.segment");
    let mut bytes = std::fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    std::fs::write(&segment, bytes).unwrap();
    let report = made(&place, &[]);
    assert!(!report.integrity.holds);
    assert_eq!(report.exit(), Exit::Failed);
    let page = report.render(ReportForm::Html);
    assert!(page.contains("not as it was signed"));
}

#[test]
fn the_page_loads_nothing_and_runs_nothing() {
    let place = shop("report-alone", &Hostile::default());
    let page = made(&place, &[]).render(ReportForm::Html);
    for word in [
        "<script",
        "src=",
        "url(http",
        "@import",
        "<link",
        "<iframe",
        "javascript:",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    let targets = page.split("href=\"").skip(1);
    assert!(targets.into_iter().all(|target| target.starts_with('#')));
}

/// The tags of a page with their attributes; figures are all alike.
fn skeleton(page: &str) -> String {
    let mut tags = String::new();
    for part in page.split('<').skip(1) {
        tags.push('<');
        tags.push_str(part.split('>').next().unwrap());
    }
    tags.replace(|c: char| c.is_ascii_digit(), "0")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Whatever stands in names, paths and reasons, the page has the same tags.
    #[test]
    fn hostile_values_stay_text(
        quote in "[\"'<>&/=` -]{1,6}",
        word in "(<script>alert\\(1\\)</script>|\"><img src=x onerror=y>|</style>|<!--|\\]\\]>|&lt;|'\\)|\\PC{1,20})",
    ) {
        let value = format!("q{quote}{word}");
        let hostile = Hostile { user: &value, peer: &value, path: &value, state: &value };
        let place = shop("report-hostile", &hostile);
        let page = made(&place, &[]).render(ReportForm::Html);
        let plain = Hostile { user: "quser", peer: "quser", path: "quser", state: "quser" };
        let place = shop("report-plain", &plain);
        let expected = made(&place, &[]).render(ReportForm::Html);
        prop_assert_eq!(skeleton(&page), skeleton(&expected));
    }
}

#[test]
fn both_forms_can_be_asked_for() {
    let place = shop("report-forms", &Hostile::default());
    let report = made(&place, &[]);
    assert_eq!(json(&report)["totals"]["accesses"], 1440);
    assert!(
        report
            .render(ReportForm::Html)
            .starts_with("<!DOCTYPE html>")
    );
}
