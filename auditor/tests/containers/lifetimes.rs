//! Pods that come and go while the auditor runs: who sent a request is known after its end.

use std::process::Command;
use std::time::Instant;

use jiff::SignedDuration;

use crate::rig::{PORT, Rig, ab, serve};
use crate::sides::{End, assert_named};
use crate::support::auditor::Stopped;
use crate::support::process::succeed;
use crate::support::record::{HTTP, Record, Side};

const REQUESTS: u32 = 100;

#[test]
fn an_init_container_and_the_one_that_follows_are_two() {
    let rig = Rig::start();
    let web = rig.pod("web").container("nginx", serve(PORT)).run();
    web.await_server(PORT);
    let auditor = rig.auditor();
    let url = format!("http://{}:{PORT}", web.address);
    let pod = rig.pod("job");
    let pod = pod.init_container("prepare", ab(REQUESTS, &format!("{url}/init")));
    let pod = pod.idle("main").run();
    pod.exec("main", &ab(REQUESTS, &format!("{url}/main")));
    let stopped = auditor.stop();
    let nginx = End::In(&web, "nginx");
    assert_named(&stopped, "/init", REQUESTS, End::In(&pod, "prepare"), nginx);
    assert_named(&stopped, "/main", REQUESTS, End::In(&pod, "main"), nginx);
    stopped.assert_nothing_lost();
}

#[test]
fn a_container_that_lives_for_300_ms_is_known() {
    let rig = Rig::start();
    let web = rig.pod("web").container("nginx", serve(PORT)).run();
    web.await_server(PORT);
    let auditor = rig.auditor();
    let url = format!("http://{}:{PORT}/short", web.address);
    let client = format!("{} && sleep 0.2", ab(REQUESTS, &url).join(" "));
    let client = ["sh", "-c", &client].map(str::to_owned).to_vec();
    let pod = rig.pod("short").init_container("main", client).run();
    let gone = pod.remove();
    let stopped = auditor.stop();
    let client = End::In(&gone, "main");
    assert_named(&stopped, "/short", REQUESTS, client, End::In(&web, "nginx"));
    stopped.assert_nothing_lost();
}

#[test]
fn a_pod_that_comes_after_a_restart_of_the_runtime_is_known() {
    let rig = Rig::start();
    let web = rig.pod("web").container("nginx", serve(PORT)).run();
    let old = rig.pod("old").idle("main").run();
    web.await_server(PORT);
    let auditor = rig.auditor();
    rig.restart();
    let new = rig.pod("new").idle("main").run();
    let url = format!("http://{}:{PORT}", web.address);
    old.exec("main", &ab(REQUESTS, &format!("{url}/old")));
    new.exec("main", &ab(REQUESTS, &format!("{url}/new")));
    let stopped = auditor.stop();
    let nginx = End::In(&web, "nginx");
    assert_named(&stopped, "/old", REQUESTS, End::In(&old, "main"), nginx);
    assert_named(&stopped, "/new", REQUESTS, End::In(&new, "main"), nginx);
    stopped.assert_nothing_lost();
}

#[test]
fn an_address_that_goes_to_another_pod_at_once_belongs_to_either_in_its_time() {
    let rig = Rig::start_with(1);
    let client = rig.pod("client").on_host_network().idle("main").run();
    let auditor = rig.auditor();
    let first = rig.pod("first").container("nginx", serve(PORT)).run();
    first.await_server(PORT);
    let url = format!("http://{}:{PORT}", first.address);
    client.exec("main", &ab(REQUESTS, &format!("{url}/first")));
    let start = Instant::now();
    let first = first.remove();
    let second = rig.pod("second").container("nginx", serve(PORT)).run();
    second.await_server(PORT);
    println!("the address serves again after {:?}", start.elapsed());
    assert_eq!(second.address, first.address);
    client.exec("main", &ab(REQUESTS, &format!("{url}/second")));
    let stopped = auditor.stop();
    let client = End::In(&client, "main");
    assert_named(
        &stopped,
        "/first",
        REQUESTS,
        client,
        End::In(&first, "nginx"),
    );
    assert_named(
        &stopped,
        "/second",
        REQUESTS,
        client,
        End::In(&second, "nginx"),
    );
    stopped.assert_nothing_lost();
}

#[test]
fn an_address_that_moves_within_a_second_belongs_to_either_in_its_time() {
    let rig = Rig::start();
    let [first, second] = ["first", "second"].map(|name| {
        let pod = rig.pod(name).container("nginx", serve(PORT)).run();
        pod.await_server(PORT);
        pod
    });
    let auditor = rig.auditor();
    let url = format!("http://{}:{PORT}", first.address);
    let [before, after] = ["before", "after"].map(|path| {
        let command = ab(REQUESTS, &format!("{url}/{path}"));
        command.join(" ")
    });
    let moves = first.address_to(&second);
    let script = format!("{before} && {moves} && {after}");
    succeed(Command::new("sh").args(["-c", &script]));
    let stopped = auditor.stop();
    let of = |pod| End::In(pod, "nginx");
    assert_named(&stopped, "/before", REQUESTS, End::Outside, of(&first));
    assert_named(&stopped, "/after", REQUESTS, End::Outside, of(&second));
    let last = inbound(&stopped, "/before")
        .map(|record| record.time())
        .max();
    let next = inbound(&stopped, "/after")
        .map(|record| record.time())
        .min();
    let gap = next.unwrap().duration_since(last.unwrap());
    println!("the address is the other's after {gap:?}");
    assert!(gap < SignedDuration::from_secs(1));
    stopped.assert_nothing_lost();
}

fn inbound(stopped: &Stopped, path: &str) -> impl Iterator<Item = Record> {
    let of_path = move |record: &Record| record.text("url.path") == Some(path);
    let records = stopped.records();
    records.filter(move |record| record.is(HTTP, Side::Inbound) && of_path(record))
}
