//! However a list comes and whatever interrupts it, the directory ends up with what is there.

use std::time::Duration;

use auditor::config::PeerScope;

use crate::api::objects::{NAMESPACES, NODE, PODS, SECRET, namespace, pod};
use crate::api::server::{Lists, Server};
use crate::follower::Follower;

const MANY: usize = 5_000;

fn server_with_many() -> Server {
    let server = Server::start();
    for number in 0..MANY {
        let address = format!(
            "10.{}.{}.{}",
            1 + number / 62_500,
            number / 250 % 250,
            number % 250
        );
        server.put(PODS, pod(&format!("pod-{number}"), NODE, &address, None));
    }
    server.put(PODS, pod("elsewhere", "node-2", "10.9.9.9", None));
    server
}

fn knows_many(follower: &Follower) -> bool {
    let known = |number| follower.pod(&format!("pod-{number}")).is_some();
    // It is asked after each of thousands of updates: a comparison, not a search.
    let listed = follower
        .told
        .iter()
        .any(|told| told == "ListEnd(Kubernetes)");
    listed && (0..MANY).all(known)
}

#[tokio::test]
async fn many_pods_come_as_a_stream_and_stay_up_to_date() {
    let server = server_with_many();
    let mut follower = Follower::of(&server, PeerScope::None).await;
    follower.until("a list of all", knows_many).await;
    assert!(follower.pod("elsewhere").is_none(), "not of this node");
    let watches = server.requests(PODS);
    assert_eq!(watches.len(), 1, "{watches:?}");

    server.put(PODS, pod("late", NODE, "10.7.0.1", None));
    server.delete(PODS, "shop/pod-17");
    let gone = |follower: &Follower| follower.has_told("PodGone(Kubernetes, \"uid-of-pod-17\")");
    follower.until("an end", gone).await;
    let late = follower.pod("late").expect("it was told");
    assert_eq!((&*late.namespace, &*late.name), ("shop", "late"));
    assert_eq!(&*late.containers[0].id, "id-of-late");
    assert!(late.created.is_some() && late.running_since.is_some());
    assert!(follower.pod("pod-17").is_some(), "late records still ask");
    assert!(!follower.told.concat().contains(SECRET), "stripped");
}

#[tokio::test]
async fn servers_that_do_not_stream_lists_give_pages() {
    for lists in [Lists::Refused, Lists::Ignored] {
        let server = server_with_many();
        server.set_lists(lists);
        let mut follower = Follower::of(&server, PeerScope::None).await;
        if lists == Lists::Ignored {
            // The first bookmark, of the sixty that a server gives in an hour.
            let begun = |follower: &Follower| follower.pod("pod-0").is_some();
            follower.until("a watch", begun).await;
            server.bookmark();
        }
        follower.until("a list of all", knows_many).await;
        let pages = server.requests(PODS);
        let pages = pages.iter().filter(|uri| uri.contains("continue="));
        assert!(pages.count() >= MANY / 200 - 1);
        server.put(PODS, pod("late", NODE, "10.7.0.1", None));
        follower
            .until("a change", |follower| follower.pod("late").is_some())
            .await;
    }
}

#[tokio::test]
async fn a_version_that_is_no_longer_kept_leads_to_a_new_list() {
    let server = Server::start();
    server.put(PODS, pod("stays", NODE, "10.1.0.1", None));
    server.put(PODS, pod("goes", NODE, "10.1.0.2", None));
    let mut follower = Follower::of(&server, PeerScope::Node).await;
    let listed =
        |times| move |follower: &Follower| follower.times_told("ListEnd(Kubernetes)") == times;
    follower.until("a list", listed(1)).await;
    assert!(follower.peer("10.1.0.2").value().is_some());

    // A watch that ends sooner is a failure.
    follower.through(Duration::from_millis(1100)).await;
    // Expired when the watch is made anew, with a deletion that no event tells of.
    server.break_off();
    server.delete(PODS, "shop/goes");
    server.put(PODS, pod("comes", NODE, "10.1.0.3", None));
    server.compact();
    follower.until("a second list", listed(2)).await;
    assert!(follower.peer("10.1.0.2").value().is_none());
    assert!(follower.pod("comes").is_some());

    // Expired while the watch goes on.
    server.compact();
    server.expire();
    follower.until("a third list", listed(3)).await;
    assert!(
        !follower.has_told("Away"),
        "nothing was away: {:#?}",
        follower.told
    );
}

