mod history;

use std::net::IpAddr;
use std::sync::Arc;

use super::{Directory, Moment, NAMED, Peer, RETENTION_NS, Refused, TOMBSTONES};
use crate::config::PeerScope;
use crate::identity::known::{Known, Why};
use crate::identity::metadata::{Node, Pod, PodContainer, Service, Source, Update};

/// Boot time at which the tests begin: later than any retention.
const START_MS: u64 = 10_000_000;

/// Wall time of the boot.
const BOOT_WALL_S: i64 = 1_700_000_000;

const ADDRESS: &str = "10.1.0.7";

/// Time of a test, milliseconds after its begin.
fn boot_ns(at_ms: u64) -> u64 {
    (START_MS + at_ms) * 1_000_000
}

fn wall_s(at_ms: u64) -> i64 {
    BOOT_WALL_S + ((START_MS + at_ms) / 1_000) as i64
}

fn moment(at_ms: u64) -> Moment {
    Moment {
        boot_ns: boot_ns(at_ms),
        wall_s: wall_s(at_ms),
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// A pod that was created and had its address at `at_ms`.
fn pod(uid: &str, address: &str, at_ms: u64) -> Pod {
    Pod {
        uid: uid.into(),
        name: format!("name-of-{uid}").into(),
        addresses: vec![ip(address)],
        created: Some(wall_s(at_ms)),
        ..Pod::default()
    }
}

struct Index(Directory);

impl Index {
    /// With an empty first list of every source.
    fn new(scope: PeerScope) -> Self {
        let mut index = Self(Directory::new(scope));
        for source in [
            Source::Kubernetes,
            Source::Cluster,
            Source::Services,
            Source::Nodes,
        ] {
            index.apply(0, Update::ListBegin(source));
            index.apply(0, Update::ListEnd(source));
        }
        index
    }

    fn apply(&mut self, at_ms: u64, update: Update) {
        self.0.apply(update, moment(at_ms));
    }

    fn pod(&mut self, at_ms: u64, pod: Pod) {
        self.apply(at_ms, Update::Pod(Source::Kubernetes, Arc::new(pod)));
    }

    fn gone(&mut self, at_ms: u64, uid: &str) {
        self.apply(at_ms, Update::PodGone(Source::Kubernetes, uid.into()));
    }

    /// The uid of the pod, or why there is none.
    fn uid(&self, at_ms: u64) -> Result<String, Why> {
        match self.peer(ADDRESS, at_ms) {
            Known::Value(Peer::Pod(pod, _)) => Ok(pod.uid.to_string()),
            Known::Value(other) => panic!("{other:?}"),
            Known::Absent(why) => Err(why),
        }
    }

    fn peer(&self, address: &str, at_ms: u64) -> Known<Peer> {
        self.0.peer(ip(address), boot_ns(at_ms))
    }
}

#[test]
fn an_address_is_the_pods_from_its_creation_to_its_end() {
    let mut index = Index::new(PeerScope::Cluster);
    index.pod(60_000, pod("a", ADDRESS, 59_000));
    index.gone(90_000, "a");
    assert_eq!(index.uid(58_900), Ok("a".to_owned()));
    assert_eq!(index.uid(60_000), Ok("a".to_owned()));
    assert_eq!(index.uid(89_999), Ok("a".to_owned()));
    assert_eq!(index.uid(90_000), Err(Why::NotYetKnown));
    // Before it was created, by any clock.
    assert_eq!(index.uid(50_000), Err(Why::NotYetKnown));
    assert_eq!(
        index.peer("203.0.113.9", 60_000),
        Known::Value(Peer::External)
    );
    assert_eq!(
        index.peer("::ffff:10.1.0.7", 60_000),
        index.peer(ADDRESS, 60_000)
    );
}

#[test]
fn an_address_used_again_within_a_second_is_never_the_wrong_pods() {
    let mut index = Index::new(PeerScope::Cluster);
    index.pod(10_000, pod("a", ADDRESS, 10_000));
    // Created at 50.0 s, seen with the address at 51.2 s; the end of the first is told last.
    index.pod(51_200, pod("b", ADDRESS, 50_000));
    assert_eq!(index.uid(40_000), Ok("a".to_owned()));
    assert_eq!(index.uid(50_500), Err(Why::Ambiguous));
    let candidates = index.0.candidates(ip(ADDRESS), boot_ns(50_500));
    assert_eq!(candidates.len(), 2);
    assert_eq!(index.uid(51_200), Ok("b".to_owned()));
    index.gone(52_000, "a");
    assert_eq!(index.uid(50_500), Err(Why::Ambiguous));
    assert_eq!(index.uid(51_200), Ok("b".to_owned()));
    assert_eq!(index.uid(60_000), Ok("b".to_owned()));
}

#[test]
fn a_late_update_of_the_first_tenant_does_not_bring_it_back() {
    let mut index = Index::new(PeerScope::Cluster);
    index.pod(10_000, pod("a", ADDRESS, 10_000));
    index.pod(51_000, pod("b", ADDRESS, 50_000));
    let mut deleting = pod("a", ADDRESS, 10_000);
    deleting.deleting = true;
    index.pod(51_500, deleting);
    assert_eq!(index.uid(52_000), Ok("b".to_owned()));
    index.gone(53_000, "b");
    assert_eq!(index.uid(54_000), Err(Why::NotYetKnown));
}

#[test]
fn a_pod_that_has_ended_has_no_address() {
    let mut index = Index::new(PeerScope::Cluster);
    index.pod(10_000, pod("a", ADDRESS, 10_000));
    let mut ended = pod("a", ADDRESS, 10_000);
    ended.ended = true;
    index.pod(20_000, ended.clone());
    index.pod(21_000, ended);
    assert_eq!(index.uid(19_000), Ok("a".to_owned()));
    assert_eq!(index.uid(21_500), Err(Why::NotYetKnown));
    // One whose address is first told with its end.
    let mut short = pod("b", ADDRESS, 30_000);
    short.ended = true;
    index.pod(30_300, short);
    assert_eq!(index.uid(30_100), Ok("b".to_owned()));
    assert_eq!(index.uid(30_300), Err(Why::NotYetKnown));
}

#[test]
fn a_pod_on_the_hosts_network_is_the_node() {
    let mut index = Index::new(PeerScope::Cluster);
    let node = Node {
        name: "node-1".into(),
        addresses: vec![ip("192.0.2.1")],
    };
    index.apply(1_000, Update::Node(node.clone()));
    let mut host = pod("h", "192.0.2.1", 1_000);
    host.host_network = true;
    index.pod(2_000, host);
    let expected = Known::Value(Peer::Node(Arc::new(node)));
    assert_eq!(index.peer("192.0.2.1", 3_000), expected);
    // A pod with an address of its own that is also a node's: one of them is out of date.
    index.pod(70_000, pod("a", "192.0.2.1", 65_000));
    assert_eq!(
        index.peer("192.0.2.1", 71_000),
        Known::Absent(Why::Ambiguous)
    );
}

#[test]
fn two_pods_of_one_list_with_one_address_are_told_apart_when_one_goes() {
    let mut index = Index(Directory::new(PeerScope::Node));
    index.apply(0, Update::ListBegin(Source::Kubernetes));
    index.pod(1, pod("a", ADDRESS, 0));
    index.pod(2, pod("b", ADDRESS, 0));
    index.apply(3, Update::ListEnd(Source::Kubernetes));
    assert_eq!(index.uid(1_000), Err(Why::Ambiguous));
    index.gone(2_000, "a");
    assert_eq!(index.uid(2_000), Ok("b".to_owned()));
}

#[test]
fn what_runs_since_long_before_the_first_list_is_known_at_once() {
    let mut index = Index(Directory::new(PeerScope::Node));
    assert_eq!(index.uid(0), Err(Why::PeersNotWatched));
    let mut old = pod("a", ADDRESS, 0);
    old.created = Some(wall_s(0) - 7_200);
    old.running_since = Some(wall_s(0) - 7_100);
    index.apply(1_000, Update::ListBegin(Source::Kubernetes));
    index.pod(1_001, old);
    assert_eq!(index.uid(1_001), Err(Why::NotYetKnown));
    index.apply(1_002, Update::ListEnd(Source::Kubernetes));
    assert_eq!(index.uid(500), Ok("a".to_owned()));
    assert_eq!(index.uid(1_002), Ok("a".to_owned()));
}

#[test]
fn while_the_source_is_away_its_addresses_are_not_believed() {
    let mut index = Index::new(PeerScope::Cluster);
    index.pod(10_000, pod("a", ADDRESS, 9_000));
    index.apply(
        20_000,
        Update::Away(Source::Kubernetes, "refused".to_owned()),
    );
    assert_eq!(index.uid(14_999), Ok("a".to_owned()));
    assert_eq!(index.uid(15_000), Err(Why::KubernetesAway));
    let external = index.peer("203.0.113.9", 20_000);
    assert_eq!(external, Known::Absent(Why::KubernetesAway));
    assert!(index.0.pod("a").is_some(), "a uid is for ever");
    index.apply(30_000, Update::Back(Source::Kubernetes));
    assert_eq!(index.uid(25_000), Ok("a".to_owned()));
}

#[test]
fn what_a_list_does_not_name_went_since_the_source_was_last_heard() {
    let mut index = Index::new(PeerScope::Cluster);
    index.pod(10_000, pod("a", ADDRESS, 9_000));
    index.pod(20_000, pod("c", "10.1.0.8", 19_000));
    index.apply(40_000, Update::ListBegin(Source::Kubernetes));
    index.pod(40_001, pod("c", "10.1.0.8", 19_000));
    index.apply(40_002, Update::ListEnd(Source::Kubernetes));
    assert_eq!(index.uid(14_000), Ok("a".to_owned()));
    assert_eq!(index.uid(30_000), Err(Why::NotYetKnown));
    let other = index.peer("10.1.0.8", 30_000);
    assert!(matches!(other, Known::Value(Peer::Pod(pod, _)) if *pod.uid == *"c"));
}

#[test]
fn a_service_has_its_addresses() {
    let mut index = Index::new(PeerScope::Cluster);
    let service = Service {
        namespace: "default".into(),
        name: "web".into(),
        addresses: vec![ip("10.96.0.10"), ip("198.51.100.1")],
    };
    index.apply(1_000, Update::Service(service.clone()));
    let expected = Known::Value(Peer::Service(Arc::new(service)));
    assert_eq!(index.peer("198.51.100.1", 2_000), expected);
    index.apply(
        3_000,
        Update::ServiceGone {
            namespace: "default".into(),
            name: "web".into(),
        },
    );
    assert_eq!(index.peer("10.96.0.10", 2_500), expected);
    assert_eq!(
        index.peer("10.96.0.10", 3_500).why(),
        Some(Why::NotYetKnown)
    );
}

#[test]
fn containers_and_static_pods_are_found_by_every_id() {
    let container = |id: &str| PodContainer {
        id: id.into(),
        name: "main".into(),
        image: None,
    };
    let mut index = Index::new(PeerScope::Node);
    let mut runtime = pod("hash", ADDRESS, 0);
    runtime.containers = vec![container("c1"), container("c2")];
    index.apply(1_000, Update::Pod(Source::Cri, Arc::new(runtime)));
    let mut mirror = pod("hash", ADDRESS, 0);
    mirror.mirror_uid = Some("api-uid".into());
    mirror.containers = vec![container("c1")];
    index.pod(2_000, mirror);
    let (pod, found) = index.0.container("c2").unwrap();
    assert_eq!((&**pod.api_uid(), &*found.name), ("api-uid", "main"));
    assert_eq!(index.0.pod("api-uid"), index.0.pod("hash"));
    // The mirror is deleted and made anew, while the pod goes on.
    index.gone(3_000, "hash");
    assert_eq!(
        index.uid(3_500),
        Err(Why::NotYetKnown),
        "the runtime has no list yet"
    );
    assert!(index.0.pod("hash").is_some());
    index.apply(4_000, Update::PodGone(Source::Cri, "hash".into()));
    assert!(index.0.container("c1").is_some(), "late records");
    let later_ms = 4_000 + RETENTION_NS / 1_000_000 + 1;
    index.gone(later_ms, "none");
    assert!(index.0.container("c1").is_none());
    assert!(index.0.pod("api-uid").is_none());
}

#[test]
fn what_is_gone_is_bounded() {
    let mut index = Index::new(PeerScope::Node);
    let count = TOMBSTONES + 100;
    for number in 0..count {
        let address = format!("10.{}.{}.{}", number >> 16, number >> 8 & 255, number & 255);
        let uid = format!("pod-{number}");
        index.pod(1_000, pod(&uid, &address, 1_000));
        index.gone(1_001, &uid);
    }
    assert_eq!(index.0.pods.len(), TOMBSTONES);
}

#[test]
fn what_has_no_room_and_what_can_t_be_read_are_counted_apart() {
    let mut index = Index::new(PeerScope::Cluster);
    for number in 0..NAMED + 2 {
        let node = Node {
            name: format!("node-{number}").into(),
            addresses: Vec::new(),
        };
        index.apply(0, Update::Node(node));
    }
    assert_eq!(index.0.refused(), Refused { full: 2, unread: 0 });
    index.apply(0, Update::Unread(3));
    assert_eq!(index.0.refused(), Refused { full: 2, unread: 3 });
    let anybody = index.peer("203.0.113.9", 0);
    assert_eq!(anybody, Known::Absent(Why::IndexFull));
}
