//! Clients that count what they did.

use std::process::Command;

use super::process::{Finished, succeed};

/// `curl` with these arguments, quiet.
pub(crate) fn curl(arguments: &[&str]) -> Finished {
    succeed(Command::new("curl").arg("--silent").args(arguments))
}

/// Requests on connections that stay, for two seconds. Those in flight at the end, at most one a
/// connection, are not counted.
pub(crate) fn wrk(url: &str, connections: u32) -> u64 {
    let connections = connections.to_string();
    let arguments = ["-t1", "-d2s", "-c", &connections, url];
    let finished = succeed(Command::new("wrk").args(arguments));
    let text = finished.text();
    assert!(!text.contains("Socket errors"), "{text}");
    assert!(!text.contains("Non-2xx"), "{text}");
    number_before(text, " requests in ")
}

/// Requests on a connection each.
pub(crate) fn ab(url: &str, requests: u32) {
    let wanted = requests.to_string();
    let finished = succeed(Command::new("ab").args(["-q", "-n", &wanted, "-c", "16", url]));
    let text = finished.text();
    let figure = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name));
        line.map(str::trim).map(str::to_owned)
    };
    assert_eq!(figure("Complete requests:"), Some(wanted), "{text}");
    assert_eq!(figure("Failed requests:").as_deref(), Some("0"), "{text}");
}

/// Requests on 16 connections that stay, `ahead` of them sent before the first is answered.
pub(crate) fn h2load(url: &str, requests: u32, ahead: u32) {
    let (wanted, ahead) = (requests.to_string(), ahead.to_string());
    let arguments = ["--h1", "-t1", "-c16", "-n", &wanted, "-m", &ahead, url];
    let finished = succeed(Command::new("h2load").args(arguments));
    let text = finished.text();
    assert_eq!(
        number_before(text, " succeeded"),
        u64::from(requests),
        "{text}"
    );
}

/// Requests in HTTP/2 on four connections that stay, `streams` of them at a time on each.
pub(crate) fn h2load_http2(url: &str, requests: u32, streams: u32) {
    let (wanted, streams) = (requests.to_string(), streams.to_string());
    let arguments = ["-t1", "-c4", "-n", &wanted, "-m", &streams, url];
    let finished = succeed(Command::new("h2load").args(arguments));
    let text = finished.text();
    assert_eq!(
        number_before(text, " succeeded"),
        u64::from(requests),
        "{text}"
    );
}

/// Requests by Python's `http.client`, on one connection.
pub(crate) fn python(port: u16, path: &str, requests: u32) {
    const SCRIPT: &str = "
import http.client, sys
port, path, requests = int(sys.argv[1]), sys.argv[2], int(sys.argv[3])
connection = http.client.HTTPConnection('127.0.0.1', port)
for _ in range(requests):
    connection.request('GET', path)
    response = connection.getresponse()
    assert response.status == 200, response.status
    response.read()
connection.close()
";
    let (port, requests) = (port.to_string(), requests.to_string());
    succeed(Command::new("python3").args(["-c", SCRIPT, &port, path, &requests]));
}

/// The number that stands right before these words.
fn number_before(text: &str, words: &str) -> u64 {
    let (before, _) = text.split_once(words).unwrap_or_else(|| panic!("{text}"));
    let number = before.rsplit(|c: char| !c.is_ascii_digit()).next();
    number
        .and_then(|n| n.parse().ok())
        .unwrap_or_else(|| panic!("{text}"))
}
