//! What somebody must know who reads nothing else.

use maud::{Markup, html};

use super::fact::{bytes, moment, number, seconds, word};
use crate::report::Report;
use crate::report::facts::Facts;

pub(super) fn section(report: &Report) -> Markup {
    let (facts, integrity) = (&report.facts, &report.integrity);
    let totals = &facts.totals;
    let (verdict, class) = match (integrity.holds, integrity.is_independent()) {
        (false, _) => ("not as it was signed", "bad"),
        (true, false) => ("complete and unchanged, by its own key", "fair"),
        (true, true) => ("complete and unchanged", "good"),
    };
    html! {
        section.cards {
            a.card.(class) href="#integrity" {
                h2 { "Journal" }
                p.figure { (word("/integrity/holds", bool_name(integrity.holds), verdict)) }
                p { (number("/totals/records", totals.records)) " records in the period" }
            }
            (listening(facts))
            a.card href="#who" {
                h2 { "Accesses" }
                p.figure { (number("/totals/accesses", totals.accesses)) }
                p {
                    (number("/totals/inbound", totals.inbound)) " inbound, "
                    (number("/totals/outbound", totals.outbound)) " outbound; "
                    (number("/totals/exchanges", totals.exchanges)) " exchanges, "
                    (number("/totals/connections", totals.connections))
                    " connections of unknown content; "
                    (bytes("/totals/bytes_received", totals.bytes_received)) " received, "
                    (bytes("/totals/bytes_sent", totals.bytes_sent)) " sent"
                }
                @if let (Some(first), Some(last)) = (totals.first, totals.last) {
                    p { (moment("/totals/first", first)) " – " (moment("/totals/last", last)) }
                }
            }
            a.card href="#failures" {
                h2 { "Refused and failed" }
                p.figure {
                    span.refused { (number("/totals/refused", totals.refused)) } " / "
                    span.failed { (number("/totals/failed", totals.failed)) }
                }
                p {
                    (number("/totals/denied", totals.denied)) " denied by a policy, "
                    (number("/totals/would_deny", totals.would_deny)) " would have been"
                }
            }
        }
    }
}

/// Whether somebody was always listening, and whether all was heard.
fn listening(facts: &Facts) -> Markup {
    let (totals, silences) = (&facts.totals, &facts.silences);
    let gone = [
        totals.lost,
        totals.missing,
        totals.unreadable,
        silences.count,
    ];
    let class = if gone == [0; 4] { "good" } else { "fair" };
    html! {
        a.card.(class) href="#missing" {
            h2 { "Listening" }
            p.figure {
                @if silences.count == 0 {
                    "without a gap"
                    (figures(silences.count, silences.seconds))
                } @else {
                    (seconds("/silences/seconds", silences.seconds)) " of silence"
                }
            }
            p {
                @if silences.count > 0 {
                    (number("/silences/count", silences.count)) " intervals without an auditor; "
                }
                (number("/totals/lost", totals.lost)) " told as lost, "
                (number("/totals/missing", totals.missing)) " missing and "
                (number("/totals/unreadable", totals.unreadable)) " unreadable in the journal"
            }
        }
    }
}

/// Zero twice, so that the page has the facts of the JSON.
fn figures(count: u64, length: u64) -> Markup {
    html! {
        span.small {
            " (" (number("/silences/count", count)) " intervals, "
            (seconds("/silences/seconds", length)) ")"
        }
    }
}

pub(super) fn bool_name(value: bool) -> &'static str {
    if value { "true" } else { "false" }
}
