//! The outermost owner is found, or the reason why not is told.

use std::time::{Duration, Instant};

use auditor::config::PeerScope;
use auditor::identity::Why;

use crate::api::objects::{JOBS, NODE, PODS, REPLICA_SETS, controlled, controller, pod};
use crate::api::server::Server;
use crate::follower::Follower;

fn web(server: &Server, number: u8) {
    let owner = controller("apps/v1", "ReplicaSet", "web-5d4f8");
    let address = format!("10.1.0.{number}");
    server.put(
        PODS,
        pod(&format!("web-5d4f8-{number}"), NODE, &address, Some(owner)),
    );
}

fn replica_set(server: &Server) {
    let owner = controller("apps/v1", "Deployment", "web");
    server.put(REPLICA_SETS, controlled("web-5d4f8", Some(owner)));
}

fn is(pod: &'static str, workload: &'static str) -> impl Fn(&Follower) -> bool {
    move |follower| follower.workload(pod) == Some(Ok(workload.to_owned()))
}

fn is_absent(pod: &'static str, why: Why) -> impl Fn(&Follower) -> bool {
    move |follower| follower.workload(pod) == Some(Err(why))
}

#[tokio::test]
async fn every_kind_of_owner_is_named() {
    let server = Server::start();
    replica_set(&server);
    web(&server, 1);
    web(&server, 2);
    let cron = controller("batch/v1", "CronJob", "nightly");
    server.put(JOBS, controlled("nightly-1", Some(cron)));
    server.put(JOBS, controlled("once", None));
    server.put(REPLICA_SETS, controlled("bare", None));
    for (name, owner) in [
        ("db-0", controller("apps/v1", "StatefulSet", "db")),
        ("agent-x", controller("apps/v1", "DaemonSet", "agent")),
        ("nightly-1-x", controller("batch/v1", "Job", "nightly-1")),
        ("once-x", controller("batch/v1", "Job", "once")),
        ("bare-x", controller("apps/v1", "ReplicaSet", "bare")),
        (
            "kruise-x",
            controller("apps.kruise.io/v1", "StatefulSet", "k"),
        ),
    ] {
        server.put(PODS, pod(name, NODE, "10.2.0.1", Some(owner)));
    }
    server.put(PODS, pod("alone", NODE, "10.2.0.1", None));
    let mut follower = Follower::of(&server, PeerScope::None).await;
    for (pod, workload) in [
        ("web-5d4f8-1", "Deployment web"),
        ("web-5d4f8-2", "Deployment web"),
        ("db-0", "StatefulSet db"),
        ("agent-x", "DaemonSet agent"),
        ("nightly-1-x", "CronJob nightly"),
        ("once-x", "Job once"),
        ("bare-x", "ReplicaSet bare"),
        ("kruise-x", "StatefulSet k"),
        ("alone", "Pod alone"),
    ] {
        follower.until(workload, is(pod, workload)).await;
    }
    let kruise = &follower.pod("kruise-x").expect("it was told").owners[0];
    assert!(
        format!("{kruise:?}").contains("Other"),
        "another group's: {kruise:?}"
    );
    assert_eq!(
        server.requests("/replicasets/web-5d4f8").len(),
        1,
        "asked once for both pods"
    );

    server.put(
        PODS,
        pod(
            "web-5d4f8-3",
            NODE,
            "10.1.0.3",
            Some(controller("apps/v1", "ReplicaSet", "web-5d4f8")),
        ),
    );
    follower
        .until("a third pod", is("web-5d4f8-3", "Deployment web"))
        .await;
    assert_eq!(
        server.requests("/replicasets/web-5d4f8").len(),
        1,
        "remembered"
    );
}

#[tokio::test]
async fn an_owner_that_may_not_be_asked_for_is_absent_until_it_may() {
    let server = Server::start();
    server.refuse("/replicasets/web-5d4f8", 403);
    replica_set(&server);
    web(&server, 1);
    let mut follower = Follower::of(&server, PeerScope::None).await;
    let refused = is_absent("web-5d4f8-1", Why::PermissionDenied);
    follower.until("a refusal", refused).await;
    assert_eq!(
        &*follower.pod("web-5d4f8-1").expect("it was told").owners[0].name,
        "web-5d4f8"
    );
    server.behave();
    follower
        .until("the owner", is("web-5d4f8-1", "Deployment web"))
        .await;
}

