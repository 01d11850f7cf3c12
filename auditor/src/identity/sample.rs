//! Resolved records for the tests of the stages behind this one.

use std::sync::Arc;

use super::OtherEnd;
use super::caller::Caller;
use super::catalog::Naming;
use super::host::Host;
use super::known::{Known, Why};
use super::resolved::Resolved;
use super::workload::{Method, Place, Workload};
use crate::config::IdentitySettings;
use crate::protocol::{Exchange, Head, Incomplete, Message};
use crate::record::{Fact, Record};
use crate::session::{BootTime, ConnectionFacts, Moment, Owner, Role};

const CONTAINER: &str = "/docker/2f1d6a7c0b9e4835a1c7d2e8f04b6935d7c1e0a2b3f4958671829304a5b6c7d8";
const POD: &str = "/kubepods/pod8dbc3a70-4f3c-4b5e-9b0e-6f7a1d2c3b4e";

/// A pod's workload.
pub(crate) fn pod() -> Arc<Workload> {
    workload(Place::of(POD))
}

/// A service of the node itself.
pub(crate) fn service() -> Arc<Workload> {
    workload(Place::of("/system.slice/kubelet.service"))
}

/// A process of the node in no service, recognised without its control group.
pub(crate) fn process() -> Arc<Workload> {
    workload(Place::Host)
}

/// What may be anywhere on the node.
pub(crate) fn nowhere() -> Arc<Workload> {
    workload(Place::Nowhere(Why::CgroupV1Only))
}

/// A container outside pods.
pub(crate) fn container() -> Arc<Workload> {
    workload(Place::of(CONTAINER))
}

/// One exchange that a pod answered, asked by `other`; it began at `time` and took a microsecond.
pub(crate) fn answered(request: &str, response: &str, other: Arc<Workload>, time: u64) -> Resolved {
    let head = Head::request(request.as_bytes()).unwrap();
    let connection = connection();
    let caller = Caller::of(&head, connection.peer.ip(), &IdentitySettings::default());
    let exchange = Exchange {
        request: Some(message(head, time, request.len())),
        response: Some(message(
            Head::response(response.as_bytes()).unwrap(),
            time,
            response.len(),
        )),
        ended: time + 1000,
        incomplete: Incomplete::default(),
        tunnel: false,
        stream: None,
    };
    Resolved {
        record: Record {
            time,
            observed: time + 2000,
            boot_ns: time,
            fact: Fact::Http {
                moment: Moment::End,
                connection: Arc::new(connection),
                inbound: true,
                number: 0,
                exchange: Box::new(exchange),
                library: None,
            },
        },
        workload: pod(),
        process: None,
        other: OtherEnd::Socket(other),
        may_improve: false,
        caller: Some(caller),
    }
}

fn workload(place: Place) -> Arc<Workload> {
    let host = Host {
        name: Known::Absent(Why::NotConfigured),
        id: Known::Absent(Why::NotConfigured),
        node_name: None,
        cluster_name: None,
    };
    let executable = Known::Value("tool".into());
    let (method, weaker) = match place {
        Place::Host => (Method::Process, Some(Why::NotInACgroup)),
        _ => (Method::Cgroup, None),
    };
    Arc::new(Workload::new(
        &host,
        place,
        &executable,
        method,
        weaker,
        &Naming::Unasked,
    ))
}

fn connection() -> ConnectionFacts {
    ConnectionFacts {
        cookie: 7,
        role: Role::Passive,
        local: ([10, 0, 0, 5], 8080).into(),
        peer: ([10, 0, 0, 1], 40_000).into(),
        owner: Owner {
            cgroup_id: 1,
            netns_cookie: 1,
            process: None,
        },
        opened: BootTime(0),
        other: None,
    }
}

fn message(head: Head, began: u64, wire: usize) -> Message {
    Message {
        head: Some(head),
        began,
        ended: Some(began + 1000),
        trailers: None,
        body: 0,
        uncounted: false,
        wire: wire as u64,
        grpc_messages: None,
    }
}
