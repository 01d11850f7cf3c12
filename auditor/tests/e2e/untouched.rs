//! Traffic is the same with and without, and nothing stays behind.

use std::process::Command;

use crate::support::auditor::{Auditor, BINARY};
use crate::support::dialogue::exchange_with;
use crate::support::kernel::{self, Programs};
use crate::support::nginx::{AccessLog, KB, KB100, Nginx, OK};
use crate::support::process::finish;

/// What nginx answers to each of a few requests, without what changes with the clock.
fn answers(nginx: &Nginx) -> Vec<Vec<u8>> {
    let request =
        |path: &str| format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    [KB, KB100, OK, "/absent"]
        .map(|path| without_date(&exchange_with(nginx.connect(), request(path).as_bytes())))
        .into()
}

fn without_date(answer: &[u8]) -> Vec<u8> {
    let lines = answer.split_inclusive(|byte| *byte == b'\n');
    lines
        .filter(|line| !line.starts_with(b"Date: "))
        .flatten()
        .copied()
        .collect()
}

/// Starts an auditor and says which programs it brought.
fn start() -> (Auditor, Programs) {
    let auditor = Auditor::start(&[]);
    let programs = kernel::held_by(auditor.pid());
    assert_eq!(programs.len(), 7, "{programs:?}");
    assert!(programs.is_subset(&kernel::loaded()));
    assert!(programs.is_subset(&kernel::attached()));
    (auditor, programs)
}

#[test]
fn responses_are_the_same_byte_for_byte() {
    let nginx = Nginx::start(AccessLog::Off);
    let without = answers(&nginx);
    let auditor = Auditor::start(&[]);
    let with = answers(&nginx);
    auditor.stop().assert_nothing_lost();
    assert!(
        without
            .iter()
            .all(|answer| answer.starts_with(b"HTTP/1.1 "))
    );
    assert!(with == without);
}

#[test]
fn nothing_stays_attached_after_a_stop() {
    let (auditor, programs) = start();
    auditor.stop();
    kernel::await_gone(&programs);
}

#[test]
fn nothing_stays_attached_after_a_kill() {
    let (auditor, programs) = start();
    auditor.kill();
    kernel::await_gone(&programs);
}

/// With ever more descriptors allowed, the start fails at ever later points until it succeeds. With
/// less than the first number there is not even a runtime.
#[test]
fn nothing_stays_attached_after_a_start_that_failed() {
    let before = kernel::loaded();
    let mut failed = 0;
    for descriptors in 8..64 {
        let limit = format!("--nofile={descriptors}");
        let arguments = [
            "run",
            "--output",
            "json",
            "--duration",
            "1ms",
            "--no-journal",
        ];
        let mut command = Command::new("prlimit");
        let finished = finish(command.args([&limit, BINARY]).args(arguments));
        if finished.status.success() {
            break;
        }
        failed += 1;
        let code = finished.status.code();
        assert!(
            matches!(code, Some(1 | 3)),
            "{limit}: {code:?}: {}",
            finished.stderr
        );
        assert!(
            !finished.stderr.contains("panicked"),
            "{limit}: {}",
            finished.stderr
        );
    }
    assert!((1..56).contains(&failed), "{failed} starts failed");
    let left: Programs = kernel::loaded().difference(&before).copied().collect();
    kernel::await_gone(&left);
}
