//! HTTP inside TLS, by probes in OpenSSL.

use std::process::Command;

use serde_json::json;

use crate::support::auditor::{Auditor, Stopped};
use crate::support::node::node;
use crate::support::process::{Process, succeed};
use crate::support::record::{Record, Side};
use crate::support::secure::SecureNginx;
use crate::support::until::until;
use crate::support::{certificates::Certificates, ports};

mod harmless;

const ARGUMENTS: &[&str] = &["--tls-plaintext"];
const CONNECTIONS: usize = 8;
const REQUESTS: usize = 125;

/// Asks so many times on each of so many connections at once, each path with the port that it is
/// asked from, and checks every answer.
const CLIENT: &str = "
import http.client, ssl, sys, threading
port, connections, requests = map(int, sys.argv[1:4])
context = ssl._create_unverified_context()
done = []
def ask():
    client = http.client.HTTPSConnection('127.0.0.1', port, context=context)
    client.connect()
    own = client.sock.getsockname()[1]
    for i in range(requests):
        client.request('GET', f'/{own}/{i}')
        assert client.getresponse().read() == b'ok'
    client.close()
    done.append(own)
threads = [threading.Thread(target=ask) for _ in range(connections)]
for thread in threads: thread.start()
for thread in threads: thread.join()
assert len(done) == connections
";

/// `http.server`, for connections that stay open, with TLS by `ssl`.
const SERVER: &str = "
import http.server, ssl, sys
class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = 'HTTP/1.1'
    def do_GET(self):
        self.send_response(200)
        self.send_header('Content-Length', '2')
        self.end_headers()
        self.wfile.write(b'ok')
    def log_message(self, *_):
        pass
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain(sys.argv[2] + '/server.pem', sys.argv[2] + '/server.key')
server = http.server.ThreadingHTTPServer(('127.0.0.1', int(sys.argv[1])), Handler)
server.socket = context.wrap_socket(server.socket, server_side=True)
server.serve_forever()
";

/// Node hands OpenSSL its bytes by memory, and has it within unless a distribution takes it out.
const NODE: &str = "
const [port, folder] = process.argv.slice(1);
const read = (name) => require('fs').readFileSync(folder + '/' + name);
const options = { key: read('server.key'), cert: read('server.pem') };
const answer = (request, response) => {
    response.setHeader('Content-Length', 2);
    response.end('ok');
};
require('https').createServer(options, answer).listen(+port, '127.0.0.1');
";

/// Says the last word of the handshake and the first request in one segment: the server's library
/// then has the request without using the socket for it. Then the same connection goes on.
const HASTY: &str = "
import socket, ssl, sys
port, times = map(int, sys.argv[1:3])
context = ssl._create_unverified_context()
for i in range(times):
    with socket.create_connection(('127.0.0.1', port)) as connection:
        arrived, leaves = ssl.MemoryBIO(), ssl.MemoryBIO()
        tls = context.wrap_bio(arrived, leaves)
        while True:
            try:
                tls.do_handshake()
                break
            except ssl.SSLWantReadError:
                connection.sendall(leaves.read())
                arrived.write(connection.recv(65536))
        for name in ('hasty', 'later'):
            tls.write(f'GET /{name}/{i} HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n'.encode())
            connection.sendall(leaves.read())
            answer = b''
            while not answer.endswith(b'ok'):
                try:
                    answer += tls.read(65536)
                except ssl.SSLWantReadError:
                    arrived.write(connection.recv(65536))
";

/// One event loop that is asked in the clear and asks by TLS through memory BIOs for every answer.
const LOOP: &str = "
import asyncio, ssl, sys
front, back, connections, requests = map(int, sys.argv[1:5])
context = ssl._create_unverified_context()
async def answered(reader):
    await reader.readuntil(b'\\r\\n\\r\\n')
    return await reader.readexactly(2)
async def serve(reader, writer):
    inner_reader, inner = await asyncio.open_connection('127.0.0.1', back, ssl=context)
    own = inner.get_extra_info('sockname')[1]
    try:
        while head := await reader.readuntil(b'\\r\\n\\r\\n'):
            inner.write(head.replace(b'/outer/', f'/{own}/'.encode()))
            assert await answered(inner_reader) == b'ok'
            writer.write(b'HTTP/1.1 200 OK\\r\\nContent-Length: 2\\r\\n\\r\\nok')
    except asyncio.IncompleteReadError:
        pass
    inner.close()
    writer.close()
async def ask():
    reader, writer = await asyncio.open_connection('127.0.0.1', front)
    for i in range(requests):
        writer.write(f'GET /outer/{i} HTTP/1.1\\r\\nHost: h\\r\\n\\r\\n'.encode())
        assert await answered(reader) == b'ok'
    writer.close()
async def main():
    async with await asyncio.start_server(serve, '127.0.0.1', front):
        await asyncio.gather(*(ask() for _ in range(connections)))
        await asyncio.sleep(0.2)
asyncio.run(main())
";

fn await_probes(auditor: &Auditor) {
    until("the library is probed", || {
        auditor.log().contains("TLS library probed").then_some(())
    });
}

fn python(script: &str, arguments: &[usize]) {
    let arguments = arguments.iter().map(usize::to_string);
    succeed(Command::new("python3").args(["-c", script]).args(arguments));
}

/// Ten requests of curl on a connection.
fn curl(port: u16, version: &str, tls: &str) {
    let mut command = Command::new("curl");
    command.args(["-sk", version, "--tlsv1.2", "--tls-max", tls]);
    command.args(["-o", "/dev/null"]);
    succeed(command.arg(format!("https://127.0.0.1:{port}/curl?[1-10]")));
}

