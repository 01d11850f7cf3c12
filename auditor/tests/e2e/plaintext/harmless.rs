//! What is probed does the same as ever, whatever becomes of the daemon.

use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{ARGUMENTS, await_probes};
use crate::support::auditor::Auditor;
use crate::support::process::succeed;
use crate::support::secure::{FILE, FILE_SIZE, SecureNginx};

/// Daemons that come and go during the load.
const DAEMONS: usize = 6;

/// Downloads the file again and again, on several connections, until its input ends; prints how
/// often, and every digest that it met.
const DOWNLOADS: &str = "
import hashlib, http.client, ssl, sys, threading
port, path = int(sys.argv[1]), sys.argv[2]
context = ssl._create_unverified_context()
stop, digests = threading.Event(), []
def load():
    client = http.client.HTTPSConnection('127.0.0.1', port, context=context)
    while not stop.is_set():
        client.request('GET', path)
        digests.append(hashlib.sha256(client.getresponse().read()).hexdigest())
threads = [threading.Thread(target=load) for _ in range(4)]
for thread in threads: thread.start()
sys.stdin.read()
stop.set()
for thread in threads: thread.join()
assert not [t for t in threads if t.is_alive()]
print(len(digests), *set(digests))
";

/// A load that goes on while daemons come and go.
struct Load(Child);

impl Load {
    fn start(port: u16) -> Self {
        let mut command = Command::new("python3");
        command.args(["-c", DOWNLOADS, &port.to_string(), FILE]);
        let piped = command.stdin(Stdio::piped()).stdout(Stdio::piped());
        Self(piped.spawn().expect("python3 is there"))
    }

    /// How many downloads there were, and the digests of what came.
    fn finish(mut self) -> (usize, Vec<String>) {
        drop(self.0.stdin.take());
        let output = self.0.wait_with_output().expect("it is a child");
        assert!(output.status.success(), "{}", output.status);
        let text = String::from_utf8(output.stdout).expect("it prints text");
        let mut words = text.split_whitespace().map(str::to_owned);
        let count = words.next().and_then(|count| count.parse().ok());
        (count.expect("a number"), words.collect())
    }
}

fn digest(server: &SecureNginx) -> String {
    let file = server.folder().join(&FILE[1..]);
    let said = succeed(Command::new("sha256sum").arg(file));
    said.text()[..64].to_owned()
}

fn assert_unharmed(end: impl Fn(Auditor)) {
    let server = SecureNginx::start();
    let load = Load::start(server.port);
    for number in 0..DAEMONS {
        let auditor = Auditor::start(ARGUMENTS);
        // Some end while probes are being set.
        if number % 2 == 0 {
            await_probes(&auditor);
            std::thread::sleep(Duration::from_millis(300));
        }
        end(auditor);
    }
    let (count, digests) = load.finish();
    assert_eq!(digests, [digest(&server)]);
    assert!(count > DAEMONS, "{count} downloads");
}

#[test]
fn daemons_that_are_killed_leave_downloads_as_they_are() {
    assert_unharmed(Auditor::kill);
}

#[test]
fn daemons_that_come_and_go_leave_downloads_as_they_are() {
    assert_unharmed(|auditor| {
        auditor.stop();
    });
}

#[test]
fn a_ring_that_is_too_small_loses_records_and_says_so() {
    let server = SecureNginx::start();
    let auditor = Auditor::start(&["--tls-plaintext", "--ring-bytes", "262144"]);
    await_probes(&auditor);
    let load = Load::start(server.port);
    std::thread::sleep(Duration::from_secs(2));
    let (count, digests) = load.finish();
    assert_eq!(digests, [digest(&server)]);
    let stopped = auditor.stop();
    for side in crate::support::record::Side::BOTH {
        let records = stopped.http(side, server.port);
        let whole = records.iter().filter(|record| {
            record.incomplete().is_empty()
                && record.int("http.response.body.size") == Some(FILE_SIZE as u64)
        });
        let whole = whole.count();
        assert!(whole <= count);
        let told = stopped
            .records()
            .any(|record| record.event_name == crate::support::record::LOSS);
        assert!(whole == count || told, "{whole} of {count}");
    }
}
