//! Which accesses are audited.
//!
//! Decided per record, when all that is known about an access is known. What a selector asks for
//! and is not known does not match: an `include` leaves the access out, an `exclude` keeps it.

#![forbid(unsafe_code)]

mod facts;
mod selector;
mod term;

#[cfg(test)]
mod tests;

use crate::identity::Workload;
pub use facts::{Direction, Facts, Names};
pub use selector::{Selector, SelectorError};

/// Without selectors everything is audited. An exclusion wins over an inclusion.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    include: Vec<Selector>,
    exclude: Vec<Selector>,
}

// === impl Scope ===

impl Scope {
    pub fn parse(include: &[String], exclude: &[String]) -> Result<Self, SelectorError> {
        let selectors = |texts: &[String]| texts.iter().map(|text| text.parse()).collect();
        let include: Result<Vec<Selector>, SelectorError> = selectors(include);
        Ok(Self {
            include: include?,
            exclude: selectors(exclude)?,
        })
    }

    /// There is no selector.
    pub fn is_everything(&self) -> bool {
        self.include.is_empty() && self.exclude.is_empty()
    }

    pub fn admits(&self, facts: &Facts<'_>) -> bool {
        let included =
            self.include.is_empty() || self.include.iter().any(|selector| selector.matches(facts));
        included && !self.exclude.iter().any(|selector| selector.matches(facts))
    }

    /// No access of a workload is admitted, whatever it is. Only what its names say counts.
    pub fn leaves_out(&self, workload: &Workload) -> bool {
        let names = Names::of(workload);
        let (include, exclude) = (&self.include, &self.exclude);
        let is_never_included =
            !include.is_empty() && include.iter().all(|s| s.matches_none(&names));
        is_never_included || exclude.iter().any(|s| s.matches_all(&names))
    }

    /// As they were written, for the record that says what this node leaves out.
    pub fn include(&self) -> impl Iterator<Item = &str> {
        self.include.iter().map(Selector::as_str)
    }

    /// As they were written, for the record that says what this node leaves out.
    pub fn exclude(&self) -> impl Iterator<Item = &str> {
        self.exclude.iter().map(Selector::as_str)
    }
}
