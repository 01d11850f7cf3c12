//! The questions of auditors, answered from the facts, or not.
//!
//! The words are ours; the references say where the frameworks ask. Whether an answer satisfies a
//! framework is for its auditor to say.

mod gdpr;
mod hipaa;
mod pci;
mod soc2;

use serde::Serialize;

use super::facts::Facts;
use super::integrity::Integrity;

#[derive(Clone, Debug, Serialize)]
pub struct Answer {
    pub framework: &'static str,
    pub reference: &'static str,
    pub question: &'static str,
    pub standing: Standing,
    pub text: String,
}

/// How far the records answer a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    Answered,
    /// The records say something, and something else is needed too.
    InPart,
    /// These records can't say it.
    NotHere,
}

/// What answers are made from.
#[derive(Clone, Copy, Debug)]
struct Evidence<'a> {
    facts: &'a Facts,
    integrity: &'a Integrity,
}

type Question = (
    &'static str,
    &'static str,
    fn(&Evidence<'_>) -> (Standing, String),
);

/// Every question of every framework, in their order.
pub(super) fn answers(facts: &Facts, integrity: &Integrity) -> Vec<Answer> {
    let evidence = Evidence { facts, integrity };
    let frameworks: [(&'static str, &[Question]); 4] = [
        ("SOC 2", soc2::QUESTIONS),
        ("HIPAA", hipaa::QUESTIONS),
        ("PCI DSS 4.0", pci::QUESTIONS),
        ("GDPR", gdpr::QUESTIONS),
    ];
    let all = frameworks.into_iter();
    let all = all.flat_map(|(framework, questions)| questions.iter().map(move |q| (framework, q)));
    all.map(|(framework, (reference, question, answer))| {
        let (standing, text) = answer(&evidence);
        Answer {
            framework,
            reference,
            question,
            standing,
            text,
        }
    })
    .collect()
}

// === impl Standing ===

impl Standing {
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::Answered => "answered",
            Self::InPart => "in_part",
            Self::NotHere => "not_here",
        }
    }
}

// === impl Evidence ===

impl Evidence<'_> {
    fn is_complete(&self) -> bool {
        let (totals, silences) = (&self.facts.totals, &self.facts.silences);
        let gone = [
            totals.lost,
            totals.missing,
            totals.unreadable,
            silences.count,
        ];
        gone == [0; 4] && self.facts.coverage.exclusions.is_empty()
    }

    fn as_far_as_complete(&self) -> Standing {
        if self.is_complete() {
            Standing::Answered
        } else {
            Standing::InPart
        }
    }
}

/// Who accessed what.
fn accesses(evidence: &Evidence<'_>) -> (Standing, String) {
    let totals = &evidence.facts.totals;
    let nameless = totals.without_principal;
    let standing = if totals.accesses == 0 {
        Standing::NotHere
    } else if nameless == 0 && evidence.is_complete() {
        Standing::Answered
    } else {
        Standing::InPart
    };
    let answer = format!(
        "{} accesses are recorded, {} of them inbound requests with a principal (not verified \
         here) and {nameless} without one; each has time, both ends, outcome and duration.",
        totals.accesses, totals.with_principal
    );
    (standing, answer)
}

fn refusals(evidence: &Evidence<'_>) -> (Standing, String) {
    let totals = &evidence.facts.totals;
    let answer = format!(
        "{} accesses were refused: with status 401, 403 or 407 by the application, or by a \
         policy ({} denied). {} failed otherwise.",
        totals.refused, totals.denied, totals.failed
    );
    (evidence.as_far_as_complete(), answer)
}

/// Whether somebody was always listening and lost nothing.
fn completeness(evidence: &Evidence<'_>) -> (Standing, String) {
    let (totals, silences) = (&evidence.facts.totals, &evidence.facts.silences);
    let answer = format!(
        "The auditor started {} times and stopped {} times; nobody listened for {} seconds in \
         {} intervals. {} accesses or events are told as lost, {} records are missing from the \
         journal.",
        silences.starts,
        silences.stops,
        silences.seconds,
        silences.count,
        totals.lost,
        totals.missing
    );
    (evidence.as_far_as_complete(), answer)
}

fn unchanged(evidence: &Evidence<'_>) -> (Standing, String) {
    let verdict = evidence.integrity.statement.first();
    let verdict = verdict.map_or("nothing was verified", String::as_str);
    let standing = match (
        evidence.integrity.holds,
        evidence.integrity.is_independent(),
    ) {
        (false, _) => Standing::NotHere,
        (true, true) => Standing::Answered,
        (true, false) => Standing::InPart,
    };
    let means = if evidence.integrity.is_independent() {
        "It was held against a key and checkpoints kept elsewhere."
    } else {
        "Held against the journal's own key or without checkpoints kept elsewhere, this \
         proves nothing against who can write to the node's disk."
    };
    (standing, format!("{verdict}. {means}"))
}

fn nothing(why: &str) -> (Standing, String) {
    (Standing::NotHere, why.to_owned())
}
