//! What of a request is replaced before a record is written.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use super::file::{OverrideKeys, PathKeys, QueryKeys, RedactionKeys};
use crate::credential::{NameError, QueryKey};

/// Which segments of a path are replaced by a word for what they are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PathPatterns {
    pub email: bool,
    pub card: bool,
    pub token: bool,
    pub uuid: bool,
    pub number: bool,
}

/// How a record names the user of a request.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Users {
    #[default]
    Plain,
    /// By a hash that only who has the key can repeat.
    Hashed,
}

/// What is replaced in records of some, or of all, workloads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RedactionRule {
    pub path: PathPatterns,
    /// Keys of a query whose values are recorded.
    pub kept: Vec<QueryKey>,
    pub users: Users,
}

#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RedactionSettings {
    /// Where no selector matches.
    pub rule: RedactionRule,
    /// Selectors and what is done where one matches; the first one counts.
    pub workloads: Vec<(String, RedactionRule)>,
    /// Holds the key of hashed users.
    pub user_key: Option<PathBuf>,
}

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub enum RedactionSettingsError {
    #[error("redaction: {0}")]
    Kept(#[from] NameError),
    #[error("redaction: users: hashed needs user_key, a file that holds at least 32 bytes")]
    NoKey,
}

// === impl PathPatterns ===

/// What is a secret or names a person by itself. Numbers and UUIDs say which object was accessed.
impl Default for PathPatterns {
    fn default() -> Self {
        Self {
            email: true,
            card: true,
            token: true,
            uuid: false,
            number: false,
        }
    }
}

impl PathPatterns {
    fn changed(self, keys: &PathKeys) -> Self {
        Self {
            email: keys.email.unwrap_or(self.email),
            card: keys.card.unwrap_or(self.card),
            token: keys.token.unwrap_or(self.token),
            uuid: keys.uuid.unwrap_or(self.uuid),
            number: keys.number.unwrap_or(self.number),
        }
    }

    fn keys(self) -> PathKeys {
        PathKeys {
            email: Some(self.email),
            card: Some(self.card),
            token: Some(self.token),
            uuid: Some(self.uuid),
            number: Some(self.number),
        }
    }
}

// === impl RedactionRule ===

impl RedactionRule {
    /// What the keys leave out stays as it is.
    fn changed(
        &self,
        path: &PathKeys,
        query: &QueryKeys,
        users: Option<Users>,
    ) -> Result<Self, RedactionSettingsError> {
        let kept = match &query.keep {
            None => self.kept.clone(),
            Some(keys) => keys
                .iter()
                .map(|key| QueryKey::parse(key))
                .collect::<Result<_, _>>()?,
        };
        Ok(Self {
            path: self.path.changed(path),
            kept,
            users: users.unwrap_or(self.users),
        })
    }

    fn query(&self) -> QueryKeys {
        QueryKeys {
            keep: Some(self.kept.iter().map(QueryKey::to_string).collect()),
        }
    }
}

// === impl RedactionSettings ===

impl RedactionSettings {
    pub(super) fn checked(keys: &RedactionKeys) -> Result<Self, RedactionSettingsError> {
        let rule = RedactionRule::default().changed(&keys.path, &keys.query, keys.users)?;
        let workload = |keys: &OverrideKeys| {
            let rule = rule.changed(&keys.path, &keys.query, keys.users)?;
            Ok((keys.selector.clone(), rule))
        };
        let workloads: Result<Vec<_>, RedactionSettingsError> =
            keys.workloads.iter().map(workload).collect();
        let settings = Self {
            workloads: workloads?,
            rule,
            user_key: keys.user_key.clone(),
        };
        if settings.hashes_users() && settings.user_key.is_none() {
            return Err(RedactionSettingsError::NoKey);
        }
        Ok(settings)
    }

    fn hashes_users(&self) -> bool {
        let mut rules = self.workloads.iter().map(|(_, rule)| rule);
        self.rule.users == Users::Hashed || rules.any(|rule| rule.users == Users::Hashed)
    }

    /// The keys that ask for just these settings.
    pub(super) fn keys(&self) -> RedactionKeys {
        let workload = |(selector, rule): &(String, RedactionRule)| OverrideKeys {
            selector: selector.clone(),
            path: rule.path.keys(),
            query: rule.query(),
            users: Some(rule.users),
        };
        RedactionKeys {
            path: self.rule.path.keys(),
            query: self.rule.query(),
            users: Some(self.rule.users),
            user_key: self.user_key.clone(),
            workloads: self.workloads.iter().map(workload).collect(),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::{PathPatterns, RedactionSettings, RedactionSettingsError, Users};
    use crate::config::file::File;

    fn settings(text: &str) -> Result<RedactionSettings, RedactionSettingsError> {
        let file = File::parse(Path::new("auditor.yaml"), text).unwrap();
        RedactionSettings::checked(&file.redaction)
    }

    #[test]
    fn a_rule_changes_what_it_names() {
        let text = "\
redaction:
  path: { number: true }
  query: { keep: [page] }
  user_key: /etc/auditor/user.key
  workloads:
    - match: namespace=clinic
      users: hashed
      path: { email: false }
    - match: service=shop*
      query: { keep: [] }
";
        let settings = settings(text).unwrap();
        let path = PathPatterns {
            number: true,
            ..PathPatterns::default()
        };
        assert_eq!(settings.rule.path, path);
        let [(first, clinic), (second, shop)] = &*settings.workloads else {
            panic!("{settings:?}");
        };
        assert_eq!(
            (first.as_str(), second.as_str()),
            ("namespace=clinic", "service=shop*")
        );
        assert_eq!(clinic.users, Users::Hashed);
        assert!(clinic.path.number && !clinic.path.email);
        assert_eq!(clinic.kept, settings.rule.kept);
        assert!(shop.kept.is_empty() && shop.users == Users::Plain);
    }

    #[test]
    fn what_cannot_be_kept_is_refused() {
        let error = settings("redaction: { query: { keep: [page, access_token] } }").unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("redaction: \"access_token\" carries a credential"),
            "{error}"
        );
        let error = settings("redaction: { users: hashed }").unwrap_err();
        assert_eq!(error, RedactionSettingsError::NoKey);
        let rule = "redaction: { workloads: [{ match: port=1, users: hashed }] }";
        assert_eq!(settings(rule).unwrap_err(), RedactionSettingsError::NoKey);
    }
}
