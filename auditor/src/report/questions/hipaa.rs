//! Security Rule, 45 CFR 164.312(b) and what it needs from its neighbours.

use super::{Question, accesses, completeness, nothing, unchanged};

pub(super) const QUESTIONS: &[Question] = &[
    (
        "164.312(b)",
        "Is activity in systems that hold health information recorded, so that it can be examined?",
        accesses,
    ),
    (
        "164.312(b)",
        "Was the recording on all the time, and is what is missing known?",
        completeness,
    ),
    (
        "164.312(c)(1)",
        "Are the records themselves protected from improper alteration?",
        unchanged,
    ),
    (
        "164.312(d)",
        "Was it verified that who sought access is who they claim to be?",
        |_| {
            nothing(
                "Principals are recorded as the request presents them and marked as not verified: \
                 the verification happens in the application or its identity provider.",
            )
        },
    ),
    (
        "164.308(a)(1)(ii)(D)",
        "Are records of activity reviewed regularly?",
        |_| nothing("This report can be the object of a review, not its proof."),
    ),
];
