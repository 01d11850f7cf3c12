//! What a record must say to be found.

use std::net::IpAddr;

use super::glance::Glance;
use super::status::StatusRange;
use super::time::{Present, TimeError, Window};
use crate::config::QueryArgs;
use crate::export::view::{Attributes, Malformed, RecordView, Value};
use crate::network::Network;
use crate::pattern::Pattern;
use crate::record::attribute as a;

/// Owners of a pod, outermost or not.
const OWNERS: [&str; 7] = [
    "service.name",
    "k8s.deployment.name",
    "k8s.statefulset.name",
    "k8s.daemonset.name",
    "k8s.cronjob.name",
    "k8s.job.name",
    "k8s.replicaset.name",
];

/// Where the other end has a name.
const PEER_NAMES: [&str; 4] = [
    a::PEER_SERVICE_NAME,
    a::PEER_WORKLOAD_NAME,
    a::PEER_POD_NAME,
    a::PEER_NODE_NAME,
];

/// What a policy decided, by the record contract.
pub const DECISION: &str = "auditor.policy.decision";

/// All of the conditions, each by one of its tests.
#[derive(Clone, Debug)]
pub struct Filter {
    pub window: Window,
    events: Vec<Pattern>,
    resource: Vec<Condition>,
    record: Vec<Condition>,
    /// For each condition on the record, what is looked for before the record is read.
    glances: Vec<Vec<Glance>>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum FilterError {
    #[error(transparent)]
    Time(#[from] TimeError),
    #[error("{option} {given:?}: {wanted}")]
    Value {
        option: &'static str,
        given: String,
        wanted: &'static str,
    },
}

/// Holds if an attribute passes a test that is for it.
#[derive(Clone, Debug, Default)]
struct Condition(Vec<(&'static str, Test)>);

#[derive(Clone, Debug)]
pub(super) enum Test {
    Text(Pattern),
    Status(StatusRange),
    Address(Network),
}

// === impl Filter ===

impl Filter {
    pub fn of(args: &QueryArgs, present: &Present) -> Result<Self, FilterError> {
        let container = condition("--container", &args.container, |value| {
            let name = Pattern::exact(value).map(Test::Text)?;
            let id = Pattern::beginning(value).map(Test::Text)?;
            Ok(vec![("k8s.container.name", name), ("container.id", id)])
        })?;
        let path = condition("--path", &args.path, |value| {
            Ok(vec![(
                a::URL_PATH,
                Pattern::beginning(value).map(Test::Text)?,
            )])
        })?;
        let resource = [
            texts("--workload", &args.workload, &OWNERS)?,
            texts("--namespace", &args.namespace, &["k8s.namespace.name"])?,
            texts("--pod", &args.pod, &["k8s.pod.name"])?,
            container,
        ];
        let record = [
            texts("--direction", &args.direction, &[a::DIRECTION])?,
            condition("--peer", &args.peer, peer)?,
            texts(
                "--user",
                &args.user,
                &[a::USER_ID, a::USER_NAME, a::PRINCIPAL_CLIENT_ID],
            )?,
            texts(
                "--method",
                &args.method,
                &[a::HTTP_REQUEST_METHOD, a::HTTP_REQUEST_METHOD_ORIGINAL],
            )?,
            path,
            condition("--status", &args.status, status)?,
            texts("--error", &args.error, &[a::ERROR_TYPE])?,
            texts("--decision", &args.decision, &[DECISION])?,
        ];
        let asked = |condition: &Condition| !condition.0.is_empty();
        let record: Vec<_> = record.into_iter().filter(asked).collect();
        Ok(Self {
            window: Window::parse(args.since.as_deref(), args.until.as_deref(), present)?,
            events: patterns("--event", &args.event)?,
            resource: resource.into_iter().filter(asked).collect(),
            glances: record.iter().map(Condition::glances).collect(),
            record,
        })
    }

    /// Whether the audited workload is one that was asked for.
    pub fn takes_resource(&self, resource: &[u8]) -> Result<bool, Malformed> {
        hold(&self.resource, Attributes::of_resource(resource))
    }

    /// By a look at the bytes: false only if the record can't be one that was asked for.
    pub fn may_take(&self, record: &[u8]) -> bool {
        let mut conditions = self.glances.iter();
        conditions.all(|glances| glances.iter().any(|glance| glance.may_pass(record)))
    }

    pub fn takes_record(&self, view: &RecordView<'_>) -> Result<bool, Malformed> {
        let time = self.window.contains(view.time_unix_nano);
        Ok(time && self.takes_event(view.event_name) && hold(&self.record, view.attributes)?)
    }

    /// By the whole name or its last word.
    fn takes_event(&self, name: &str) -> bool {
        let last = name.rsplit('.').next();
        let mut events = self.events.iter();
        self.events.is_empty() || events.any(|e| e.matches(Some(name)) || e.matches(last))
    }
}

// === impl Condition ===

impl Condition {
    fn holds(&self, key: &str, value: &Value<'_>) -> bool {
        let mut tests = self.0.iter();
        tests.any(|(name, test)| *name == key && test.passes(value))
    }

    /// Tests for one text under several names are one look.
    fn glances(&self) -> Vec<Glance> {
        let mut tests: Vec<_> = self.0.iter().collect();
        tests.dedup_by(|(_, a), (_, b)| a.word().is_some() && a.word() == b.word());
        tests
            .iter()
            .map(|(key, test)| Glance::of(key, test))
            .collect()
    }
}

// === impl Test ===

impl Test {
    /// A text that an attribute must contain to pass.
    pub(super) fn word(&self) -> Option<&str> {
        match self {
            Self::Text(pattern) => Some(pattern.text()).filter(|text| !text.is_empty()),
            Self::Status(_) | Self::Address(_) => None,
        }
    }

    pub(super) fn passes(&self, value: &Value<'_>) -> bool {
        match self {
            Self::Text(pattern) => pattern.matches(value.as_text()),
            Self::Status(range) => value.as_int().is_some_and(|status| range.contains(status)),
            Self::Address(network) => {
                let address = value.as_text().and_then(|text| text.parse::<IpAddr>().ok());
                address.is_some_and(|address| network.contains(address))
            }
        }
    }
}

fn hold(conditions: &[Condition], attributes: Attributes<'_>) -> Result<bool, Malformed> {
    // There are fewer conditions than bits.
    let mut open = (1_u32 << conditions.len()) - 1;
    let mut attributes = attributes.into_iter();
    while open != 0 {
        let Some(attribute) = attributes.next() else {
            return Ok(false);
        };
        let (key, value) = attribute?;
        for (index, condition) in conditions.iter().enumerate() {
            if open & 1 << index != 0 && condition.holds(key, &value) {
                open &= !(1 << index);
            }
        }
    }
    Ok(true)
}

/// The values of an option, each made into its tests.
fn condition(
    option: &'static str,
    values: &[String],
    tests: impl Fn(&str) -> Result<Vec<(&'static str, Test)>, &'static str>,
) -> Result<Condition, FilterError> {
    let mut condition = Condition::default();
    for given in values {
        let tests = tests(given).map_err(|wanted| FilterError::Value {
            option,
            given: given.clone(),
            wanted,
        })?;
        condition.0.extend(tests);
    }
    Ok(condition)
}

fn texts(
    option: &'static str,
    values: &[String],
    keys: &[&'static str],
) -> Result<Condition, FilterError> {
    condition(option, values, |value| {
        let pattern = Pattern::exact(value)?;
        let test = |key: &&'static str| (*key, Test::Text(pattern.clone()));
        Ok(keys.iter().map(test).collect())
    })
}

fn patterns(option: &'static str, values: &[String]) -> Result<Vec<Pattern>, FilterError> {
    let pattern = |given: &String| {
        Pattern::exact(given).map_err(|wanted| FilterError::Value {
            option,
            given: given.clone(),
            wanted,
        })
    };
    values.iter().map(pattern).collect()
}

fn peer(value: &str) -> Result<Vec<(&'static str, Test)>, &'static str> {
    if let Ok(network) = value.parse() {
        return Ok(vec![(a::NETWORK_PEER_ADDRESS, Test::Address(network))]);
    }
    let pattern = Pattern::exact(value)?;
    let names = PEER_NAMES.iter().chain([&a::NETWORK_PEER_ADDRESS]);
    let test = |key: &&'static str| (*key, Test::Text(pattern.clone()));
    Ok(names.map(test).collect())
}

fn status(value: &str) -> Result<Vec<(&'static str, Test)>, &'static str> {
    let range = value.parse();
    let range = range.map_err(|_| "write 404, 5xx, 400-499, >=400 or <300")?;
    Ok(vec![(a::HTTP_RESPONSE_STATUS_CODE, Test::Status(range))])
}
