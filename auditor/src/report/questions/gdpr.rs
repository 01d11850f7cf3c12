//! GDPR, articles 30 (records of processing) and 32 (security of processing).

use super::{Question, Standing, accesses, completeness, nothing, unchanged};

pub(super) const QUESTIONS: &[Question] = &[
    (
        "Art. 30(1)(d), (e)",
        "To whom, and to which places outside, was data disclosed?",
        |evidence| {
            let destinations = &evidence.facts.destinations;
            let others = destinations.others.map_or(0, |others| others.names);
            let names = destinations.rows.len() as u64 + others;
            let answer = format!(
                "Workloads of this node called {names} destinations, {} accesses in all. Whether \
                 personal data went there, and to which country, the records do not say.",
                evidence.facts.totals.outbound
            );
            (Standing::InPart, answer)
        },
    ),
    (
        "Art. 30(1)(a)-(c), (f)",
        "Who processes what for which purpose, about whom, and how long is it kept?",
        |_| nothing("This is decided by people and stands in the register they keep."),
    ),
    (
        "Art. 32(1)(b)",
        "Is access to systems confined to who may have it, and is misuse visible?",
        accesses,
    ),
    (
        "Art. 32(1)(b)",
        "Is the integrity of the record of processing ensured?",
        unchanged,
    ),
    (
        "Art. 32(1)(d)",
        "Is the effectiveness of the measures tested, and are their gaps known?",
        completeness,
    ),
];
