//! What is shipped works: the image's files, the manifest's privileges and mounts, the profile.

use crate::rig::{PORT, Rig, ab, serve};
use crate::sides::{End, assert_named};

const REQUESTS: u32 = 500;

#[test]
fn the_image_as_the_manifest_runs_it_audits_other_containers() {
    let rig = Rig::start();
    let web = rig.pod("web").container("nginx", serve(PORT)).run();
    let client = rig.pod("client").idle("main").run();
    web.await_server(PORT);
    let auditor = rig.shipped_auditor();

    assert_eq!(rig.probe("/readyz"), "ready");
    // DAC_READ_SEARCH, NET_ADMIN, SYS_PTRACE, PERFMON, BPF, under a filter, and never more.
    let status = rig.auditor_status();
    for line in [
        "CapEff:\t000000c000081004",
        "CapBnd:\t000000c000081004",
        "NoNewPrivs:\t1",
        "Seccomp:\t2",
    ] {
        assert!(status.contains(line), "no {line}: {status}");
    }

    let url = format!("http://{}:{PORT}/shipped", web.address);
    client.exec("main", &ab(REQUESTS, &url));
    let log = auditor.log();
    let stopped = auditor.stop();
    let (client, server) = (End::In(&client, "main"), End::In(&web, "nginx"));
    assert_named(&stopped, "/shipped", REQUESTS, client, server);
    assert_eq!(stopped.summary.get("lost"), 0);
    assert!(!log.contains("only a part"), "{log}");
    assert!(!log.contains("can't be looked at"), "{log}");
    let journal = stopped.line("journal: ");
    assert_eq!(journal.get("durable"), stopped.summary.get("records"));
}
