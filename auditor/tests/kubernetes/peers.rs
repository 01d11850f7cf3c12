//! Addresses of the cluster, where they are asked for.

use std::time::Duration;

use auditor::config::PeerScope;
use auditor::identity::{Known, Peer, Why};

use crate::api::objects::{NODE, NODES, PODS, SERVICES, controller, node, pod, service};
use crate::api::server::Server;
use crate::follower::Follower;

fn cluster() -> Server {
    let server = Server::start();
    server.put(PODS, pod("here", NODE, "10.1.0.1", None));
    let owner = controller("apps/v1", "ReplicaSet", "web-5d4f8");
    server.put(PODS, pod("there", "node-2", "10.2.0.1", Some(owner)));
    let owner = controller("apps/v1", "DaemonSet", "agent");
    let mut on_host = pod("agent-x", "node-2", "192.0.2.2", Some(owner));
    on_host["spec"]["hostNetwork"] = true.into();
    server.put(PODS, on_host);
    server.put(PODS, pod("pending", "", "10.3.0.1", None));
    server.put(NODES, node(NODE, "192.0.2.1"));
    server.put(NODES, node("node-2", "192.0.2.2"));
    server.put(SERVICES, service("web", "10.96.0.7"));
    server
}

#[tokio::test]
async fn every_address_of_the_cluster_is_somebodys_and_others_are_external() {
    let server = cluster();
    let mut follower = Follower::of(&server, PeerScope::Cluster).await;
    follower.until("all lists", Follower::knows_all).await;
    let Known::Value(Peer::Pod(there, workload)) = follower.peer("10.2.0.1") else {
        panic!("{:?}", follower.peer("10.2.0.1"));
    };
    assert_eq!(&*there.name, "there");
    assert_eq!(there.node.as_deref(), Some("node-2"));
    assert!(there.containers.is_empty(), "nobody asks for them");
    assert_eq!(workload, Known::Absent(Why::NotYetKnown));
    let requests = server.requests("/replicasets/web-5d4f8");
    assert!(requests.is_empty(), "no record is about it: {requests:?}");
    // Pods on the host's network share it: it is the node's.
    let node = |address| match follower.peer(address) {
        Known::Value(Peer::Node(node)) => node.name.to_string(),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        (node("192.0.2.1"), node("192.0.2.2")),
        (NODE.to_owned(), "node-2".to_owned())
    );
    let Known::Value(Peer::Service(web)) = follower.peer("10.96.0.7") else {
        panic!("{:?}", follower.peer("10.96.0.7"));
    };
    assert_eq!((&*web.namespace, &*web.name), ("shop", "web"));
}

#[tokio::test]
async fn a_refused_list_makes_no_address_external() {
    let server = cluster();
    server.refuse(SERVICES, 403);
    let mut follower = Follower::of(&server, PeerScope::Cluster).await;
    follower.through(Duration::from_secs(2)).await;
    assert_eq!(
        follower.peer("10.96.0.7"),
        Known::Absent(Why::KubernetesAway)
    );
    assert_eq!(
        follower.peer("198.51.100.77"),
        Known::Absent(Why::KubernetesAway)
    );
    server.behave();
    follower.until("all lists", Follower::knows_all).await;
}

#[tokio::test]
async fn by_default_only_what_is_of_this_node_is_asked_for() {
    let server = cluster();
    let mut follower = Follower::of(&server, PeerScope::Node).await;
    follower
        .until("the node", |follower| follower.has_told("ListEnd(Nodes)"))
        .await;
    follower
        .until("its pods", |follower| {
            follower.has_told("ListEnd(Kubernetes)")
        })
        .await;
    assert!(follower.pod("there").is_none());
    assert!(server.requests(SERVICES).is_empty());
    assert!(!follower.has_told("node-2"), "{:#?}", follower.told);
    assert_eq!(
        follower.peer("10.2.0.1"),
        Known::Absent(Why::PeersNotWatched)
    );
}
