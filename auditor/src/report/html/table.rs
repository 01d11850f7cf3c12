//! Tables of the page.

use maud::{Markup, html};

use super::fact::{bytes, number};
use crate::report::ranking::{Counts, Others, Ranked};

/// The columns of [`counts`].
pub(super) const COUNTS: [&str; 4] = ["accesses", "failed", "refused", "bytes"];

/// A table of what is largest, and a line about the rest. `cells` gets the place of a row.
pub(super) fn ranked<R>(
    place: &str,
    caption: &str,
    heads: &[&str],
    ranked: &Ranked<R>,
    cells: impl Fn(&str, &R) -> Markup,
) -> Markup {
    html! {
        @if ranked.rows.is_empty() {
            p.none { (caption) ": none." }
        } @else {
            (plain(&format!("{place}/rows"), caption, heads, &ranked.rows, cells))
        }
        @if let Some(others) = &ranked.others {
            (self::others(&format!("{place}/others"), others))
        }
    }
}

pub(super) fn plain<R>(
    place: &str,
    caption: &str,
    heads: &[&str],
    rows: &[R],
    cells: impl Fn(&str, &R) -> Markup,
) -> Markup {
    html! {
        div.scroll {
            table {
                caption { (caption) }
                thead { tr { @for head in heads { th scope="col" { (head) } } } }
                tbody {
                    @for (index, row) in rows.iter().enumerate() {
                        tr { (cells(&format!("{place}/{index}"), row)) }
                    }
                }
            }
        }
    }
}

/// Four cells; the first shows its share of the largest.
pub(super) fn counts(place: &str, counts: &Counts, largest: u64) -> Markup {
    html! {
        td.number.share style={ "--share:" (share(counts.accesses, largest)) "%" } {
            (number(&format!("{place}/accesses"), counts.accesses))
        }
        td.number.failed[counts.failed > 0] {
            (number(&format!("{place}/failed"), counts.failed))
        }
        td.number.refused[counts.refused > 0] {
            (number(&format!("{place}/refused"), counts.refused))
        }
        td.number { (bytes(&format!("{place}/bytes"), counts.bytes)) }
    }
}

pub(super) fn share(part: u64, whole: u64) -> u64 {
    (u128::from(part) * 100 / u128::from(whole.max(1))) as u64
}

fn others(place: &str, others: &Others) -> Markup {
    let at = |name: &str| format!("{place}/{name}");
    html! {
        p.others {
            "Not listed: " (number(&at("names"), others.names)) " more, with "
            (number(&at("accesses"), others.counts.accesses)) " accesses ("
            (number(&at("failed"), others.counts.failed)) " failed, "
            (number(&at("refused"), others.counts.refused)) " refused, "
            (bytes(&at("bytes"), others.counts.bytes)) "). A row above lacks at most "
            (number(&at("short_by_at_most"), others.short_by_at_most)) " accesses."
        }
    }
}
