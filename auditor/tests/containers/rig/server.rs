//! A server and a client, both programs of the machine, that run in pods and outside of them.

use std::net::TcpStream;
use std::process::Command;

use super::bridge::GATEWAY;
use crate::support::process::Process;
use crate::support::temp::TempDir;
use crate::support::until::until;

/// Where pods listen.
pub(crate) const PORT: u16 = 8080;

/// nginx outside of any pod.
pub(crate) struct Server {
    _process: Process,
    _folder: TempDir,
}

/// Of a server in a pod, on this port. Its requests are answered by processes that it forks.
pub(crate) fn serve(port: u16) -> Vec<String> {
    let script = format!(
        "sed s/PORT/{port}/ /rig/nginx.conf > /tmp/conf && exec nginx -e stderr -c /tmp/conf"
    );
    ["sh", "-c", &script].map(str::to_owned).to_vec()
}

/// Of a client: so many requests on a few connections that stay.
pub(crate) fn ab(requests: u32, url: &str) -> Vec<String> {
    let requests = requests.to_string();
    let arguments = ["ab", "-q", "-k", "-c", "4", "-n", &requests, url];
    arguments.map(str::to_owned).to_vec()
}

/// Likewise, of one that calls itself so.
pub(crate) fn ab_as(agent: &str, requests: u32, url: &str) -> Vec<String> {
    let mut command = ab(requests, url);
    let agent = ["-H".to_owned(), format!("User-Agent: {agent}")];
    command.splice(1..1, agent);
    command
}

impl Server {
    /// On the machine's address on the bridge.
    pub(crate) fn start(port: u16) -> Self {
        let folder = TempDir::new();
        let configuration = configuration(&folder.path().display().to_string());
        let configuration = configuration.replace("PORT", &port.to_string());
        let configuration = folder.write("nginx.conf", configuration.as_bytes());
        let mut process = Process::start(
            Command::new("nginx")
                .args(["-e", "stderr", "-c"])
                .arg(configuration),
        );
        until("nginx listens", || {
            let ended = process.ended();
            assert!(ended.is_none(), "nginx ended with {ended:?}");
            TcpStream::connect((GATEWAY, port)).ok()
        });
        Self {
            _process: process,
            _folder: folder,
        }
    }
}

/// For containers, under `/rig/nginx.conf`.
pub(crate) fn write_configuration(folder: &TempDir) {
    folder.write("nginx.conf", configuration("/tmp").as_bytes());
}

fn configuration(folder: &str) -> String {
    format!(
        r"
daemon off;
user root;
worker_processes 2;
pid {folder}/nginx.pid;
error_log stderr error;
events {{ worker_connections 256; }}
http {{
    access_log off;
    keepalive_requests 100000000;
    client_body_temp_path {folder}/body;
    proxy_temp_path {folder}/proxy;
    fastcgi_temp_path {folder}/fastcgi;
    uwsgi_temp_path {folder}/uwsgi;
    scgi_temp_path {folder}/scgi;
    server {{
        listen PORT;
        location / {{ return 200 ok; }}
    }}
}}
"
    )
}
