//! What is replaced in whose records.

use super::user::{UserKey, UserKeyError};
use crate::{
    config::{PathPatterns, RedactionRule, RedactionSettings, Users},
    credential::QueryKey,
    identity::Resolved,
    scope::{Facts, Selector, SelectorError},
};

/// Rules by workload: the first that matches counts, else the general one.
#[derive(Clone, Debug, Default)]
pub struct Policies {
    workloads: Vec<(Selector, Policy)>,
    general: Policy,
}

/// What is replaced in one record.
#[derive(Clone, Debug, Default)]
pub(super) struct Policy {
    pub(super) path: PathPatterns,
    /// Keys of a query whose values are recorded.
    pub(super) kept: Vec<QueryKey>,
    /// With a key, users are told by their hashes.
    pub(super) users: Option<UserKey>,
}

#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    #[error("redaction.workloads: {0}")]
    Selector(#[from] SelectorError),
    #[error(transparent)]
    Key(#[from] UserKeyError),
}

// === impl Policies ===

impl Policies {
    /// Reads the key of hashed users.
    pub fn new(settings: &RedactionSettings) -> Result<Self, PolicyError> {
        let key = match &settings.user_key {
            Some(path) => Some(UserKey::read(path)?),
            None => None,
        };
        let workload = |(selector, rule): &(String, RedactionRule)| {
            Ok((selector.parse()?, Policy::new(rule, key.as_ref())))
        };
        let workloads: Result<_, PolicyError> = settings.workloads.iter().map(workload).collect();
        Ok(Self {
            workloads: workloads?,
            general: Policy::new(&settings.rule, key.as_ref()),
        })
    }

    pub(super) fn of(&self, resolved: &Resolved) -> &Policy {
        // Without rules, which is usual, the facts need not be gathered.
        if self.workloads.is_empty() {
            return &self.general;
        }
        let matching = Facts::of(resolved).and_then(|facts| {
            let mut rules = self.workloads.iter();
            rules.find(|(selector, _)| selector.matches(&facts))
        });
        matching.map_or(&self.general, |(_, policy)| policy)
    }
}

// === impl Policy ===

impl Policy {
    fn new(rule: &RedactionRule, key: Option<&UserKey>) -> Self {
        Self {
            path: rule.path,
            kept: rule.kept.clone(),
            users: key.filter(|_| rule.users == Users::Hashed).cloned(),
        }
    }

    /// The value of this key may be recorded.
    pub(super) fn keeps(&self, key: &[u8]) -> bool {
        self.kept.iter().any(|kept| kept.as_str().as_bytes() == key)
    }
}
