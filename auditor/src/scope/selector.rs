//! `key=value[,key=value…]`: conditions that must all hold.

use std::str::FromStr;

use super::facts::{Facts, Names};
use super::term::Term;
use crate::config::nearest;

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    text: String,
    terms: Vec<Term>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum SelectorError {
    #[error("selector {selector:?}: {part:?} is not KEY=VALUE; keys: {}", keys())]
    Shape { selector: String, part: String },
    #[error("selector {selector:?}: unknown key {key:?}{}; keys: {}", meant(.key), keys())]
    Key { selector: String, key: String },
    #[error("selector {selector:?}: {key} {value:?}: {wanted}")]
    Value {
        selector: String,
        key: String,
        value: String,
        wanted: &'static str,
    },
    #[error(
        "selector {selector:?}: {key} stands twice and both would have to match; for either of \
         two, repeat the option"
    )]
    Twice { selector: String, key: String },
}

// === impl Selector ===

impl Selector {
    pub fn matches(&self, facts: &Facts<'_>) -> bool {
        self.terms.iter().all(|term| term.matches(facts))
    }

    /// It holds for every access of a workload.
    pub(super) fn matches_all(&self, names: &Names<'_>) -> bool {
        let holds = |term: &Term| term.matches_all(names) == Some(true);
        self.terms.iter().all(holds)
    }

    /// It holds for no access of a workload.
    pub(super) fn matches_none(&self, names: &Names<'_>) -> bool {
        let fails = |term: &Term| term.matches_all(names) == Some(false);
        self.terms.iter().any(fails)
    }

    /// As it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }
}

impl FromStr for Selector {
    type Err = SelectorError;

    fn from_str(text: &str) -> Result<Self, SelectorError> {
        let selector = || text.to_owned();
        let mut seen = Vec::new();
        let mut terms = Vec::new();
        for part in text.split(',') {
            let (key, value) = split(part).ok_or_else(|| SelectorError::Shape {
                selector: selector(),
                part: part.to_owned(),
            })?;
            let term = Term::parse(key, value).ok_or_else(|| SelectorError::Key {
                selector: selector(),
                key: key.to_owned(),
            })?;
            terms.push(term.map_err(|wanted| SelectorError::Value {
                selector: selector(),
                key: key.to_owned(),
                value: value.to_owned(),
                wanted,
            })?);
            if seen.contains(&key) {
                return Err(SelectorError::Twice {
                    selector: selector(),
                    key: key.to_owned(),
                });
            }
            seen.push(key);
        }
        Ok(Self {
            text: selector(),
            terms,
        })
    }
}

/// Neither side is empty: an empty value would match nothing, or everything.
fn split(part: &str) -> Option<(&str, &str)> {
    let (key, value) = part.split_once('=')?;
    let (key, value) = (key.trim(), value.trim());
    (!key.is_empty() && !value.is_empty()).then_some((key, value))
}

fn keys() -> String {
    Term::keys().join(", ")
}

fn meant(key: &str) -> String {
    nearest(key, &Term::keys()).map_or_else(String::new, |word| format!(", did you mean {word:?}?"))
}
