//! The variables, each with its form for logs and its general form.

use std::path::PathBuf;
use std::time::Duration;

use super::{Compression, Protocol, SettingsError, TlsFiles};
use crate::export::otlp::headers::Headers;

const DEFAULT_TIMEOUT: Duration = Duration::from_secs(10);

pub(super) struct Variables<F> {
    pub(super) lookup: F,
}

impl<F: Fn(&str) -> Option<String>> Variables<F> {
    /// The variable that counts, by its full name, and its value.
    pub(super) fn get(&self, suffix: &str) -> Option<(String, String)> {
        ["LOGS_", ""].iter().find_map(|signal| {
            let name = format!("OTEL_EXPORTER_OTLP_{signal}{suffix}");
            let value = (self.lookup)(&name)?.trim().to_owned();
            (!value.is_empty()).then_some((name, value))
        })
    }

    fn choice<T: Copy>(
        &self,
        suffix: &str,
        choices: &'static str,
        options: &[(&str, T)],
    ) -> Result<Option<T>, SettingsError> {
        let Some((name, value)) = self.get(suffix) else {
            return Ok(None);
        };
        match options
            .iter()
            .find(|(option, _)| value.eq_ignore_ascii_case(option))
        {
            Some((_, choice)) => Ok(Some(*choice)),
            None => Err(SettingsError::Choice {
                name,
                value,
                choices,
            }),
        }
    }

    pub(super) fn protocol(&self) -> Result<Option<Protocol>, SettingsError> {
        self.choice(
            "PROTOCOL",
            "grpc, http/protobuf, http/json",
            &[
                ("grpc", Protocol::Grpc),
                ("http/protobuf", Protocol::HttpProtobuf),
                ("http/json", Protocol::HttpJson),
            ],
        )
    }

    pub(super) fn compression(&self) -> Result<Compression, SettingsError> {
        let options = [("gzip", Compression::Gzip), ("none", Compression::None)];
        Ok(self
            .choice("COMPRESSION", "gzip, none", &options)?
            .unwrap_or(Compression::None))
    }

    pub(super) fn insecure(&self) -> Result<bool, SettingsError> {
        let options = [("true", true), ("false", false)];
        Ok(self
            .choice("INSECURE", "true, false", &options)?
            .unwrap_or(false))
    }

    pub(super) fn headers(&self) -> Result<Headers, SettingsError> {
        match self.get("HEADERS") {
            Some((name, value)) => {
                Headers::parse(&value).map_err(|error| SettingsError::Headers(name, error))
            }
            None => Ok(Headers::default()),
        }
    }

    pub(super) fn timeout(&self) -> Result<Duration, SettingsError> {
        let Some((name, value)) = self.get("TIMEOUT") else {
            return Ok(DEFAULT_TIMEOUT);
        };
        match value.parse() {
            Ok(millis @ 1..) => Ok(Duration::from_millis(millis)),
            _ => Err(SettingsError::Timeout(name)),
        }
    }

    pub(super) fn tls(&self) -> Result<TlsFiles, SettingsError> {
        let path = |suffix| self.get(suffix).map(|(_, value)| PathBuf::from(value));
        let client = match (path("CLIENT_CERTIFICATE"), path("CLIENT_KEY")) {
            (Some(certificate), Some(key)) => Some((certificate, key)),
            (None, None) => None,
            _ => return Err(SettingsError::ClientPair),
        };
        Ok(TlsFiles {
            certificate: path("CERTIFICATE"),
            client,
        })
    }
}
