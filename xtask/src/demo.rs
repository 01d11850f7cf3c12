//! A handful of HTTP exchanges on loopback, for a first look at the records.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use anyhow::{Context as _, Result, ensure};

struct Request {
    method: &'static str,
    target: &'static str,
    body: &'static str,
    status: &'static str,
}

/// Reads, a write, a refusal, a miss, and a secret that must not show in its record.
const REQUESTS: &[Request] = &[
    Request {
        method: "GET",
        target: "/",
        body: "",
        status: "200 OK",
    },
    Request {
        method: "GET",
        target: "/orders?page=2",
        body: "",
        status: "200 OK",
    },
    Request {
        method: "POST",
        target: "/orders",
        body: "{\"item\":7}",
        status: "201 Created",
    },
    Request {
        method: "GET",
        target: "/orders/1042",
        body: "",
        status: "200 OK",
    },
    Request {
        method: "GET",
        target: "/report?token=hunter2",
        body: "",
        status: "200 OK",
    },
    Request {
        method: "DELETE",
        target: "/orders/1042",
        body: "",
        status: "403 Forbidden",
    },
    Request {
        method: "GET",
        target: "/favicon.ico",
        body: "",
        status: "404 Not Found",
    },
];

/// Slow enough to watch, short enough to wait for: two seconds in all.
const PAUSE: Duration = Duration::from_millis(280);

/// Serves and sends every one of [`REQUESTS`], one connection each.
pub(crate) fn traffic() -> Result<()> {
    let listener = TcpListener::bind(("127.0.0.1", 0)).context("listen on loopback")?;
    let address = listener.local_addr()?;
    println!("demo: {} requests to http://{address}", REQUESTS.len());
    let server = thread::spawn(move || -> Result<()> {
        for request in REQUESTS {
            let (stream, _) = listener.accept()?;
            answer(stream, request.status)?;
        }
        Ok(())
    });
    for request in REQUESTS {
        send(address, request)?;
        thread::sleep(PAUSE);
    }
    server
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}

/// Reads one request to its end and answers it.
fn answer(stream: TcpStream, status: &str) -> Result<()> {
    let mut reader = BufReader::new(stream);
    let mut body_bytes = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        if let Some(length) = line.strip_prefix("Content-Length: ") {
            body_bytes = length.trim().parse()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    reader.read_exact(&mut vec![0; body_bytes])?;
    write!(
        reader.get_mut(),
        "HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: 5\r\n\
         Connection: close\r\n\r\ndemo\n"
    )?;
    Ok(())
}

fn send(address: SocketAddr, request: &Request) -> Result<()> {
    let mut stream = TcpStream::connect(address)?;
    let Request {
        method,
        target,
        body,
        status,
    } = request;
    write!(
        stream,
        "{method} {target} HTTP/1.1\r\nHost: {address}\r\nUser-Agent: auditor-demo/1\r\n\
         Authorization: Bearer hunter2\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut response = String::new();
    stream.read_to_string(&mut response)?;
    ensure!(
        response.contains(status),
        "{method} {target}: no {status} in {response:?}"
    );
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_request_is_answered() {
        super::traffic().unwrap();
    }
}
