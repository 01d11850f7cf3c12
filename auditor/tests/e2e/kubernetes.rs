//! Records name the owner of a pod, with the API server away at the start, there, and away again.

use std::fs;
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::support::api::objects::{NODE, PODS, REPLICA_SETS, SECRET, controlled, controller, pod};
use crate::support::api::server::Server;
use crate::support::auditor::Auditor;
use crate::support::client::curl;
use crate::support::kernel::cgroup_root;
use crate::support::ports;
use crate::support::process::Process;
use crate::support::record::{LOSS, Record, Side};
use crate::support::until::until;

const UID: &str = "8dbc3a70-4f3c-4b5e-9b0e-6f7a1d2c3b4e";
const CONTAINER: &str = "2f1d6a7c0b9e4835a1c7d2e8f04b6935d7c1e0a2b3f4958671829304a5b6c7d8";

/// The control group of a pod's only container, as a kubelet makes it.
struct ControlGroup(PathBuf);

impl ControlGroup {
    fn new() -> Self {
        let root = cgroup_root().expect("the machine has control groups of version 2");
        let node = Path::new(&root).join("auditor-test-node");
        let path = node.join(format!("kubepods/besteffort/pod{UID}/{CONTAINER}"));
        fs::create_dir_all(&path).expect("root can make a control group");
        Self(path)
    }

    /// A server of files inside it.
    fn serve(&self, port: u16) -> Process {
        let script = format!(
            "echo $$ > {}/cgroup.procs; exec python3 -m http.server --bind 127.0.0.1 {port}",
            self.0.display()
        );
        let mut server = Command::new("sh");
        server.args(["-c", &script]).current_dir("/proc");
        let server = Process::start(server.stderr(Stdio::null()));
        until("the server listens", || {
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        server
    }
}

impl Drop for ControlGroup {
    fn drop(&mut self) {
        // From the container's group up to the node's.
        for group in self.0.ancestors().take(5) {
            until("the group is empty", || fs::remove_dir(group).ok());
        }
    }
}

fn ask(port: u16, path: &str) {
    curl(&[
        "--output",
        "/dev/null",
        &format!("http://127.0.0.1:{port}{path}"),
    ]);
}

fn is(record: &Record, side: Side, port: u16, path: &str) -> bool {
    record.is_http(side, port) && record.text("url.path") == Some(path)
}

#[test]
fn records_flow_without_the_api_server_and_are_complete_with_it() {
    let port = ports::free();
    let group = ControlGroup::new();
    let _server = group.serve(port);
    let mut api = Server::start();
    let deployment = controller("apps/v1", "Deployment", "web");
    api.put(REPLICA_SETS, controlled("web-5d4f8", Some(deployment)));
    let owner = controller("apps/v1", "ReplicaSet", "web-5d4f8");
    let mut web = pod("web-5d4f8-x", NODE, "10.1.0.1", Some(owner));
    web["metadata"]["uid"] = UID.into();
    web["status"]["containerStatuses"][0]["containerID"] =
        format!("containerd://{CONTAINER}").into();
    api.put(PODS, web);
    api.go_away();

    let kubeconfig = api.kubeconfig().to_str().expect("it is text");
    let arguments = ["--kubeconfig", kubeconfig];
    let variables = [("NODE_NAME", NODE), ("RUST_LOG", "debug")];
    let auditor = Auditor::start_with(&arguments, &variables);
    ask(port, "/away");
    auditor.await_records(1, |record| is(record, Side::Inbound, port, "/away"));

    api.come_back();
    let named = |record: &Record| record.resource.contains_key("k8s.deployment.name");
    until("a record with the owner", || {
        ask(port, "/back");
        let found = auditor
            .records()
            .any(|record| is(&record, Side::Inbound, port, "/back") && named(&record));
        found.then_some(())
    });
    ask(port, "/there");
    api.go_away();
    ask(port, "/away-again");
    auditor.await_records(1, |record| is(record, Side::Inbound, port, "/away-again"));
    auditor.await_records(1, |record| is(record, Side::Outbound, port, "/away-again"));
    let stopped = auditor.stop();

    let find = |side, path| {
        let mut records = stopped.records();
        records
            .find(|record| is(record, side, port, path))
            .expect("it was awaited")
    };
    let away = find(Side::Inbound, "/away");
    away.assert(
        "away",
        &[("auditor.identity.reason", json!("kubernetes_away"))],
    );
    assert_eq!(away.resource.get("k8s.pod.uid"), Some(&json!(UID)));
    assert_eq!(away.resource.get("k8s.deployment.name"), None);
    for path in ["/there", "/away-again"] {
        let inbound = find(Side::Inbound, path);
        for (key, value) in [
            ("service.name", "web"),
            ("k8s.namespace.name", "shop"),
            ("k8s.pod.name", "web-5d4f8-x"),
            ("k8s.container.name", "app"),
            ("k8s.replicaset.name", "web-5d4f8"),
            ("k8s.deployment.name", "web"),
            ("k8s.node.name", NODE),
        ] {
            assert_eq!(
                inbound.resource.get(key),
                Some(&json!(value)),
                "{path} {key}"
            );
        }
        inbound.assert(
            path,
            &[
                ("auditor.identity.method", json!("kubernetes")),
                ("auditor.identity.reason", Value::Null),
            ],
        );
        find(Side::Outbound, path).assert(
            path,
            &[
                ("auditor.peer.kind", json!("pod")),
                ("auditor.peer.service.name", json!("web")),
                ("auditor.peer.k8s.pod.name", json!("web-5d4f8-x")),
                ("auditor.peer.workload.kind", json!("Deployment")),
                ("auditor.peer.workload.name", json!("web")),
            ],
        );
    }
    let log = stopped.log();
    assert!(log.contains("metadata can't be had"), "{log}");
    assert!(!log.contains(SECRET) && !log.contains("token-of-the-test"));
    stopped.assert_nothing_lost();
}

#[test]
fn an_object_that_cannot_be_read_is_told_as_a_lost_name() {
    let api = Server::start();
    let mut broken = pod("broken", NODE, "10.1.0.2", None);
    broken["status"] = json!("not what it should be");
    api.put(PODS, broken);
    let kubeconfig = api.kubeconfig().to_str().expect("it is text");
    let auditor = Auditor::start_with(&["--kubeconfig", kubeconfig], &[("NODE_NAME", NODE)]);
    auditor.await_records(1, |record| record.event_name == LOSS);
    let stopped = auditor.stop();
    let losses: Vec<_> = stopped
        .records()
        .filter(|record| record.event_name == LOSS)
        .collect();
    assert_eq!(losses.len(), 1, "{losses:#?}");
    losses[0].assert(
        "loss",
        &[
            ("auditor.loss.stage", json!("identity")),
            ("auditor.loss.reason", json!("unreadable")),
            ("auditor.loss.unit", json!("object")),
            ("auditor.loss.count", json!(1)),
        ],
    );
    assert!(!stopped.log().contains(SECRET));
}
