//! Records are counted against what the clients counted, at full speed.

use crate::support::{
    auditor::{Auditor, Finished},
    nginx::Nginx,
    shell::run,
};

fn assert_exactly(finished: &Finished, port: u16, requests: usize) {
    finished.assert_nothing_lost();
    for direction in ["inbound", "outbound"] {
        let records = finished.http(direction, port);
        assert_eq!(records.len(), requests, "{direction}: {}", finished.stderr);
        for r in records {
            assert_eq!(r.text("url.path"), Some("/1k"));
            assert_eq!(r.int("http.response.status_code"), Some(200));
            assert_eq!(r.int("http.response.body.size"), Some(1024));
            assert!(r.list("auditor.capture.incomplete").is_empty());
        }
    }
}

#[test]
fn keep_alive_under_wrk() {
    const CONNECTIONS: usize = 32;
    let nginx = Nginx::start();
    let auditor = Auditor::start(&[]);
    let report = run("wrk", &["-t1", "-c32", "-d3s", &nginx.url("/1k")]);
    let finished = auditor.stop();
    finished.assert_nothing_lost();
    let counted = report.lines().find(|l| l.contains("requests in")).unwrap();
    let counted: usize = counted.split_whitespace().next().unwrap().parse().unwrap();
    for direction in ["inbound", "outbound"] {
        let whole = finished
            .http(direction, nginx.port)
            .into_iter()
            .filter(|r| r.int("http.response.status_code") == Some(200))
            .count();
        // wrk does not count what is in flight when it stops.
        let in_flight = whole.checked_sub(counted).unwrap();
        assert!(
            in_flight <= CONNECTIONS,
            "{direction}: {whole} of {counted}"
        );
    }
}

#[test]
fn a_connection_per_request_under_ab() {
    let nginx = Nginx::start();
    let auditor = Auditor::start(&[]);
    run("ab", &["-q", "-n", "5000", "-c", "8", &nginx.url("/1k")]);
    assert_exactly(&auditor.stop(), nginx.port, 5000);
}

#[test]
fn h2load_keep_alive_and_pipelined() {
    let nginx = Nginx::start();
    let auditor = Auditor::start(&[]);
    run(
        "h2load",
        &["--h1", "-n", "20000", "-c", "8", &nginx.url("/1k")],
    );
    run(
        "h2load",
        &[
            "--h1",
            "-n",
            "20000",
            "-c",
            "8",
            "-m",
            "4",
            &nginx.url("/1k"),
        ],
    );
    assert_exactly(&auditor.stop(), nginx.port, 40_000);
}

#[test]
fn python_on_ipv6() {
    let nginx = Nginx::start();
    let auditor = Auditor::start(&[]);
    let script = format!(
        "import http.client\nc=http.client.HTTPConnection('::1',{})\n\
         for i in range(1000):\n c.request('GET','/1k'); c.getresponse().read()\n",
        nginx.port
    );
    run("python3", &["-c", &script]);
    assert_exactly(&auditor.stop(), nginx.port, 1000);
}
