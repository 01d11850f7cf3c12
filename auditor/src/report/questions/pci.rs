//! PCI DSS 4.0, requirement 10.2 (what is logged) and 10.3 (how logs are protected).

use super::{Question, Standing, accesses, completeness, nothing, refusals, unchanged};

pub(super) const QUESTIONS: &[Question] = &[
    (
        "10.2.1",
        "Are audit logs enabled and active for all system components?",
        |evidence| {
            let (_, answer) = completeness(evidence);
            let excluded = evidence.facts.coverage.exclusions.len();
            let answer = format!(
                "{answer} This is one node; {excluded} workloads on it are excluded in whole or \
                 in part."
            );
            (Standing::InPart, answer)
        },
    ),
    (
        "10.2.1.1",
        "Is every individual user's access to cardholder data recorded?",
        accesses,
    ),
    (
        "10.2.1.2",
        "Are actions by administrators recorded?",
        |_| {
            (
                Standing::InPart,
                "Their requests over the network are accesses like all others. What they do in a \
                 shell on the node is not recorded here."
                    .to_owned(),
            )
        },
    ),
    (
        "10.2.1.4",
        "Are invalid attempts at access recorded?",
        refusals,
    ),
    (
        "10.2.1.5",
        "Are changes to accounts and credentials recorded?",
        |_| nothing("Only the requests that make them, not their content."),
    ),
    (
        "10.2.1.6",
        "Is every start, stop and pause of the audit log recorded?",
        completeness,
    ),
    (
        "10.2.2",
        "Does each entry have user, kind of event, time, outcome, origin, and what was affected?",
        |evidence| {
            let totals = &evidence.facts.totals;
            let nameless = totals.without_principal;
            let answer = format!(
                "Kind, time, both ends and what was asked for stand in every record. {nameless} \
                 requests name no user, {} accesses are incomplete in some fact and say in which.",
                totals.incomplete
            );
            let whole = nameless == 0 && totals.incomplete == 0;
            let standing = if whole {
                Standing::Answered
            } else {
                Standing::InPart
            };
            (standing, answer)
        },
    ),
    (
        "10.3.2, 10.3.4",
        "Are audit logs protected from changes, and would a change be found?",
        unchanged,
    ),
];
