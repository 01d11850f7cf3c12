//! Trust Services Criteria CC6 (logical access) and CC7 (operations).

use super::{Question, Standing, accesses, completeness, nothing, refusals};
use crate::report::facts::Passage;

pub(super) const QUESTIONS: &[Question] = &[
    (
        "CC6.1",
        "Is logical access to protected information recorded, with who had it?",
        accesses,
    ),
    (
        "CC6.2, CC6.3",
        "Were users and their rights authorised, changed and removed as decided?",
        |_| {
            nothing("Accesses are recorded, not the granting of rights: ask the identity provider.")
        },
    ),
    (
        "CC6.6",
        "What came from, and went to, outside the boundary?",
        |evidence| {
            let external = |rows: &[Passage]| {
                let rows = rows.iter().filter(|row| row.is_external());
                rows.fold(0_u64, |sum, row| sum.saturating_add(row.counts.accesses))
            };
            let inbound = external(&evidence.facts.callers.rows);
            let outbound = external(&evidence.facts.destinations.rows);
            let answer = format!(
                "Among the ends listed, external ones called {inbound} times and were called \
                 {outbound} times. Where an end is not named, its address is."
            );
            (Standing::InPart, answer)
        },
    ),
    (
        "CC6.7",
        "Was information encrypted where it was transmitted?",
        |evidence| {
            let totals = &evidence.facts.totals;
            let answer = format!(
                "{} exchanges were read, so they were in clear text on the node; the content of {} \
                 connections is not known, which is so for encrypted ones and others.",
                totals.exchanges, totals.connections
            );
            (Standing::InPart, answer)
        },
    ),
    (
        "CC7.2",
        "Are failed and refused accesses, as signs of attacks, watched?",
        refusals,
    ),
    (
        "CC7.2, CC7.3",
        "Is the monitoring itself complete, and are its failures known?",
        completeness,
    ),
    (
        "CC7.3, CC7.4",
        "Were events evaluated and incidents responded to?",
        |_| nothing("These records are what can be evaluated, not the evaluation."),
    ),
];
