//! What the records can't say, because it was not seen, not kept or left out.

use maud::{Markup, html};

use super::fact::{moment, name, number, seconds, text, word};
use super::table;
use crate::report::facts::{Facts, Reason};
use crate::report::ranking::Ranked;
use crate::report::silence::Cause;

pub(super) fn section(facts: &Facts) -> Markup {
    let (totals, silences) = (&facts.totals, &facts.silences);
    html! {
        section #missing {
            h2 { "What is missing" }
            p {
                "The auditor started " (number("/silences/starts", silences.starts))
                " times and stopped " (number("/silences/stops", silences.stops)) " times. "
                (number("/totals/loss_records", totals.loss_records)) " records tell of losses. "
                (number("/totals/incomplete", totals.incomplete))
                " accesses are recorded with something missing, and say what. "
                (number("/totals/undelivered", totals.undelivered))
                " records are in the journal, but a destination did not get them."
            }
            @if !silences.listed.is_empty() { (intervals(facts)) }
            (table::ranked(
                "/losses",
                "Told as lost",
                &["stage", "reason", "direction", "lost", "unit"],
                &facts.losses,
                |at, row| html! {
                    td { (text(&format!("{at}/stage"), &row.stage)) }
                    td { (text(&format!("{at}/reason"), &row.reason)) }
                    td { (name(&format!("{at}/direction"), row.direction.as_deref())) }
                    td.number { (number(&format!("{at}/lost"), row.lost)) }
                    td { (text(&format!("{at}/unit"), &row.unit)) }
                },
            ))
            div.columns {
                div { (reasons("/incomplete", "Incomplete accesses", &facts.incomplete)) }
                div { (reasons("/unnamed", "Requests without a principal", &facts.unnamed)) }
                div { (reasons("/unidentified", "Workloads not fully named", &facts.unidentified)) }
            }
        }
    }
}

pub(super) fn coverage(facts: &Facts) -> Markup {
    let coverage = &facts.coverage;
    html! {
        section #coverage {
            h2 { "Coverage" }
            @match (&coverage.tier, coverage.since) {
                (Some(tier), Some(since)) => p {
                    "Tier " (text("/coverage/tier", tier)) ", in force since "
                    (moment("/coverage/since", since)) "."
                },
                _ => p.none { "No record says what could be seen." },
            }
            @if !coverage.gaps.is_empty() {
                p { "Not seen by it:" }
                ul.gaps { @for (index, gap) in coverage.gaps.iter().enumerate() {
                    li { (text(&format!("/coverage/gaps/{index}"), gap)) }
                } }
            }
            @if coverage.exclusions.is_empty() {
                p.none { "No workload is excluded by a label." }
            } @else {
                (table::plain(
                    "/coverage/exclusions",
                    "Left out by a label",
                    &["workload", "state", "since"],
                    &coverage.exclusions,
                    |at, row| html! {
                        td { (text(&format!("{at}/workload"), &row.workload)) }
                        td { (text(&format!("{at}/state"), &row.state)) }
                        td { (moment(&format!("{at}/since"), row.since)) }
                    },
                ))
            }
            p.others {
                (number("/coverage/unlisted", coverage.unlisted))
                " more statements about workloads are not followed."
            }
        }
    }
}

fn intervals(facts: &Facts) -> Markup {
    table::plain(
        "/silences/listed",
        "Intervals without an auditor, the newest",
        &["from", "to", "length", "because"],
        &facts.silences.listed,
        |at, row| {
            let because = match row.cause {
                Cause::Stopped => "it was stopped",
                Cause::Ended => "it ended without a word: a crash, or a kill; from its last record",
                Cause::BeforeJournal => "the journal begins later",
            };
            html! {
                td { (moment(&format!("{at}/from"), row.from)) }
                td { (moment(&format!("{at}/to"), row.to)) }
                td.number { (seconds(&format!("{at}/seconds"), row.seconds)) }
                td { (word(&format!("{at}/cause"), row.cause.as_str(), because)) }
            }
        },
    )
}

fn reasons(place: &str, caption: &str, reasons: &Ranked<Reason>) -> Markup {
    table::ranked(
        place,
        caption,
        &["reason", "accesses"],
        reasons,
        |at, row| {
            html! {
                td { (text(&format!("{at}/reason"), &row.reason)) }
                td.number { (number(&format!("{at}/accesses"), row.accesses)) }
            }
        },
    )
}
