//! The URL that records go to.

use http::Uri;
use http::uri::{PathAndQuery, Scheme};

use super::SettingsError;
use super::variables::Variables;
use crate::export::otlp::signal::Signal;

/// An endpoint as it was given, and by what.
pub(super) struct Target {
    name: String,
    text: String,
    /// `OTEL_EXPORTER_OTLP_LOGS_ENDPOINT` names the very URL; others name where OTLP begins.
    exact: bool,
}

impl Target {
    pub(super) fn find(
        endpoint: Option<&str>,
        variables: &Variables<impl Fn(&str) -> Option<String>>,
    ) -> Option<Self> {
        if let Some(text) = endpoint {
            let name = "--otlp-endpoint".to_owned();
            return Some(Self {
                name,
                text: text.trim().to_owned(),
                exact: false,
            });
        }
        let (name, text) = variables.get("ENDPOINT")?;
        let exact = name.contains("_LOGS_");
        Some(Self { name, text, exact })
    }

    pub(super) fn parse(&self) -> Result<Uri, SettingsError> {
        let uri: Uri = self
            .text
            .parse()
            .map_err(|_| SettingsError::Endpoint(self.name.clone()))?;
        let authority = uri
            .authority()
            .ok_or_else(|| SettingsError::Endpoint(self.name.clone()))?;
        if authority.as_str().contains('@') {
            return Err(SettingsError::Credentials(self.name.clone()));
        }
        match uri.scheme() {
            None => Ok(uri),
            Some(scheme) if *scheme == Scheme::HTTP || *scheme == Scheme::HTTPS => Ok(uri),
            Some(_) => Err(SettingsError::Scheme(self.name.clone())),
        }
    }

    pub(super) fn with_scheme(&self, uri: Uri, insecure: bool) -> Result<Uri, SettingsError> {
        if uri.scheme().is_some() {
            return Ok(uri);
        }
        let mut parts = uri.into_parts();
        parts.scheme = Some(if insecure {
            Scheme::HTTP
        } else {
            Scheme::HTTPS
        });
        parts.path_and_query = Some(PathAndQuery::from_static("/"));
        Uri::from_parts(parts).map_err(|_| SettingsError::Endpoint(self.name.clone()))
    }

    pub(super) fn with_path(&self, uri: Uri) -> Result<Uri, SettingsError> {
        if uri.scheme().is_none() {
            return Err(SettingsError::Scheme(self.name.clone()));
        }
        let logs = Signal::Logs.path();
        if self.exact || uri.path().ends_with(logs) && self.name.starts_with("--") {
            return Ok(uri);
        }
        let path = format!("{}{logs}", uri.path().trim_end_matches('/'));
        with_path(uri, &path).ok_or_else(|| SettingsError::Endpoint(self.name.clone()))
    }
}

/// With another path in place of this one at its end.
pub(super) fn moved(uri: &Uri, from: &str, to: &str) -> Option<Uri> {
    let path = format!("{}{to}", uri.path().strip_suffix(from)?);
    with_path(uri.clone(), &path)
}

fn with_path(uri: Uri, path: &str) -> Option<Uri> {
    let path = match uri.query() {
        Some(query) => format!("{path}?{query}"),
        None => path.to_owned(),
    };
    let mut parts = uri.into_parts();
    parts.path_and_query = path.parse().ok();
    Uri::from_parts(parts).ok()
}
