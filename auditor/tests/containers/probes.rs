//! Probes and scrapes of a pod are known as such, and told in sum with their exact number.

use std::process::Command;

use crate::rig::{PORT, Rig, ab, ab_as, serve};
use crate::support::auditor::Stopped;
use crate::support::process::succeed;
use crate::support::record::{HTTP, Record, Side};
use crate::support::temp::TempDir;

/// Enough that a client is still there when it is looked up.
const REQUESTS: u32 = 2_000;
const PROBE: &str = "kube-probe/1.30";
const SCRAPER: &str = "Prometheus/2.53.0";

/// What is alike goes into one record, and of each client's connections any worker may answer.
const MOST_SUMS: u64 = 4;

#[test]
fn probes_and_scrapes_are_told_in_sum_and_all_else_one_by_one() {
    let rig = Rig::start();
    let web = rig.pod("web").container("nginx", serve(PORT)).run();
    let client = rig.pod("client").idle("main").run();
    web.await_server(PORT);
    let folder = TempDir::new();
    let aggregate = b"aggregate:\n  classes: [health_probe, scrape]\n";
    let file = folder
        .write("auditor.yaml", aggregate)
        .display()
        .to_string();
    let auditor = rig.auditor_with(&["--config", &file]);
    let url = |path| format!("http://{}:{PORT}{path}", web.address);
    let probe = ab_as(PROBE, REQUESTS, &url("/healthz"));
    succeed(Command::new(&probe[0]).args(&probe[1..]));
    client.exec("main", &ab_as(SCRAPER, REQUESTS, &url("/metrics")));
    // Only the node itself probes: whoever else says so hides nothing.
    client.exec("main", &ab_as(PROBE, REQUESTS, &url("/claimed")));
    client.exec("main", &ab(REQUESTS, &url("/plain")));
    let stopped = auditor.stop();
    for side in Side::BOTH {
        for (path, class) in [("/healthz", "health_probe"), ("/metrics", "scrape")] {
            let told = Told::of(&stopped, side, path, Some(class));
            println!("{} {path}: {told:?}", side.as_str());
            assert_eq!(told.in_sum, u64::from(REQUESTS), "{} {path}", side.as_str());
            assert!((1..=MOST_SUMS).contains(&told.records), "{told:?}");
        }
        for (path, class) in [("/claimed", Some("health_probe")), ("/plain", None)] {
            let told = Told::of(&stopped, side, path, class);
            assert_eq!(told.in_sum, 0, "{} {path}", side.as_str());
            assert_eq!(
                told.records,
                u64::from(REQUESTS),
                "{} {path}",
                side.as_str()
            );
        }
    }
    assert_eq!(stopped.summary.get("aggregated"), 4 * u64::from(REQUESTS));
    stopped.assert_nothing_lost();
}

/// What the records of one path say.
#[derive(Debug, Default)]
struct Told {
    records: u64,
    in_sum: u64,
}

impl Told {
    #[track_caller]
    fn of(stopped: &Stopped, side: Side, path: &str, class: Option<&str>) -> Self {
        let of_path = |record: &Record| record.text("url.path") == Some(path);
        let mut told = Self::default();
        for record in stopped.records() {
            if record.is(HTTP, side) && of_path(&record) {
                assert_eq!(record.text("auditor.traffic.class"), class, "{record:#?}");
                told.records += 1;
                told.in_sum += record.int("auditor.aggregate.count").unwrap_or(0);
            }
        }
        told
    }
}
