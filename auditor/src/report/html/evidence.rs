//! Whether the journal is what was signed, and what it answers.

use maud::{Markup, html};

use super::fact::{moment, number, text, word};
use super::summary::bool_name;
use crate::report::integrity::Integrity;
use crate::report::questions::{Answer, Standing};

pub(super) fn integrity(integrity: &Integrity) -> Markup {
    let at = |name: &str| format!("/integrity/{name}");
    let key = if integrity.own_key {
        "the journal's own, which proves nothing against who can write to the node's disk"
    } else {
        "kept elsewhere"
    };
    html! {
        section #integrity {
            h2 { "Integrity" }
            ol.statement { @for (index, line) in integrity.statement.iter().enumerate() {
                li { (text(&format!("/integrity/statement/{index}"), line)) }
            } }
            dl {
                dt { "Public key" }
                dd.key { (text(&at("public_key"), &integrity.public_key)) }
                dt { "Source of the key" }
                dd { (word(&at("own_key"), bool_name(integrity.own_key), key)) }
                dt { "Records" }
                dd {
                    "from " (number(&at("first"), integrity.first)) " up to and without "
                    (number(&at("next"), integrity.next)) "; checkpoints cover those below "
                    (number(&at("covered"), integrity.covered))
                }
                dt { "Checkpoints" }
                dd {
                    (number(&at("checkpoints"), integrity.checkpoints)) " in "
                    (number(&at("segments"), integrity.segments)) " segments"
                    @if let Some(last) = integrity.last_checkpoint {
                        ", the last at " (moment(&at("last_checkpoint"), last))
                    }
                    "; " (number(&at("confirmed"), integrity.confirmed))
                    " kept elsewhere agree"
                }
                dt { "Found" }
                dd {
                    (number(&at("findings"), integrity.findings)) " contradictions, "
                    (number(&at("scars"), integrity.scars)) " old damages that were signed as such, "
                    (number(&at("removed_undelivered"), integrity.removed_undelivered))
                    " records removed before they were delivered"
                }
            }
        }
    }
}

pub(super) fn questions(answers: &[Answer]) -> Markup {
    let numbered: Vec<_> = answers.iter().enumerate().collect();
    html! {
        section #questions {
            h2 { "Questions of auditors" }
            p {
                "What the records of this node answer. The questions are in our words; whether an "
                "answer is enough is for the auditor of the framework to say."
            }
            @for answers in numbered.chunk_by(|(_, a), (_, b)| a.framework == b.framework) {
                @for (_, first) in answers.iter().take(1) { h3 { (first.framework) } }
                @for (index, answer) in answers { (question(*index, answer)) }
            }
        }
    }
}

fn question(index: usize, answer: &Answer) -> Markup {
    let at = |name: &str| format!("/answers/{index}/{name}");
    let (standing, class) = match answer.standing {
        Standing::Answered => ("answered", "good"),
        Standing::InPart => ("in part", "fair"),
        Standing::NotHere => ("not by these records", "bad"),
    };
    html! {
        article.question {
            p.reference {
                (text(&at("framework"), answer.framework)) " "
                (text(&at("reference"), answer.reference))
                span.badge.(class) { (word(&at("standing"), answer.standing.as_str(), standing)) }
            }
            h4 { (text(&at("question"), answer.question)) }
            p { (text(&at("text"), &answer.text)) }
        }
    }
}
