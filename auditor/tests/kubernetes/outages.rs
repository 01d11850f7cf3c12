//! While the server can't be asked, that is said once; afterwards everything is known again.

use std::time::{Duration, Instant};

use auditor::config::PeerScope;

use crate::api::objects::{NODE, PODS, SECRET, pod};
use crate::api::server::Server;
use crate::follower::Follower;
use crate::temp::TempDir;

/// After which the client reads the file again.
const TOKEN_AGE: Duration = Duration::from_mins(1);

/// Between two tries.
const LONGEST_WAIT: Duration = Duration::from_secs(30);

fn is_away(follower: &Follower) -> bool {
    follower.has_told("Away(Kubernetes")
}

fn knows(name: &'static str) -> impl Fn(&Follower) -> bool {
    move |follower| follower.pod(name).is_some()
}

#[tokio::test]
async fn a_server_away_at_the_start_and_later_is_told_of_once_each_time() {
    let mut server = Server::start();
    server.put(PODS, pod("first", NODE, "10.1.0.1", None));
    server.go_away();
    let mut follower = Follower::of(&server, PeerScope::None).await;
    follower.until("an outage", is_away).await;
    follower.through(Duration::from_secs(3)).await;
    assert_eq!(follower.times_told("Away(Kubernetes"), 1);
    let reason = follower
        .told
        .iter()
        .find(|told| told.contains("Away(Kubernetes"));
    assert!(
        reason
            .expect("it was told")
            .contains("no connection: Connection refused"),
        "{reason:?}"
    );
    server.come_back();
    follower.until("a list", knows("first")).await;

    follower.through(Duration::from_secs(2)).await;
    server.go_away();
    let twice = |follower: &Follower| follower.times_told("Away(Kubernetes") == 2;
    follower.until("a second outage", twice).await;
    server.put(PODS, pod("meanwhile", NODE, "10.1.0.2", None));
    server.come_back();
    follower
        .until("what happened meanwhile", knows("meanwhile"))
        .await;
    let back = |follower: &Follower| follower.has_told("Back(Kubernetes)");
    follower.until("its return", back).await;
    assert_eq!(
        follower.times_told("ListEnd(Kubernetes)"),
        1,
        "it goes on where it was"
    );

    server.go_away();
    let thrice = |follower: &Follower| follower.times_told("Away(Kubernetes") == 3;
    follower.until("a third outage", thrice).await;
    server.delete(PODS, "shop/first");
    server.compact();
    server.come_back();
    let again = |follower: &Follower| follower.times_told("ListEnd(Kubernetes)") == 2;
    follower.until("a new list", again).await;
}

#[tokio::test]
async fn a_refusal_and_an_answer_by_another_are_outages_without_their_words() {
    let server = Server::start();
    server.put(PODS, pod("first", NODE, "10.1.0.1", None));
    server.refuse(PODS, 403);
    let mut follower = Follower::of(&server, PeerScope::None).await;
    let refused = |follower: &Follower| follower.has_told("403 Forbidden: bind the auditor's");
    follower.until("a refusal", refused).await;
    server.behave();
    follower.until("a list", knows("first")).await;

    let server = Server::start();
    server.put(PODS, pod("first", NODE, "10.1.0.1", None));
    server.answer_with(PODS, &format!("<html>{SECRET}</html>\n"));
    let mut follower = Follower::of(&server, PeerScope::None).await;
    follower.until("an outage", is_away).await;
    assert!(
        !follower.told.concat().contains(SECRET),
        "{:#?}",
        follower.told
    );
    server.behave();
    follower.until("a list", knows("first")).await;
}

#[tokio::test]
async fn a_slow_server_is_waited_for() {
    let server = Server::start();
    server.put(PODS, pod("first", NODE, "10.1.0.1", None));
    server.delay(Duration::from_secs(3));
    let begun = Instant::now();
    let mut follower = Follower::of(&server, PeerScope::None).await;
    follower.until("a list", knows("first")).await;
    assert!(begun.elapsed() < Duration::from_secs(8));
    assert!(!follower.has_told("Away"), "{:#?}", follower.told);
}

#[tokio::test]
async fn a_server_that_fails_at_once_is_not_hammered() {
    let server = Server::start();
    server.refuse(PODS, 500);
    let mut follower = Follower::of(&server, PeerScope::None).await;
    follower.through(Duration::from_secs(5)).await;
    let requests = server.requests(PODS).len();
    assert!((3..=10).contains(&requests), "{requests} in 5 s");
}

#[tokio::test]
async fn a_token_that_is_rotated_is_taken_from_its_file() {
    let folder = TempDir::new();
    let file = folder.path().join("token");
    let server = Server::start_with_token(&file, "the-first-token");
    server.put(PODS, pod("first", NODE, "10.1.0.1", None));
    let mut follower = Follower::of(&server, PeerScope::None).await;
    follower.until("a list", knows("first")).await;

    server.rotate_token(&file, "the-second-token");
    server.put(PODS, pod("meanwhile", NODE, "10.1.0.2", None));
    follower.until("a change", knows("meanwhile")).await;
    // A watch that ends sooner is a failure itself.
    follower.through(Duration::from_millis(1100)).await;
    server.break_off();
    follower.until("a refusal", is_away).await;
    server.put(PODS, pod("later", NODE, "10.1.0.3", None));
    let begun = Instant::now();
    while follower.pod("later").is_none() {
        assert!(begun.elapsed() < TOKEN_AGE + LONGEST_WAIT);
        follower.through(Duration::from_secs(1)).await;
    }
    let told = follower.told.concat();
    assert!(told.contains("401 Unauthorized"), "{told}");
    assert!(!told.contains("-token"), "{told}");
    let listed = follower.times_told("ListEnd(Kubernetes)");
    assert_eq!(listed, 1, "it goes on where it was");
}
