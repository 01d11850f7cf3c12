//! What the report takes of a record.

use crate::export::view::{Attributes, Malformed, RecordView, Value};
use crate::query::DECISION;
use crate::record::{EventName, attribute as a};

/// A name in a row is cut here: rows are kept, and a record may be megabytes long.
const MAX_NAME: usize = 200;

/// The attributes that are counted or named, borrowed from a record.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Access<'a> {
    pub(super) direction: &'a str,
    phase: &'a str,
    pub(super) user_id: &'a str,
    pub(super) user_name: &'a str,
    pub(super) issuer: &'a str,
    pub(super) source: &'a str,
    pub(super) unnamed: &'a str,
    pub(super) peer_kind: &'a str,
    peer_namespace: &'a str,
    peer_service: &'a str,
    peer_pod: &'a str,
    peer_node: &'a str,
    peer_address: &'a str,
    server: &'a str,
    pub(super) status: Option<i64>,
    pub(super) error: &'a str,
    pub(super) decision: &'a str,
    exchanges: i64,
    count: Option<i64>,
    pub(super) received: i64,
    pub(super) sent: i64,
    pub(super) unidentified: &'a str,
    pub(super) incomplete: Option<Value<'a>>,
}

/// What an interaction was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Exchange,
    /// A connection whose content is not known.
    Connection,
}

// === impl Access ===

impl<'a> Access<'a> {
    pub(super) fn read(view: &RecordView<'a>) -> Result<Self, Malformed> {
        let mut access = Self::default();
        for attribute in view.attributes {
            let (key, value) = attribute?;
            access.take(key, value);
        }
        Ok(access)
    }

    fn take(&mut self, key: &str, value: Value<'a>) {
        let number = value.as_int().map(|number| number.max(0));
        match key {
            a::HTTP_RESPONSE_STATUS_CODE => self.status = number,
            a::EXCHANGES => self.exchanges = number.unwrap_or(0),
            a::AGGREGATE_COUNT => self.count = number,
            a::BYTES_RECEIVED => self.received = number.unwrap_or(0),
            a::BYTES_SENT => self.sent = number.unwrap_or(0),
            a::CAPTURE_INCOMPLETE => self.incomplete = Some(value),
            _ => {
                if let (Some(text), Some(place)) = (value.as_text(), self.place(key)) {
                    *place = text;
                }
            }
        }
    }

    fn place(&mut self, key: &str) -> Option<&mut &'a str> {
        Some(match key {
            a::DIRECTION => &mut self.direction,
            a::RECORD_PHASE => &mut self.phase,
            a::USER_ID => &mut self.user_id,
            a::USER_NAME => &mut self.user_name,
            a::PRINCIPAL_ISSUER => &mut self.issuer,
            a::PRINCIPAL_SOURCE => &mut self.source,
            a::PRINCIPAL_REASON => &mut self.unnamed,
            a::PEER_KIND => &mut self.peer_kind,
            a::PEER_NAMESPACE_NAME => &mut self.peer_namespace,
            a::PEER_SERVICE_NAME => &mut self.peer_service,
            a::PEER_POD_NAME => &mut self.peer_pod,
            a::PEER_NODE_NAME => &mut self.peer_node,
            a::NETWORK_PEER_ADDRESS => &mut self.peer_address,
            a::SERVER_ADDRESS => &mut self.server,
            a::ERROR_TYPE => &mut self.error,
            a::IDENTITY_REASON => &mut self.unidentified,
            DECISION => &mut self.decision,
            _ => return None,
        })
    }

    /// What is counted once: an exchange at its end, and a connection of which no exchange is
    /// known, at its end. `None`: a part of something that is, or was, told elsewhere.
    pub(super) fn kind(&self, event: &str) -> Option<Kind> {
        let ended = self.phase.is_empty() || self.phase == "end";
        if event == EventName::HttpAccess.as_str() && ended {
            Some(Kind::Exchange)
        } else if event == EventName::ConnectionAccess.as_str() && ended && self.exchanges == 0 {
            Some(Kind::Connection)
        } else {
            None
        }
    }

    /// How many interactions the record stands for.
    pub(super) fn weight(&self) -> u64 {
        self.count.map_or(1, |count| count.max(1) as u64)
    }

    /// Refused by the application, or by a policy.
    pub(super) fn is_refused(&self) -> bool {
        matches!(self.status, Some(401 | 403 | 407)) || self.decision == "deny"
    }

    pub(super) fn is_failed(&self) -> bool {
        !self.error.is_empty()
    }

    /// How it went wrong, if it did.
    pub(super) fn outcome(&self) -> Option<String> {
        if self.is_failed() {
            return Some(named(self.error));
        }
        if self.decision == "deny" {
            return Some("denied by policy".to_owned());
        }
        let status = self.status.filter(|_| self.is_refused());
        status.map(|status| status.to_string())
    }

    /// The principal that the request presented.
    pub(super) fn principal(&self) -> Option<&'a str> {
        let mut names = [self.user_id, self.user_name].into_iter();
        names.find(|name| !name.is_empty())
    }

    /// The other end by its best name.
    pub(super) fn peer(&self) -> String {
        let name = [self.peer_service, self.peer_pod, self.peer_node];
        let name = name.into_iter().find(|name| !name.is_empty());
        match name {
            Some(name) => placed(self.peer_namespace, name),
            None => named(self.peer_address),
        }
    }

    /// Where a call went: by name of the other end, else the host that the request names.
    pub(super) fn destination(&self) -> String {
        let unnamed = self.peer_service.is_empty() && self.peer_pod.is_empty();
        if unnamed && !self.server.is_empty() {
            named(self.server)
        } else {
            self.peer()
        }
    }
}

/// The audited workload by its best name; empty if it has none.
pub(super) fn workload(resource: &[u8]) -> Result<String, Malformed> {
    let (mut namespace, mut service, mut pod) = ("", "", "");
    for attribute in Attributes::of_resource(resource) {
        let (key, value) = attribute?;
        let Some(text) = value.as_text() else {
            continue;
        };
        match key {
            "k8s.namespace.name" => namespace = text,
            "service.name" => service = text,
            "k8s.pod.name" => pod = text,
            _ => {}
        }
    }
    let mut names = [service, pod].into_iter().filter(|name| !name.is_empty());
    Ok(match names.next() {
        Some(name) => placed(namespace, name),
        None => String::new(),
    })
}

fn placed(namespace: &str, name: &str) -> String {
    if namespace.is_empty() {
        named(name)
    } else {
        format!("{}/{}", named(namespace), named(name))
    }
}

/// A name as it may stand in a row.
pub(super) fn named(name: &str) -> String {
    match name.char_indices().nth(MAX_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]),
        None => name.to_owned(),
    }
}
