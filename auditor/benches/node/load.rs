//! Who asks: wrk, or h2load where wrk cannot, for a while.

use std::{fs, process::Command};

use crate::{
    server::{LARGE, SMALL},
    support::{process::succeed, temp::TempDir},
};

/// A kind of traffic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Load {
    /// Small files on connections that are kept.
    KeepAlive,
    /// A connection for each.
    Connections,
    Http2,
    Tls,
    /// Files of a megabyte.
    Large,
    /// Small files at half the rate that the same clients reach with nothing.
    Steady(u32),
}

/// What the clients counted.
pub struct Answered {
    pub requests: u64,
    /// Microseconds; only of a steady load.
    pub p50: Option<f64>,
    pub p99: Option<f64>,
}

/// Ports of who answers.
#[derive(Clone, Copy)]
pub struct Ports {
    pub http1: u16,
    pub http2: u16,
    pub tls: u16,
}

impl Load {
    pub const SATURATING: [Self; 5] = [
        Self::KeepAlive,
        Self::Connections,
        Self::Http2,
        Self::Tls,
        Self::Large,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::KeepAlive => "keep-alive",
            Self::Connections => "connection per request",
            Self::Http2 => "HTTP/2",
            Self::Tls => "TLS keep-alive",
            Self::Large => "1 MiB bodies",
            Self::Steady(_) => "half load",
        }
    }

    /// Asks for so many seconds.
    pub fn run(self, ports: Ports, seconds: u32) -> Answered {
        let url = |scheme, port, path| format!("{scheme}://127.0.0.1:{port}{path}");
        match self {
            Self::KeepAlive => wrk(&url("http", ports.http1, SMALL), &[], seconds),
            Self::Connections => wrk(
                &url("http", ports.http1, SMALL),
                &["-H", "Connection: close"],
                seconds,
            ),
            Self::Tls => wrk(&url("https", ports.tls, SMALL), &[], seconds),
            Self::Large => wrk(&url("http", ports.http1, LARGE), &[], seconds),
            Self::Http2 => {
                let mut command = h2load(seconds);
                command.args(["-c", "8", "-m", "16"]);
                command.arg(url("http", ports.http2, SMALL));
                h2load_result(&mut command)
            }
            Self::Steady(rate) => steady(&url("http", ports.http1, SMALL), rate, seconds),
        }
    }
}

fn wrk(url: &str, arguments: &[&str], seconds: u32) -> Answered {
    let mut command = Command::new("wrk");
    command.args(["-t1", "-c32", &format!("-d{seconds}s")]);
    command.args(arguments).arg(url);
    let output = succeed(&mut command);
    let text = output.text();
    assert!(!text.contains("Non-2xx"), "{text}");
    let line = text.lines().find(|line| line.contains(" requests in "));
    let count = line.and_then(|line| line.split_whitespace().next()?.parse().ok());
    Answered {
        requests: count.unwrap_or_else(|| panic!("wrk counts: {text}")),
        p50: None,
        p99: None,
    }
}

fn h2load(seconds: u32) -> Command {
    let mut command = Command::new("h2load");
    command.args(["-t1", &format!("--duration={seconds}")]);
    command
}

fn h2load_result(command: &mut Command) -> Answered {
    let output = succeed(command);
    let text = output.text();
    // requests: 1 total, 1 started, 1 done, 1 succeeded, 0 failed, …
    let line = text.lines().find(|line| line.starts_with("requests: "));
    let count = line.and_then(|line| {
        let succeeded = line.split(", ").find(|part| part.ends_with(" succeeded"))?;
        succeeded.split_whitespace().next()?.parse().ok()
    });
    Answered {
        requests: count.unwrap_or_else(|| panic!("h2load counts: {text}")),
        p50: None,
        p99: None,
    }
}

/// Clients that keep to a rate, together.
const CLIENTS: u32 = 16;

/// Requests a second that such clients reach where they keep to none.
pub fn capacity(ports: Ports, seconds: u32) -> f64 {
    let mut command = h2load(seconds);
    command.args(["--h1", "-c", &CLIENTS.to_string()]);
    command.arg(format!("http://127.0.0.1:{}{SMALL}", ports.http1));
    h2load_result(&mut command).requests as f64 / f64::from(seconds)
}

/// h2load keeps to a rate, and tells how long each request took.
fn steady(url: &str, rate: u32, seconds: u32) -> Answered {
    let folder = TempDir::new();
    let log = folder.path().join("times");
    let mut command = h2load(seconds);
    command.args(["--h1", "-c", &CLIENTS.to_string()]);
    command.args(["--rps", &(rate / CLIENTS).to_string()]);
    command.arg("--log-file").arg(&log).arg(url);
    let answered = h2load_result(&mut command);
    let text = fs::read_to_string(&log).expect("h2load writes its log");
    let times = text.lines().filter_map(|line| line.split('\t').nth(2));
    let mut times: Vec<f64> = times.filter_map(|time| time.parse().ok()).collect();
    times.sort_by(f64::total_cmp);
    let at = |part: f64| times.get((times.len() as f64 * part) as usize).copied();
    Answered {
        p50: at(0.5),
        p99: at(0.99),
        ..answered
    }
}
