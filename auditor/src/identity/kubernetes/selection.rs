//! Which objects of the API, and how to ask for them.

use std::time::Duration;

use kube::api::{ListParams, WatchParams};
use kube::core::Request;

use super::failure::Failure;
use crate::backoff::jitter;

/// Objects in one answer: a few megabytes at most.
const PAGE: u32 = 200;

/// A watch ends after one to two times as long, each at a time of its own.
const WATCH: Duration = Duration::from_mins(5);

#[derive(Clone, Debug)]
pub(super) struct Selection {
    pub(super) path: &'static str,
    fields: Option<String>,
    labels: Option<&'static str>,
    metadata_only: bool,
}

impl Selection {
    pub(super) fn all(path: &'static str) -> Self {
        Self {
            path,
            fields: None,
            labels: None,
            metadata_only: false,
        }
    }

    pub(super) fn with_fields(mut self, fields: String) -> Self {
        self.fields = Some(fields);
        self
    }

    pub(super) fn with_label(mut self, label: &'static str) -> Self {
        self.labels = Some(label);
        self
    }

    /// Without `spec` and `status`.
    pub(super) fn metadata_only(mut self) -> Self {
        self.metadata_only = true;
        self
    }

    /// The page after the one that said `next`, or the first.
    pub(super) fn page(&self, next: Option<String>) -> Result<http::Request<Vec<u8>>, Failure> {
        let params = ListParams {
            field_selector: self.fields.clone(),
            label_selector: self.labels.map(str::to_owned),
            limit: Some(PAGE),
            continue_token: next,
            ..ListParams::default()
        };
        let request = Request::new(self.path);
        let request = if self.metadata_only {
            request.list_metadata(&params)
        } else {
            request.list(&params)
        };
        request.map_err(|_| Failure::Unaskable)
    }

    /// Changes since `version`; without one, all objects first.
    pub(super) fn watch(&self, version: Option<&str>) -> Result<http::Request<Vec<u8>>, Failure> {
        let params = WatchParams {
            field_selector: self.fields.clone(),
            label_selector: self.labels.map(str::to_owned),
            timeout: Some((WATCH + WATCH.mul_f64(jitter())).as_secs() as u32),
            send_initial_events: version.is_none(),
            ..WatchParams::default()
        };
        let request = Request::new(self.path);
        let version = version.unwrap_or_default();
        let request = if self.metadata_only {
            request.watch_metadata(&params, version)
        } else {
            request.watch(&params, version)
        };
        request.map_err(|_| Failure::Unaskable)
    }
}

#[cfg(test)]
mod tests {
    use super::Selection;

    #[test]
    fn a_watch_begins_with_the_list_or_goes_on() {
        let pods = Selection::all("/api/v1/pods").with_fields("spec.nodeName=n".to_owned());
        let first = pods.watch(None).unwrap().uri().to_string();
        for part in [
            "fieldSelector=spec.nodeName%3Dn",
            "sendInitialEvents=true",
            "resourceVersionMatch=NotOlderThan",
            "allowWatchBookmarks=true",
        ] {
            assert!(first.contains(part), "{first}");
        }
        let next = pods.watch(Some("17")).unwrap().uri().to_string();
        assert!(next.contains("resourceVersion=17"), "{next}");
        assert!(!next.contains("sendInitialEvents"), "{next}");
    }
}
