//! What the pods of a cluster cost in memory, as an allocator counts it.

// Counting allocations takes an allocator, and nothing else here does.
#![deny(unsafe_code)]

#[expect(dead_code, reason = "the tests of the source use the rest of it")]
#[path = "../kubernetes/api"]
mod api {
    mod answer;
    pub(crate) mod objects;
    mod selection;
    pub(crate) mod server;
    mod state;
}
#[expect(dead_code, reason = "the tests of the source use the rest of it")]
#[path = "../kubernetes/follower.rs"]
mod follower;

use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use auditor::config::PeerScope;

use api::objects::{NODE, PODS, controller, pod};
use api::server::Server;
use follower::Follower;

const PODS_EACH: usize = 5_000;

/// What docs/kubernetes.md states.
const BYTES_PER_LOCAL_POD: usize = 2_048;
const BYTES_PER_OTHER_POD: usize = 1_536;

static LIVE: AtomicUsize = AtomicUsize::new(0);

struct Counting;

#[expect(unsafe_code, reason = "hands over to the system's allocator")]
// SAFETY: every call is the system allocator's, with the same arguments.
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        LIVE.fetch_add(layout.size(), Ordering::Relaxed);
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, pointer: *mut u8, layout: Layout) {
        LIVE.fetch_sub(layout.size(), Ordering::Relaxed);
        unsafe { System.dealloc(pointer, layout) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// A pod as those of a deployment of ten are.
fn put(server: &Server, node: &str, number: usize) {
    let set = format!("service-{}-5d4f8b7c9", number / 10);
    let name = format!("{set}-{number:05}");
    let address = format!("10.{}.{}.{}", node.len(), number / 250, number % 250 + 1);
    let owner = controller("apps/v1", "DaemonSet", &set);
    let mut pod = pod(&name, node, &address, Some(owner));
    pod["metadata"]["uid"] =
        format!("8dbc3a70-4f3c-4b5e-9b0e-{:012x}{number:05}", node.len()).into();
    let id = format!("containerd://{number:064x}");
    pod["status"]["containerStatuses"][0]["containerID"] = id.into();
    server.put(PODS, pod);
}

#[tokio::test]
async fn a_pod_costs_no_more_than_is_stated() {
    let mut per_pod = Vec::new();
    // What ends in the background would be counted as saved.
    let mut kept = Vec::new();
    for (node, peers, list) in [
        (NODE, PeerScope::None, "ListEnd(Kubernetes)"),
        ("another-node", PeerScope::Cluster, "ListEnd(Cluster)"),
    ] {
        let server = Server::start();
        for number in 0..PODS_EACH {
            put(&server, node, number);
        }
        let before = LIVE.load(Ordering::Relaxed);
        let mut follower = Follower::of(&server, peers).await;
        follower
            .until("a list", |follower| follower.has_told(list))
            .await;
        follower.through(Duration::from_secs(2)).await;
        follower.told = Vec::new();
        let cost = LIVE.load(Ordering::Relaxed) - before;
        per_pod.push(cost / PODS_EACH);
        kept.push((server, follower));
    }
    println!(
        "bytes per pod: of this node {}, of others {}",
        per_pod[0], per_pod[1]
    );
    assert!(per_pod[0] <= BYTES_PER_LOCAL_POD, "{per_pod:?}");
    assert!(per_pod[1] <= BYTES_PER_OTHER_POD, "{per_pod:?}");
}
