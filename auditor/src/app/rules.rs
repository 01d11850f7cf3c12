//! What may change while the daemon runs, made ready.

use std::sync::Arc;

use super::AppError;
use crate::{
    config::{AggregationSettings, IdentitySettings, Settings},
    redact::{HeaderAllowList, Policies},
    scope::Scope,
};

/// Everything that decides what of an access is recorded. Taken over as a whole, between two records.
#[derive(Debug)]
pub(super) struct Rules {
    pub(super) scope: Scope,
    pub(super) headers: HeaderAllowList,
    pub(super) policies: Policies,
    pub(super) identity: IdentitySettings,
    pub(super) aggregation: AggregationSettings,
    /// Digest of the settings that these are part of.
    pub(super) settings: Arc<str>,
}

// === impl Rules ===

impl Rules {
    pub(super) fn of(settings: &Settings) -> Result<Self, AppError> {
        Ok(Self {
            scope: Scope::parse(&settings.include, &settings.exclude)?,
            headers: HeaderAllowList::new(&settings.headers.request, &settings.headers.response),
            policies: Policies::new(&settings.redaction)?,
            identity: settings.identity.clone(),
            aggregation: settings.aggregate.clone(),
            settings: settings.digest().into(),
        })
    }
}