/// Every record is whole and captured, and there are so many.
#[track_caller]
fn assert_captured(records: &[Record], count: usize) {
    assert_eq!(records.len(), count);
    for record in records {
        assert_eq!(record.incomplete(), [] as [&str; 0]);
        record.assert(
            "captured",
            &[
                ("auditor.plaintext.status", json!("captured")),
                ("auditor.capture.method", json!("uprobe")),
                ("url.scheme", json!("https")),
                ("http.response.status_code", json!(200)),
                ("http.response.body.size", json!(2)),
            ],
        );
    }
}

#[track_caller]
fn assert_all(stopped: &Stopped, port: u16, by_python: usize, by_curl: usize) {
    stopped.assert_nothing_lost();
    for side in Side::BOTH {
        let records = stopped.http(side, port);
        assert_captured(&records, by_python + by_curl);
        let path = |record: &Record| record.text("url.path").map(str::to_owned);
        let on_its_connection = records.iter().filter(|record| {
            let own = record.client_port(side).map(|port| format!("/{port}/"));
            own.is_some_and(|own| path(record).is_some_and(|path| path.starts_with(&own)))
        });
        assert_eq!(on_its_connection.count(), by_python);
        let mut exchanges = 0;
        for record in stopped.tls_connections(side, port) {
            let captured = json!("captured");
            record.assert("its connection", &[("auditor.plaintext.status", captured)]);
            exchanges += record.int("auditor.connection.exchanges").unwrap_or(0);
        }
        assert_eq!(exchanges, records.len() as u64);
    }
}

#[test]
fn every_exchange_is_recorded_at_both_ends_as_captured() {
    let server = SecureNginx::start();
    let auditor = Auditor::start(ARGUMENTS);
    await_probes(&auditor);
    let port = server.port;
    python(CLIENT, &[usize::from(port), CONNECTIONS, REQUESTS]);
    for version in ["--http1.1", "--http2"] {
        for tls in ["1.2", "1.3"] {
            curl(port, version, tls);
        }
    }
    assert_all(&auditor.stop(), port, CONNECTIONS * REQUESTS, 40);
}

#[test]
fn a_server_in_python_is_no_different() {
    let certificates = Certificates::new();
    let port = ports::free();
    let mut command = Command::new("python3");
    command.args(["-c", SERVER, &port.to_string()]);
    let _server = Process::start(command.arg(certificates.folder()));
    until("the server listens", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).ok()
    });
    let auditor = Auditor::start(ARGUMENTS);
    await_probes(&auditor);
    python(CLIENT, &[usize::from(port), CONNECTIONS, REQUESTS]);
    for tls in ["1.2", "1.3"] {
        curl(port, "--http1.1", tls);
    }
    assert_all(&auditor.stop(), port, CONNECTIONS * REQUESTS, 20);
}

#[test]
fn a_server_in_node_is_no_different() {
    // It maps the shared library, so that the client's is probed before the client is there.
    let _other = SecureNginx::start();
    let certificates = Certificates::new();
    let port = ports::free();
    let mut command = Command::new(node());
    command.args(["-e", NODE, &port.to_string()]);
    let _server = Process::start(command.arg(certificates.folder()));
    until("the server listens", || {
        std::net::TcpStream::connect(("127.0.0.1", port)).ok()
    });
    let auditor = Auditor::start(ARGUMENTS);
    until("both are looked at", || {
        let log = auditor.log();
        let both = log.contains("library=\"libssl") && log.contains("=\"node\"");
        both.then_some(())
    });
    python(CLIENT, &[usize::from(port), CONNECTIONS, REQUESTS]);
    for tls in ["1.2", "1.3"] {
        curl(port, "--http1.1", tls);
    }
    assert_all(&auditor.stop(), port, CONNECTIONS * REQUESTS, 20);
}

#[test]
fn what_comes_with_the_end_of_the_handshake_is_recorded() {
    const TIMES: usize = 100;
    let server = SecureNginx::start();
    let auditor = Auditor::start(ARGUMENTS);
    await_probes(&auditor);
    python(HASTY, &[usize::from(server.port), TIMES]);
    let stopped = auditor.stop();
    for side in Side::BOTH {
        assert_captured(&stopped.http(side, server.port), 2 * TIMES);
    }
    stopped.assert_nothing_lost();
}

#[test]
fn an_event_loop_does_not_mix_connections_up() {
    /// With as many connections, in all 10,000.
    const REQUESTS: usize = 1250;
    let server = SecureNginx::start();
    let front = ports::free();
    let auditor = Auditor::start(ARGUMENTS);
    await_probes(&auditor);
    let (front_port, back) = (usize::from(front), usize::from(server.port));
    python(LOOP, &[front_port, back, CONNECTIONS, REQUESTS]);
    let stopped = auditor.stop();
    assert_all(&stopped, server.port, CONNECTIONS * REQUESTS, 0);
    for side in Side::BOTH {
        let outer = stopped.http(side, front);
        assert_eq!(outer.len(), CONNECTIONS * REQUESTS);
        for record in outer {
            let clear = json!("not_encrypted");
            record.assert("in the clear", &[("auditor.plaintext.status", clear)]);
            let path = record.text("url.path").unwrap_or_default();
            assert!(path.starts_with("/outer/"), "{path}");
        }
    }
}

#[test]
fn without_being_asked_for_nothing_is_probed() {
    let server = SecureNginx::start();
    let auditor = Auditor::start(&[]);
    python(CLIENT, &[usize::from(server.port), 1, 5]);
    let stopped = auditor.stop();
    assert!(!stopped.log().contains("TLS library probed"));
    assert!(stopped.http(Side::Inbound, server.port).is_empty());
    for record in stopped.tls_connections(Side::Inbound, server.port) {
        record.assert("off", &[("auditor.plaintext.status", json!("disabled"))]);
    }
}
