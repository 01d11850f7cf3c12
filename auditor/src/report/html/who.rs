//! Who accessed what, and what came of it.

use maud::{Markup, html};

use super::fact::{name, number, text};
use super::table::{self, COUNTS, counts, share};
use crate::report::facts::{Facts, Passage};
use crate::report::ranking::Ranked;

pub(super) fn section(facts: &Facts) -> Markup {
    let totals = &facts.totals;
    html! {
        section #who {
            h2 { "Who accessed what" }
            p {
                (number("/totals/with_principal", totals.with_principal))
                " inbound requests present a principal, "
                (number("/totals/without_principal", totals.without_principal))
                " present none. What is presented was not verified here: the application did."
            }
            (principals(facts))
            (passages("/callers", "Callers of audited workloads", ["caller", "workload"], &facts.callers))
            (passages(
                "/destinations",
                "Destinations of audited workloads",
                ["workload", "destination"],
                &facts.destinations,
            ))
        }
    }
}

pub(super) fn failures(facts: &Facts) -> Markup {
    let failures = &facts.failures;
    let largest = failures.rows.first().map_or(0, |row| row.counts.accesses);
    html! {
        section #failures {
            h2 { "Errors and denials" }
            (statuses(&facts.totals.statuses))
            (table::ranked(
                "/failures",
                "What was refused or failed",
                &[&["outcome", "workload", "other end"], COUNTS.as_slice()].concat(),
                failures,
                |at, row| html! {
                    td { (text(&format!("{at}/outcome"), &row.outcome)) }
                    td { (name(&format!("{at}/workload"), row.workload.as_deref())) }
                    td { (name(&format!("{at}/other_end"), row.other_end.as_deref())) }
                    (counts(at, &row.counts, largest))
                },
            ))
        }
    }
}

fn principals(facts: &Facts) -> Markup {
    let uses = &facts.principals;
    let largest = uses.rows.first().map_or(0, |row| row.counts.accesses);
    table::ranked(
        "/principals",
        "Principals and workloads",
        &[
            &["principal", "issuer", "presented in", "workload"],
            COUNTS.as_slice(),
        ]
        .concat(),
        uses,
        |at, row| {
            html! {
                td { (name(&format!("{at}/principal"), row.principal.as_deref())) }
                td { (name(&format!("{at}/issuer"), row.issuer.as_deref())) }
                td { (name(&format!("{at}/source"), row.source.as_deref())) }
                td { (name(&format!("{at}/workload"), row.workload.as_deref())) }
                (counts(at, &row.counts, largest))
            }
        },
    )
}

fn passages(place: &str, caption: &str, ends: [&str; 2], passages: &Ranked<Passage>) -> Markup {
    let largest = passages.rows.first().map_or(0, |row| row.counts.accesses);
    table::ranked(
        place,
        caption,
        &[&ends, &["other end is"][..], COUNTS.as_slice()].concat(),
        passages,
        |at, row| {
            html! {
                td { (name(&format!("{at}/from"), row.from.as_deref())) }
                td { (name(&format!("{at}/to"), row.to.as_deref())) }
                td { (name(&format!("{at}/peer_kind"), row.peer_kind.as_deref())) }
                (counts(at, &row.counts, largest))
            }
        },
    )
}

/// The classes of statuses beside each other, as wide as they are frequent.
fn statuses(statuses: &[u64; 5]) -> Markup {
    let whole = statuses
        .iter()
        .fold(0_u64, |sum, count| sum.saturating_add(*count));
    html! {
        ul.statuses {
            @for (index, count) in statuses.iter().enumerate() {
                li.(format!("status-{}", index + 1)) style={ "--share:" (share(*count, whole)) } {
                    b { (index + 1) "xx" } " " (number(&format!("/totals/statuses/{index}"), *count))
                }
            }
        }
    }
}
