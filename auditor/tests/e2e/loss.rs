//! What does not fit is counted, exactly.

use crate::support::{auditor::Auditor, nginx::Nginx, shell::run};

#[test]
fn with_a_tiny_ring_records_and_reported_loss_are_all_requests() {
    const REQUESTS: u64 = 30_000;
    let nginx = Nginx::start();
    let auditor = Auditor::start(&["--ring-bytes", "65536"]);
    run(
        "h2load",
        &["--h1", "-n", "30000", "-c", "8", &nginx.url("/1k")],
    );
    let finished = auditor.stop();
    for direction in ["inbound", "outbound"] {
        let recorded = finished.http(direction, nginx.port).len() as u64;
        // Everything else on the node is quiet: what was lost was lost here.
        let lost: u64 = finished
            .records
            .iter()
            .filter(|r| {
                r.event() == "auditor.loss" && r.text("auditor.direction") == Some(direction)
            })
            .map(|r| r.int("auditor.loss.count").unwrap())
            .sum();
        assert!(lost > 0, "{direction}: the ring was not too small");
        assert_eq!(
            recorded + lost,
            REQUESTS,
            "{direction}: {recorded} + {lost}\n{}",
            finished.stderr
        );
    }
}
