//! Workloads nothing of which is in scope: the kernel programs pass them by, until they are wanted.

use crate::support::auditor::Auditor;
use crate::support::client::curl;
use crate::support::dialogue::{Dialogue, Stage};
use crate::support::group::Group;
use crate::support::ports;
use crate::support::record::Side;
use crate::support::temp::TempDir;
use crate::support::until::until;

fn exchange(dialogue: &mut Dialogue, path: &str) {
    dialogue.ask(format!("GET /{path} HTTP/1.1\r\nHost: a\r\n\r\n"));
    dialogue.answer("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
}

/// Once it is known that a unit is excluded, its packets cost next to nothing; when the scope
/// changes, the same connection is recorded again.
#[test]
fn a_unit_out_of_scope_is_passed_by_until_it_is_wanted() {
    const LEFT_OUT: u64 = 500;
    let _group = Group::enter("left-out-test.service");
    let folder = TempDir::new();
    let file = folder.write("auditor.yaml", b"exclude: [service=left-out-test]\n");
    let file = file.to_str().expect("the folder's name is text");
    let metrics = format!("127.0.0.1:{}", ports::free());
    let auditor = Auditor::start(&["--config", file, "--metrics-address", &metrics]);
    let metric = |line: &str| {
        let scraped = curl(&[&format!("http://{metrics}/metrics")]);
        scraped.text().contains(line).then_some(())
    };
    let stage = Stage::new();
    let mut dialogue = stage.dialogue();
    exchange(&mut dialogue, "first");
    until("the unit is left out", || {
        metric("auditor_workloads_left_out 1\n")
    });
    for _ in 0..LEFT_OUT {
        exchange(&mut dialogue, "left-out");
    }

    folder.write("auditor.yaml", b"{}\n");
    until("the unit is wanted", || {
        metric("auditor_workloads_left_out 0\n")
    });
    exchange(&mut dialogue, "lost");
    exchange(&mut dialogue, "again");
    drop(dialogue);
    let stopped = auditor.stop();
    let segments = stopped.kernel.get("segments");
    assert!(segments < LEFT_OUT, "{:?}", stopped.kernel);
    for side in Side::BOTH {
        let paths = stopped.http(side, stage.port);
        let paths: Vec<_> = paths.iter().filter_map(|r| r.text("url.path")).collect();
        assert!(paths.contains(&"/again"), "{paths:?}");
        assert!(!paths.contains(&"/left-out"), "{paths:?}");
        assert!(!paths.contains(&"/first"), "{paths:?}");
    }
    stopped.assert_nothing_lost();
}
