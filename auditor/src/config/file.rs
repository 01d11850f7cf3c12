//! The configuration file.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Deserializer, Serialize};
use serde_json::{Map, Value};
use serde_saphyr::Error as YamlError;

use super::aggregation::TrafficClass;
use super::args::{FsyncName, OutputName, WhenFullName};
use super::kubernetes::PeerScope;
use super::nearest::nearest;
use super::period::Period;
use super::redaction::Users;

/// Everything the file can say; what it leaves out is decided elsewhere.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct File {
    pub(super) output: Option<OutputName>,
    #[serde(deserialize_with = "or_default")]
    pub(super) otlp: Otlp,
    #[serde(deserialize_with = "or_default")]
    pub(super) journal: JournalKeys,
    #[serde(deserialize_with = "or_default")]
    pub(super) tls: TlsKeys,
    pub(super) cri_endpoint: Option<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) kubernetes: KubernetesKeys,
    pub(super) metrics_address: Option<SocketAddr>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) duration: Option<Period>,
    pub(super) ring_bytes: Option<u32>,
    #[serde(deserialize_with = "or_default")]
    pub(super) include: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) exclude: Vec<String>,
    #[serde(deserialize_with = "or_default")]
    pub(super) headers: HeaderChanges,
    #[serde(deserialize_with = "or_default")]
    pub(super) connection_records: ConnectionRecordKeys,
    #[serde(deserialize_with = "or_default")]
    pub(super) identity: IdentityKeys,
    #[serde(deserialize_with = "or_default")]
    pub(super) aggregate: AggregateKeys,
    #[serde(deserialize_with = "or_default")]
    pub(super) redaction: RedactionKeys,
    pub(super) node_name: Option<String>,
    pub(super) cluster_name: Option<String>,
    pub(super) proc_root: Option<PathBuf>,
    pub(super) drain_timeout: Option<Period>,
    pub(super) periodic_interval: Option<Period>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct Otlp {
    pub(super) endpoint: Option<String>,
    /// More collectors, by name.
    #[serde(deserialize_with = "or_default")]
    pub(super) more: BTreeMap<String, String>,
    /// Where the daemon's own metrics and log go.
    pub(super) telemetry: Option<String>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct JournalKeys {
    pub(super) enabled: Option<bool>,
    pub(super) directory: Option<PathBuf>,
    pub(super) fsync: Option<FsyncName>,
    pub(super) fsync_interval: Option<Period>,
    pub(super) fsync_bytes: Option<u64>,
    pub(super) max_bytes: Option<u64>,
    pub(super) max_age: Option<Period>,
    pub(super) when_full: Option<WhenFullName>,
    pub(super) segment_bytes: Option<u64>,
    pub(super) checkpoint_interval: Option<Period>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct TlsKeys {
    pub(super) plaintext: Option<bool>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct KubernetesKeys {
    pub(super) kubeconfig: Option<PathBuf>,
    pub(super) peers: Option<PeerScope>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HeaderChanges {
    #[serde(deserialize_with = "or_default")]
    pub(super) request: HeaderChange,
    #[serde(deserialize_with = "or_default")]
    pub(super) response: HeaderChange,
}

/// Adds to the names recorded by default, or takes their place.
#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct HeaderChange {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) extend: Option<Vec<String>>,
    pub(super) replace: Option<Vec<String>>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ConnectionRecordKeys {
    pub(super) open: Option<bool>,
    pub(super) close: Option<bool>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct IdentityKeys {
    #[serde(deserialize_with = "or_default")]
    pub(super) principal: PrincipalKeys,
    #[serde(deserialize_with = "or_default")]
    pub(super) trusted_proxies: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PrincipalKeys {
    #[serde(deserialize_with = "or_default")]
    pub(super) headers: HeaderChange,
    #[serde(deserialize_with = "or_default")]
    pub(super) claims: Vec<String>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct AggregateKeys {
    #[serde(deserialize_with = "or_default")]
    pub(super) classes: Vec<TrafficClass>,
    pub(super) interval: Option<Period>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct RedactionKeys {
    #[serde(deserialize_with = "or_default")]
    pub(super) path: PathKeys,
    #[serde(deserialize_with = "or_default")]
    pub(super) query: QueryKeys,
    pub(super) users: Option<Users>,
    pub(super) user_key: Option<PathBuf>,
    #[serde(deserialize_with = "or_default")]
    pub(super) workloads: Vec<OverrideKeys>,
}

/// What is otherwise for the workloads that a selector matches.
#[derive(Debug, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(super) struct OverrideKeys {
    #[serde(rename = "match")]
    pub(super) selector: String,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) path: PathKeys,
    #[serde(default, deserialize_with = "or_default")]
    pub(super) query: QueryKeys,
    #[serde(default)]
    pub(super) users: Option<Users>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct PathKeys {
    pub(super) email: Option<bool>,
    pub(super) card: Option<bool>,
    pub(super) token: Option<bool>,
    pub(super) uuid: Option<bool>,
    pub(super) number: Option<bool>,
}

#[derive(Debug, Default, PartialEq, Eq, Deserialize, Serialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct QueryKeys {
    pub(super) keep: Option<Vec<String>>,
}

#[derive(Debug, thiserror::Error)]
pub enum FileError {
    #[error("read configuration {path}: {source}")]
    Read { path: PathBuf, source: io::Error },
    #[error("{place}: unknown {kind} {word:?}{}; known here: {known}", meant(*.nearest))]
    Unknown {
        place: String,
        /// `key` or `value`.
        kind: &'static str,
        word: String,
        nearest: Option<&'static str>,
        known: String,
    },
    #[error("{place}: {reason}")]
    Invalid { place: String, reason: String },
}

// === impl File ===

impl File {
    pub(super) fn read(path: &Path) -> Result<Self, FileError> {
        let text = fs::read_to_string(path).map_err(|source| FileError::Read {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(path, &text)
    }

    /// `path` is only named in errors.
    pub(super) fn parse(path: &Path, text: &str) -> Result<Self, FileError> {
        serde_saphyr::from_str::<Option<Self>>(text)
            .map(Option::unwrap_or_default)
            .map_err(|error| FileError::new(path, &error))
    }

    pub(super) fn to_yaml(&self) -> String {
        serde_saphyr::to_string(self).expect("strings, numbers and lists of them can be written")
    }

    /// The keys of the first level that say something else in the other file.
    pub(super) fn differences(&self, other: &Self) -> Vec<String> {
        let (ours, theirs) = (self.keys(), other.keys());
        let names = ours.keys().chain(theirs.keys()).collect::<BTreeSet<_>>();
        let differs = |name: &&String| ours.get(*name) != theirs.get(*name);
        names.into_iter().filter(differs).cloned().collect()
    }

    fn keys(&self) -> Map<String, Value> {
        match serde_json::to_value(self) {
            Ok(Value::Object(keys)) => keys,
            _ => unreachable!("a file is a map of strings, numbers and lists of them"),
        }
    }
}

// === impl FileError ===

impl FileError {
    fn new(path: &Path, error: &YamlError) -> Self {
        let place = match error.location() {
            Some(location) if location.line() > 0 => {
                format!("{}:{}", path.display(), location.line())
            }
            _ => path.display().to_string(),
        };
        match error.without_snippet() {
            YamlError::SerdeUnknownField {
                field, expected, ..
            } => Self::unknown(place, "key", field, expected),
            YamlError::SerdeUnknownVariant {
                variant, expected, ..
            } => Self::unknown(place, "value", variant, expected),
            other => Self::Invalid {
                place,
                reason: reason(other),
            },
        }
    }

    fn unknown(place: String, kind: &'static str, word: &str, expected: &[&'static str]) -> Self {
        Self::Unknown {
            place,
            kind,
            word: word.to_owned(),
            nearest: nearest(word, expected),
            known: expected.join(", "),
        }
    }
}

/// A key whose value is left out, or commented out, is like a key that is not there.
fn or_default<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Option::deserialize(deserializer).map(Option::unwrap_or_default)
}

fn meant(nearest: Option<&str>) -> String {
    nearest.map_or_else(String::new, |word| format!(", did you mean {word:?}?"))
}

/// The parser's words without the place, which stands before them already.
fn reason(error: &YamlError) -> String {
    let text = error.to_string();
    let text = text.lines().next().unwrap_or_default();
    text.split(" at line ").next().unwrap_or(text).to_owned()
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::File;

    fn error(text: &str) -> String {
        File::parse(Path::new("auditor.yaml"), text)
            .unwrap_err()
            .to_string()
    }

    #[test]
    fn a_file_that_sets_nothing_changes_nothing() {
        for text in [
            "",
            "# nothing\n",
            "---\n",
            "{}\n",
            "include:\n",
            "otlp:\n",
            "headers:\n  request:\n",
        ] {
            let file = File::parse(Path::new("auditor.yaml"), text).unwrap();
            assert_eq!(file, File::default(), "{text:?}");
        }
    }

    #[test]
    fn an_unknown_key_is_named_with_its_line_and_the_key_that_was_meant() {
        assert_eq!(
            error("output: json\notpl:\n  endpoint: http://c:4317\n"),
            "auditor.yaml:2: unknown key \"otpl\", did you mean \"otlp\"?; known here: output, \
             otlp, journal, tls, cri_endpoint, kubernetes, metrics_address, duration, ring_bytes, \
             include, exclude, headers, connection_records, identity, aggregate, redaction, node_name, cluster_name, proc_root, \
             drain_timeout, \
             periodic_interval"
        );
        assert_eq!(
            error("headers:\n  request:\n    extends: [x-tenant]\n"),
            "auditor.yaml:3: unknown key \"extends\", did you mean \"extend\"?; known here: \
             extend, replace"
        );
    }

    #[test]
    fn an_unknown_value_is_named_likewise() {
        assert_eq!(
            error("output: josn\n"),
            "auditor.yaml:1: unknown value \"josn\", did you mean \"json\"?; known here: pretty, \
             json, otlp-json, none"
        );
        assert_eq!(
            error("aggregate: { classes: [scrapes] }\n"),
            "auditor.yaml:1: unknown value \"scrapes\", did you mean \"scrape\"?; known here: \
             health_probe, scrape"
        );
    }

    #[test]
    fn other_errors_name_the_line_once() {
        let wrong_type = error("output: json\nring_bytes: big\n");
        assert!(wrong_type.starts_with("auditor.yaml:2: "), "{wrong_type}");
        assert!(!wrong_type.contains('\n'), "{wrong_type}");
        let twice = error("output: json\noutput: none\n");
        assert!(twice.starts_with("auditor.yaml:2: "), "{twice}");
        let time = error("drain_timeout: soon\n");
        assert_eq!(
            time,
            "auditor.yaml:1: \"soon\" is not a time; write for example 500ms, 30s, 5m or 1h30m"
        );
    }

    #[test]
    fn a_missing_file_is_named() {
        let error = File::read(Path::new("/nowhere/auditor.yaml")).unwrap_err();
        assert!(error.to_string().contains("/nowhere/auditor.yaml"));
    }
}