#[tokio::test]
async fn an_owner_that_is_gone_or_another_one_of_its_name_names_nobody() {
    let server = Server::start();
    web(&server, 1);
    let mut follower = Follower::of(&server, PeerScope::None).await;
    let gone = is_absent("web-5d4f8-1", Why::OwnerGone);
    follower.until("a look-up in vain", gone).await;

    let mut successor = controlled("other", Some(controller("apps/v1", "Deployment", "new")));
    successor["metadata"]["uid"] = "uid-of-a-successor".into();
    server.put(REPLICA_SETS, successor);
    let owner = controller("apps/v1", "ReplicaSet", "other");
    server.put(PODS, pod("orphan", NODE, "10.1.0.9", Some(owner)));
    let gone = is_absent("orphan", Why::OwnerGone);
    follower.until("another uid", gone).await;
}

#[tokio::test]
async fn what_a_late_answer_brings_is_not_told_of_a_pod_that_went() {
    let server = Server::start();
    replica_set(&server);
    web(&server, 1);
    web(&server, 2);
    server.refuse("/replicasets/web-5d4f8", 503);
    let mut follower = Follower::of(&server, PeerScope::None).await;
    let away = |pod| is_absent(pod, Why::KubernetesAway);
    follower.until("a failure", away("web-5d4f8-1")).await;
    follower.until("a failure", away("web-5d4f8-2")).await;
    server.delete(PODS, "shop/web-5d4f8-1");
    let gone = |follower: &Follower| follower.has_told("PodGone");
    follower.until("an end", gone).await;
    let told = follower.times_told("\"uid-of-web-5d4f8-1\"");
    server.behave();
    follower
        .until("the owner", is("web-5d4f8-2", "Deployment web"))
        .await;
    assert_eq!(follower.times_told("\"uid-of-web-5d4f8-1\""), told);
}

fn elsewhere(server: &Server, number: u8) {
    let owner = controller("apps/v1", "ReplicaSet", "web-5d4f8");
    let (name, address) = (format!("web-5d4f8-{number}"), format!("10.2.0.{number}"));
    server.put(PODS, pod(&name, "node-2", &address, Some(owner)));
}

#[tokio::test]
async fn of_pods_elsewhere_one_look_up_serves_all_and_only_what_is_wanted() {
    let server = Server::start();
    replica_set(&server);
    elsewhere(&server, 1);
    elsewhere(&server, 2);
    let cron = controller("batch/v1", "CronJob", "nightly");
    server.put(JOBS, controlled("nightly-1", Some(cron)));
    let owner = controller("batch/v1", "Job", "nightly-1");
    server.put(PODS, pod("nightly-1-x", "node-2", "10.2.0.9", Some(owner)));
    let mut follower = Follower::of(&server, PeerScope::Cluster).await;
    follower.until("all lists", Follower::knows_all).await;
    follower.through(Duration::from_millis(300)).await;
    let untold = is_absent("web-5d4f8-1", Why::NotYetKnown);
    assert!(untold(&follower));
    assert!(server.requests("/replicasets/web-5d4f8").is_empty());

    // Many records about either of two pods.
    for _ in 0..10 {
        follower.want("web-5d4f8-1");
        follower.want("web-5d4f8-2");
    }
    for pod in ["web-5d4f8-1", "web-5d4f8-2"] {
        follower.until("the owner", is(pod, "Deployment web")).await;
    }
    elsewhere(&server, 3);
    follower
        .until("a third pod", is("web-5d4f8-3", "Deployment web"))
        .await;
    assert_eq!(server.requests("/replicasets/web-5d4f8").len(), 1);
    assert!(server.requests("/jobs/nightly-1").is_empty());
    follower.want("nightly-1-x");
    follower
        .until("a cron job", is("nightly-1-x", "CronJob nightly"))
        .await;
}

#[tokio::test]
async fn an_owner_elsewhere_that_can_not_be_had_is_asked_for_again_but_not_at_once() {
    let server = Server::start();
    server.refuse("/replicasets/web-5d4f8", 503);
    replica_set(&server);
    elsewhere(&server, 1);
    let mut follower = Follower::of(&server, PeerScope::Cluster).await;
    follower.until("all lists", Follower::knows_all).await;
    follower.want("web-5d4f8-1");
    let away = is_absent("web-5d4f8-1", Why::KubernetesAway);
    follower.until("a failure", away).await;
    server.behave();
    for _ in 0..20 {
        follower.want("web-5d4f8-1");
        follower.through(Duration::from_millis(20)).await;
    }
    let requests = server.requests("/replicasets/web-5d4f8").len();
    assert_eq!(requests, 1, "20 more records within a second");
    let start = Instant::now();
    while !is("web-5d4f8-1", "Deployment web")(&follower) {
        assert!(start.elapsed() < Duration::from_secs(30), "it never comes");
        follower.want("web-5d4f8-1");
        follower.through(Duration::from_millis(200)).await;
    }
    assert_eq!(server.requests("/replicasets/web-5d4f8").len(), 2);
}
