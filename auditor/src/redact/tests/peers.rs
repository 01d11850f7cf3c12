//! What is said of a socket of this node at the other end.

use std::sync::Arc;

use serde_json::{Value, json};

use super::json;
use crate::identity::Workload;
use crate::identity::sample::{answered, container, nowhere, pod, process, service};

const REQUEST: &str = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
const RESPONSE: &str = "HTTP/1.1 200 OK\r\n\r\n";

fn assert_said(other: Arc<Workload>, said: [Option<&str>; 3]) {
    let record = json(&answered(REQUEST, RESPONSE, other, 1));
    let names = [
        "auditor.peer.kind",
        "auditor.peer.service.name",
        "auditor.peer.reason",
    ];
    for (name, value) in names.into_iter().zip(said) {
        let found = record["attributes"].get(name).unwrap_or(&Value::Null);
        assert_eq!(*found, json!(value), "{name}: {record:#}");
    }
}

#[test]
fn a_peer_has_a_name_or_the_reason_why_not() {
    assert_said(process(), [Some("host_process"), Some("tool"), None]);
    assert_said(service(), [Some("host_process"), Some("kubelet"), None]);
    assert_said(pod(), [Some("pod"), None, Some("not_in_a_container")]);
}

#[test]
fn what_a_peer_is_is_not_guessed() {
    assert_said(container(), [Some("container"), Some("2f1d6a7c0b9e"), None]);
    assert_said(nowhere(), [None, None, Some("cgroup_v1_only")]);
}
