//! A record as the JSON output gives it.

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::{Map, Value};

pub(crate) const HTTP: &str = "auditor.access.http";
pub(crate) const CONNECTION: &str = "auditor.access.connection";
pub(crate) const LOSS: &str = "auditor.loss";

/// Which end of the connection a record is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Inbound,
    Outbound,
}

impl Side {
    pub(crate) const BOTH: [Self; 2] = [Self::Inbound, Self::Outbound];

    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Inbound => "inbound",
            Self::Outbound => "outbound",
        }
    }
}

#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Record {
    timestamp: String,
    observed_timestamp: String,
    pub(crate) event_name: String,
    pub(crate) severity_text: String,
    pub(crate) severity_number: u8,
    pub(crate) body: String,
    pub(crate) trace_id: Option<String>,
    pub(crate) span_id: Option<String>,
    pub(crate) resource: Map<String, Value>,
    pub(crate) attributes: Map<String, Value>,
}

impl Record {
    pub(crate) fn parse(line: &str) -> Self {
        serde_json::from_str(line).unwrap_or_else(|error| panic!("no record: {error}: {line}"))
    }

    /// When it began.
    pub(crate) fn time(&self) -> Timestamp {
        self.timestamp
            .parse()
            .expect("a time is as RFC 3339 has it")
    }

    /// When the auditor got to know of it.
    pub(crate) fn observed(&self) -> Timestamp {
        let time = self.observed_timestamp.parse();
        time.expect("a time is as RFC 3339 has it")
    }

    pub(crate) fn text(&self, name: &str) -> Option<&str> {
        self.attributes.get(name)?.as_str()
    }

    pub(crate) fn int(&self, name: &str) -> Option<u64> {
        self.attributes.get(name)?.as_u64()
    }

    pub(crate) fn port(&self, name: &str) -> Option<u16> {
        self.int(name)?.try_into().ok()
    }

    /// What the record says is missing from it.
    pub(crate) fn incomplete(&self) -> Vec<&str> {
        let reasons = self.attributes.get("auditor.capture.incomplete");
        let reasons = reasons.and_then(Value::as_array);
        reasons.map_or_else(Vec::new, |all| {
            all.iter().filter_map(Value::as_str).collect()
        })
    }

    pub(crate) fn is(&self, event: &str, side: Side) -> bool {
        self.event_name == event && self.text("auditor.direction") == Some(side.as_str())
    }

    /// An HTTP record of one end of connections to this server.
    pub(crate) fn is_http(&self, side: Side, server_port: u16) -> bool {
        self.is(HTTP, side) && self.server_port(side) == Some(server_port)
    }

    pub(crate) fn server_port(&self, side: Side) -> Option<u16> {
        self.port(match side {
            Side::Inbound => "network.local.port",
            Side::Outbound => "network.peer.port",
        })
    }

    pub(crate) fn client_port(&self, side: Side) -> Option<u16> {
        self.port(match side {
            Side::Inbound => "network.peer.port",
            Side::Outbound => "network.local.port",
        })
    }

    /// Fails unless every attribute has its value; `null` is for one that must be absent.
    #[track_caller]
    pub(crate) fn assert(&self, case: &str, expected: &[(&str, Value)]) {
        let wrong: Vec<String> = expected
            .iter()
            .filter(|(name, value)| self.attributes.get(*name).unwrap_or(&Value::Null) != value)
            .map(|(name, value)| format!("{name} is not {value}"))
            .collect();
        assert!(
            wrong.is_empty(),
            "{case}: {}\n{:#?}",
            wrong.join(", "),
            self
        );
    }
}
