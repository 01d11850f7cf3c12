//! One access as a person wants to see it: who, whom, what, how it went.

use super::{
    line::{Colour, Line},
    tls::Tls,
};
use crate::export::view::{Attributes, Malformed, RecordView, Value, Values};

/// Stands on screen where a name is not known.
const NO_NAME: &str = "?";

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Direction {
    Inbound,
    Outbound,
}

/// The attributes a line shows.
#[derive(Default)]
pub(super) struct Access<'a> {
    pub(super) direction: Option<Direction>,
    service: Option<&'a str>,
    executable: Option<&'a str>,
    peer_service: Option<&'a str>,
    peer_address: Option<&'a str>,
    peer_port: Option<i64>,
    server_address: Option<&'a str>,
    server_port: Option<i64>,
    method: Option<&'a str>,
    path: Option<&'a str>,
    query: Option<&'a str>,
    status: Option<i64>,
    error: Option<&'a str>,
    count: Option<i64>,
    duration_nanos: Option<i64>,
    bytes: Option<i64>,
    incomplete: Option<Values<'a>>,
    tls: Tls<'a>,
}

impl<'a> Access<'a> {
    pub(super) fn read(view: &RecordView<'a>, resource: &'a [u8]) -> Result<Self, Malformed> {
        let mut access = Self::default();
        for entry in view.attributes {
            let (key, value) = entry?;
            access.take(key, value);
        }
        if let Some(values) = access.incomplete {
            for value in values {
                value?;
            }
        }
        if access.direction.is_some() {
            for entry in Attributes::of_resource(resource) {
                let (key, value) = entry?;
                if key == "service.name" {
                    access.service = value.as_text();
                }
            }
        }
        Ok(access)
    }

    fn take(&mut self, key: &str, value: Value<'a>) {
        match key {
            "auditor.direction" => {
                self.direction = match value.as_text() {
                    Some("inbound") => Some(Direction::Inbound),
                    Some("outbound") => Some(Direction::Outbound),
                    _ => None,
                }
            }
            "auditor.peer.service.name" => self.peer_service = value.as_text(),
            "process.executable.name" => self.executable = value.as_text(),
            "network.peer.address" => self.peer_address = value.as_text(),
            "network.peer.port" => self.peer_port = value.as_int(),
            "server.address" => self.server_address = value.as_text(),
            "server.port" => self.server_port = value.as_int(),
            "http.request.method" => self.method = value.as_text(),
            "url.path" => self.path = value.as_text(),
            "url.query" => self.query = value.as_text(),
            "http.response.status_code" => self.status = value.as_int(),
            "auditor.aggregate.count" => self.count = value.as_int(),
            "error.type" => self.error = value.as_text(),
            "auditor.duration_ns" => self.duration_nanos = value.as_int(),
            "http.response.body.size" => self.bytes = value.as_int(),
            "auditor.capture.incomplete" => {
                self.incomplete = if let Value::Array(values) = value {
                    Some(values)
                } else {
                    None
                }
            }
            _ => self.tls.take(key, value),
        }
    }

    pub(super) fn write(&self, line: &mut Line<'_>, body: &str) {
        self.who(line);
        line.gap();
        if self.method.is_some() || self.path.is_some() {
            self.request(line);
        } else {
            line.text(None, body);
            self.tls.write(line);
        }
        self.outcome(line);
        if let Some(values) = self.incomplete {
            let reasons: Vec<_> = values
                .into_iter()
                .flatten()
                .filter_map(|value| value.as_text())
                .collect();
            line.gap();
            line.text(
                Some(Colour::Yellow),
                &format!("[incomplete: {}]", reasons.join(", ")),
            );
        }
    }

    fn who(&self, line: &mut Line<'_>) {
        let inbound = self.direction == Some(Direction::Inbound);
        // A person is better served with the program than with nothing; the record keeps apart
        // what names a workload and what does not.
        let service = self.service.or(self.executable).unwrap_or(NO_NAME);
        let peer = match (self.peer_service, self.peer_address) {
            (Some(name), _) => name.to_owned(),
            (None, Some(address)) => authority(address, self.peer_port),
            (None, None) => NO_NAME.to_owned(),
        };
        let (arrow, from, to) = if inbound {
            ("↘", peer.as_str(), service)
        } else {
            ("↗", service, peer.as_str())
        };
        line.text(Some(Colour::Cyan), arrow);
        line.gap();
        line.text(None, from);
        line.text(Some(Colour::Dim), " → ");
        line.text(None, to);
    }

    fn request(&self, line: &mut Line<'_>) {
        line.text(None, self.method.unwrap_or(NO_NAME));
        line.gap();
        if let Some(host) = self.server_address {
            // The port everyone expects is noise.
            let port = self.server_port.filter(|port| !matches!(port, 80 | 443));
            line.text(None, &authority(host, port));
        }
        line.text(None, self.path.unwrap_or_default());
        if let Some(query) = self.query {
            line.text(Some(Colour::Dim), "?");
            line.text(Some(Colour::Dim), query);
        }
    }

    fn outcome(&self, line: &mut Line<'_>) {
        if let Some(status) = self.status {
            let colour = match status {
                200..=299 => Colour::Green,
                300..=399 => Colour::Cyan,
                400..=499 => Colour::Yellow,
                _ => Colour::Red,
            };
            line.gap();
            line.text(Some(colour), &status.to_string());
        }
        // With a status, the convention makes the error type that status once more.
        if let (None, Some(error)) = (self.status, self.error) {
            line.gap();
            line.text(Some(Colour::Red), error);
        }
        if let Some(count) = self.count {
            line.gap();
            line.text(None, &format!("×{count}"));
        }
        if let Some(nanos) = self.duration_nanos {
            line.gap();
            line.text(Some(Colour::Dim), &duration(nanos));
        }
        if let Some(bytes) = self.bytes {
            line.gap();
            line.text(Some(Colour::Dim), &size(bytes));
        }
    }
}

fn authority(host: &str, port: Option<i64>) -> String {
    match port {
        Some(port) if host.contains(':') => format!("[{host}]:{port}"),
        Some(port) => format!("{host}:{port}"),
        None => host.to_owned(),
    }
}

fn duration(nanos: i64) -> String {
    match nanos {
        ..1_000 => format!("{nanos}ns"),
        1_000..1_000_000 => format!("{}µs", nanos / 1_000),
        1_000_000..1_000_000_000 => format!("{:.1}ms", nanos as f64 / 1e6),
        _ => format!("{:.2}s", nanos as f64 / 1e9),
    }
}

fn size(bytes: i64) -> String {
    match bytes {
        ..1_024 => format!("{bytes}B"),
        1_024..1_048_576 => format!("{:.1}KiB", bytes as f64 / 1024.0),
        _ => format!("{:.1}MiB", bytes as f64 / 1_048_576.0),
    }
}
