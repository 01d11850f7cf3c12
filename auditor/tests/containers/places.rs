//! Wherever the ends of a request are on the node, its records name the right ones.

use std::process::Command;

use crate::rig::{GATEWAY, PORT, Rig, Server, ab, serve};
use crate::sides::{End, assert_named};
use crate::support::process::succeed;

/// For each pair of places; more than 10,000 in all.
const REQUESTS: u32 = 1_700;

const HOST_PORT: u16 = 18_781;
const HOST_NETWORK_PORT: u16 = 18_782;

#[test]
fn every_request_has_the_right_pod_on_both_ends() {
    let rig = Rig::start();
    let web = rig.pod("web").container("nginx", serve(PORT)).run();
    let client = rig.pod("client").idle("main").idle("other").run();
    let agent = rig.pod("agent").on_host_network();
    let agent = agent
        .container("nginx", serve(HOST_NETWORK_PORT))
        .idle("probe")
        .run();
    let debug = rig.pod("debug").with_host_pids().idle("shell").run();
    let _server = Server::start(HOST_PORT);
    web.await_server(PORT);
    agent.await_server(HOST_NETWORK_PORT);
    let auditor = rig.auditor();

    let nginx = End::In(&web, "nginx");
    let to_web = format!("http://{}:{PORT}", web.address);
    let to_host = format!("http://{GATEWAY}:{HOST_PORT}");
    let to_host_network = format!("http://{GATEWAY}:{HOST_NETWORK_PORT}");
    let cases = [
        ("/pod-to-pod", &to_web, End::In(&client, "main"), nginx),
        (
            "/other-container",
            &to_web,
            End::In(&client, "other"),
            nginx,
        ),
        ("/host-to-pod", &to_web, End::Outside, nginx),
        (
            "/pod-to-host",
            &to_host,
            End::In(&client, "main"),
            End::Outside,
        ),
        (
            "/host-network-to-pod",
            &to_web,
            End::In(&agent, "probe"),
            nginx,
        ),
        (
            "/pod-to-host-network",
            &to_host_network,
            End::In(&client, "main"),
            End::In(&agent, "nginx"),
        ),
        (
            "/host-pids-to-pod",
            &to_web,
            End::In(&debug, "shell"),
            nginx,
        ),
    ];
    for (path, url, client, _) in cases {
        let command = ab(REQUESTS, &format!("{url}{path}"));
        match client {
            End::In(pod, container) => pod.exec(container, &command),
            End::Outside => drop(succeed(Command::new(&command[0]).args(&command[1..]))),
        }
    }
    let stopped = auditor.stop();
    for (path, _, client, server) in cases {
        assert_named(&stopped, path, REQUESTS, client, server);
    }
    stopped.assert_nothing_lost();
}

#[test]
fn pods_that_crun_made_are_named_as_well() {
    let rig = Rig::start();
    let web = rig.pod("web").by_crun();
    let web = web.container("nginx", serve(PORT)).run();
    let client = rig.pod("client").by_crun().idle("main").run();
    web.await_server(PORT);
    let auditor = rig.auditor();
    let url = format!("http://{}:{PORT}/crun", web.address);
    client.exec("main", &ab(1_000, &url));
    let stopped = auditor.stop();
    let ends = (End::In(&client, "main"), End::In(&web, "nginx"));
    assert_named(&stopped, "/crun", 1_000, ends.0, ends.1);
    stopped.assert_nothing_lost();
}
