//! A real nginx.

use std::{
    fs,
    net::TcpStream,
    process::{Command, Stdio},
};

use super::shell::{Folder, Guard, free_port, until};

pub(crate) struct Nginx {
    pub(crate) port: u16,
    _process: Guard,
    _folder: Folder,
}

impl Nginx {
    /// Serves `/1k`, `/100k`, `/empty` (204), `/ok` on both loopback addresses.
    pub(crate) fn start() -> Self {
        let folder = Folder::new("nginx");
        let port = free_port();
        let root = folder.path().display();
        fs::write(folder.path().join("1k"), [b'x'; 1024]).unwrap();
        fs::write(folder.path().join("100k"), vec![b'y'; 102_400]).unwrap();
        let big = fs::File::create(folder.path().join("256m")).unwrap();
        big.set_len(256 << 20).unwrap();
        let configuration = format!(
            "worker_processes 1; daemon off; pid {root}/pid; error_log {root}/error.log;\n\
             events {{ worker_connections 1024; }}\n\
             http {{ access_log off; keepalive_requests 1000000; sendfile on;\n\
             client_body_temp_path {root}/body; proxy_temp_path {root}/proxy;\n\
             fastcgi_temp_path {root}/fastcgi; uwsgi_temp_path {root}/uwsgi; scgi_temp_path {root}/scgi;\n\
             server {{ listen 127.0.0.1:{port} backlog=1024; listen [::1]:{port}; root {root};\n\
             location = /ok {{ return 200 \"ok\\n\"; }} location = /empty {{ return 204; }} }} }}\n"
        );
        let file = folder.path().join("nginx.conf");
        fs::write(&file, configuration).unwrap();
        // Workers of a root nginx are another user, who must reach the files.
        super::shell::run("chmod", &["-R", "a+rX", folder.path().to_str().unwrap()]);
        let process = Command::new("nginx")
            .arg("-c")
            .arg(&file)
            .arg("-p")
            .arg(folder.path())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let nginx = Self {
            port,
            _process: Guard(process),
            _folder: folder,
        };
        until("nginx listens", || {
            TcpStream::connect(("127.0.0.1", port)).is_ok()
        });
        nginx
    }

    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }
}
