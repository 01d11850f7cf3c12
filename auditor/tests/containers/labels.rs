//! What pods choose by their label, and that the choice is told.

use serde_json::{Value, json};

use crate::rig::{PORT, Pod, Rig, ab, serve};
use crate::support::auditor::Stopped;
use crate::support::record::{CONNECTION, HTTP, Record, Side};

const REQUESTS: usize = 100;
/// Of each client.
const CONNECTIONS: usize = 4;

#[test]
fn a_pod_chooses_by_its_label_what_is_recorded_of_it() {
    let rig = Rig::start();
    let [off, connections, full] = ["off", "connections", "full"].map(|choice| {
        let pod = rig.pod(choice).labelled("auditor.dev/audit", choice);
        let pod = pod.container("nginx", serve(PORT)).run();
        pod.await_server(PORT);
        pod
    });
    let client = rig.pod("client").idle("main").run();
    let auditor = rig.auditor();
    for pod in [&off, &connections, &full] {
        let url = format!("http://{}:{PORT}/{}", pod.address, pod.name);
        client.exec("main", &ab(REQUESTS as u32, &url));
    }
    let stopped = auditor.stop();
    for (pod, exchanges, closed, told) in [
        (&off, 0, 0, Some("excluded")),
        (&connections, 0, CONNECTIONS, Some("connections_only")),
        (&full, REQUESTS, CONNECTIONS, None),
    ] {
        let of_pod = |record: &Record| record.resource.get("k8s.pod.uid") == Some(&json!(pod.uid));
        let own = |event| {
            count(&stopped, |record| {
                record.event_name == event && of_pod(record)
            })
        };
        assert_eq!(
            (own(HTTP), own(CONNECTION)),
            (exchanges, closed),
            "{}",
            pod.name
        );
        let state = |record: &Record| record.attributes.get("auditor.coverage.state").cloned();
        let states: Vec<Value> = stopped
            .records()
            .filter(of_pod)
            .filter_map(|r| state(&r))
            .collect();
        assert_eq!(
            states,
            told.map(|told| json!(told)).as_slice(),
            "{}",
            pod.name
        );
        // The other end has not chosen that.
        assert_eq!(asked(&stopped, pod), REQUESTS, "{}", pod.name);
    }
    assert_eq!(stopped.summary.get("lost"), 0);
}

/// Requests to the pod, as the client's records have them.
fn asked(stopped: &Stopped, pod: &Pod<'_>) -> usize {
    count(stopped, |record| {
        record.is(HTTP, Side::Outbound)
            && record.text("auditor.peer.k8s.pod.uid") == Some(pod.uid.as_str())
    })
}

fn count(stopped: &Stopped, wanted: impl Fn(&Record) -> bool) -> usize {
    stopped.records().filter(wanted).count()
}