#[tokio::test]
async fn a_watch_that_breaks_off_in_an_object_goes_on_where_it_was() {
    let server = Server::start();
    server.put(PODS, pod("a", NODE, "10.1.0.1", None));
    let mut follower = Follower::of(&server, PeerScope::None).await;
    let listed = |follower: &Follower| follower.has_told("ListEnd(Kubernetes)");
    follower.until("a list", listed).await;
    server.put(NAMESPACES, namespace("other", None));
    server.bookmark();
    for round in 0..3 {
        follower.through(Duration::from_millis(1100)).await;
        server.break_off();
        let name = format!("late-{round}");
        server.put(PODS, pod(&name, NODE, &format!("10.1.1.{round}"), None));
        let known = |follower: &Follower| follower.pod(&name).is_some();
        follower.until("what happened meanwhile", known).await;
    }
    assert_eq!(follower.times_told("ListBegin(Kubernetes)"), 1);
    assert!(
        !follower.has_told("Away(Kubernetes"),
        "{:#?}",
        follower.told
    );
    let goes_on = server.requests(PODS).pop().expect("a request");
    assert!(!goes_on.contains("sendInitialEvents"), "{goes_on}");
}

#[tokio::test]
async fn an_object_that_is_huge_or_no_object_is_passed_over_and_told() {
    let server = Server::start();
    let mut huge = pod("huge", NODE, "10.1.0.1", None);
    huge["metadata"]["annotations"]["huge"] = SECRET.repeat(1_000_000).into();
    server.put(PODS, huge);
    let mut odd = pod("odd", NODE, "10.1.0.2", None);
    odd["status"]["podIPs"] = "10.1.0.2".into();
    server.put(PODS, odd);
    server.put(PODS, pod("plain", NODE, "10.1.0.3", None));
    let mut follower = Follower::of(&server, PeerScope::None).await;
    let listed = |follower: &Follower| follower.has_told("ListEnd(Kubernetes)");
    follower.until("a list", listed).await;
    assert!(follower.pod("plain").is_some());
    assert!(follower.has_told("Unread(2)"), "{:#?}", follower.told);

    // In a watch it may be any change, so a list is made.
    server.say(
        PODS,
        &format!("{{\"type\": \"MODIFIED\", \"object\": {SECRET:?}}}"),
    );
    let twice = |follower: &Follower| follower.times_told("ListEnd(Kubernetes)") == 2;
    follower.until("a second list", twice).await;
    assert!(!follower.told.concat().contains(SECRET));
}

#[tokio::test]
async fn the_label_of_a_namespace_counts_for_pods_without_one() {
    let server = Server::start();
    server.put(NAMESPACES, namespace("shop", Some("off")));
    server.put(NAMESPACES, namespace("bank", None));
    server.put(PODS, pod("web", NODE, "10.1.0.1", None));
    let mut own = pod("own", NODE, "10.1.0.2", None);
    own["metadata"]["labels"]["auditor.dev/audit"] = "full".into();
    server.put(PODS, own);
    let mut follower = Follower::of(&server, PeerScope::None).await;
    let audit = |follower: &Follower, pod: &str| {
        let pod = follower.pod(pod)?;
        Some(format!("{:?}", follower.directory.audit(pod)))
    };
    let is = |scope: &'static str| {
        move |follower: &Follower| audit(follower, "web").as_deref() == Some(scope)
    };
    follower.until("the label", is("Off")).await;
    let own = |follower: &Follower| audit(follower, "own").as_deref() == Some("Full");
    follower.until("the pod's own label", own).await;
    assert!(
        !follower.has_told("\"bank\""),
        "only those with the label are asked for"
    );

    server.put(NAMESPACES, namespace("shop", Some("connections")));
    follower.until("another label", is("Connections")).await;
    server.put(NAMESPACES, namespace("shop", None));
    follower.until("no label", is("Full")).await;
    server.put(NAMESPACES, namespace("shop", Some("none of these")));
    server.put(NAMESPACES, namespace("shop", Some("off")));
    follower.until("the label again", is("Off")).await;
    server.delete(NAMESPACES, "shop");
    follower.until("no namespace", is("Full")).await;
}
