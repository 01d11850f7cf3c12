//! A real nginx.

use std::fs;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;

use serde::Deserialize;

use super::namespace::Namespace;
use super::ports;
use super::process::Process;
use super::temp::TempDir;
use super::until::until;

pub(crate) const KB: &str = "/1k.bin";
pub(crate) const KB_SIZE: u64 = 1024;
pub(crate) const KB100: &str = "/100k.bin";
pub(crate) const KB100_SIZE: u64 = 100 * 1024;
/// A file without content on the disk, so large that copying it would show.
pub(crate) const GIB: &str = "/1g.bin";
pub(crate) const GIB_SIZE: u64 = 1 << 30;
/// Answered by a text of two bytes, whatever the method.
pub(crate) const OK: &str = "/ok";
pub(crate) const OK_SIZE: u64 = 2;
/// Answered by 204.
pub(crate) const NOTHING: &str = "/nothing";

#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum AccessLog {
    Off,
    On,
}

/// One line of its access log.
#[derive(Debug, Deserialize)]
pub(crate) struct Logged {
    pub(crate) client_port: u16,
    pub(crate) method: String,
    pub(crate) uri: String,
    pub(crate) protocol: String,
    pub(crate) status: u64,
    pub(crate) received: u64,
    pub(crate) sent: u64,
    pub(crate) body_sent: u64,
}

pub(crate) struct Nginx {
    process: Process,
    folder: TempDir,
    /// Listens on both loopback addresses, or on the address of its namespace.
    pub(crate) port: u16,
    /// Its connections are accepted only once a request is there.
    pub(crate) deferred_port: u16,
}

impl Nginx {
    pub(crate) fn start(log: AccessLog) -> Self {
        Self::launch(log, &["127.0.0.1", "[::1]"], Command::new("nginx"))
    }

    /// Inside another network namespace.
    pub(crate) fn start_in(namespace: &Namespace) -> Self {
        let command = namespace.command("nginx");
        Self::launch(AccessLog::Off, &[namespace.inner_address()], command)
    }

    fn launch(log: AccessLog, addresses: &[&str], mut command: Command) -> Self {
        let folder = TempDir::new();
        let (port, deferred_port) = (ports::free(), ports::free());
        write_files(folder.path());
        let listen: Vec<String> = addresses
            .iter()
            .flat_map(|address| {
                [
                    format!("listen {address}:{port} backlog=4096;"),
                    format!("listen {address}:{deferred_port} backlog=4096 deferred;"),
                ]
            })
            .collect();
        let configuration = configuration(folder.path(), &listen.join(" "), log);
        let configuration = folder.write("nginx.conf", configuration.as_bytes());
        command.arg("-p").arg(folder.path());
        command.arg("-c").arg(configuration);
        command.args(["-e", "error.log"]);
        let mut process = Process::start(&mut command);
        until("nginx runs", || {
            let errors = || fs::read_to_string(folder.path().join("error.log"));
            if let Some(status) = process.ended() {
                panic!("nginx ended with {status}: {:?}", errors());
            }
            folder.path().join("ready.pid").exists().then_some(())
        });
        Self {
            process,
            folder,
            port,
            deferred_port,
        }
    }

    /// The process that listens.
    pub(crate) fn pid(&self) -> u32 {
        self.process.pid()
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    pub(crate) fn url6(&self, path: &str) -> String {
        format!("http://[::1]:{}{path}", self.port)
    }

    pub(crate) fn connect(&self) -> TcpStream {
        TcpStream::connect(("127.0.0.1", self.port)).expect("nginx listens")
    }

    /// Its access log, once it has so many lines.
    pub(crate) fn log(&self, lines: usize) -> Vec<Logged> {
        let path = self.folder.path().join("access.log");
        until("the access log of nginx", || {
            // It logs bytes as they came.
            let bytes = fs::read(&path).expect("nginx has made its log");
            let text = String::from_utf8_lossy(&bytes);
            (text.lines().count() >= lines && text.ends_with('\n')).then(|| {
                let parse = |line| serde_json::from_str(line).expect("nginx logs JSON");
                text.lines().map(parse).collect()
            })
        })
    }
}

fn write_files(folder: &Path) {
    let bytes = |size: u64| -> Vec<u8> { (0..size).map(|n| (n % 251) as u8).collect() };
    for (name, size) in [(KB, KB_SIZE), (KB100, KB100_SIZE)] {
        let path = folder.join(&name[1..]);
        fs::write(path, bytes(size)).expect("a file can be written");
    }
    let large = fs::File::create(folder.join(&GIB[1..])).expect("a file can be made");
    large.set_len(GIB_SIZE).expect("a file may have a hole");
}

fn configuration(folder: &Path, listen: &str, log: AccessLog) -> String {
    let folder = folder.display();
    let log = match log {
        AccessLog::Off => "off".to_owned(),
        AccessLog::On => format!("{folder}/access.log json"),
    };
    format!(
        r#"
daemon off;
user root;
worker_processes 1;
pid {folder}/ready.pid;
error_log {folder}/error.log error;
events {{ worker_connections 8192; }}
http {{
    log_format json escape=json '{{"client_port":$remote_port,"method":"$request_method",'
        '"uri":"$request_uri","protocol":"$server_protocol","status":$status,'
        '"received":$request_length,"sent":$bytes_sent,"body_sent":$body_bytes_sent}}';
    access_log {log};
    sendfile on;
    tcp_nopush on;
    keepalive_requests 100000000;
    large_client_header_buffers 8 32k;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        {listen}
        root {folder};
        location = {OK} {{ return 200 ok; }}
        location = {NOTHING} {{ return 204; }}
    }}
}}
"#
    )
}
