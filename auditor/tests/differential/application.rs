//! The application behind the sidecar. The path of a request says how it is answered:
//! `/<answer>/<number>` and anything behind that.

use std::io::{self, BufRead as _, BufReader, Read, Write as _};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::fd::AsFd as _;
use std::thread;
use std::time::Duration;

use rustix::net::sockopt;

pub(crate) struct Application {
    pub(crate) port: u16,
}

struct Asked {
    method: Vec<u8>,
    path: String,
    body: Body,
}

enum Body {
    Length(u64),
    Chunked,
    Tunnel,
}

/// What becomes of the connection.
enum Then {
    Stay,
    Close,
}

// === impl Application ===

impl Application {
    /// Serves until the test's process ends.
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port is free");
        let port = listener.local_addr().expect("it is bound").port();
        thread::spawn(move || {
            for connection in listener.incoming().flatten() {
                // Envoy may go at any time; that is part of what is tested.
                thread::spawn(move || drop(serve(&connection)));
            }
        });
        Self { port }
    }
}

fn serve(connection: &TcpStream) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut input = BufReader::new(connection);
    while let Some(asked) = Asked::read(&mut input)? {
        if let Then::Close = answer(connection, &mut input, &asked)? {
            break;
        }
    }
    Ok(())
}

fn answer(out: &TcpStream, input: &mut BufReader<&TcpStream>, asked: &Asked) -> io::Result<Then> {
    let mut parts = asked.path.split(['/', '?']).skip(1);
    let kind = parts.next().unwrap_or_default();
    let number = parts.next().and_then(|n| n.parse().ok()).unwrap_or(7);
    match (&asked.body, kind) {
        (Body::Tunnel, "refuse") => {
            send(
                out,
                b"HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno",
            )?;
            return Ok(Then::Stay);
        }
        (Body::Tunnel, _) => return tunnel(out, input, asked),
        (_, "early") => return early(out, input, number),
        _ => asked.read_body(input)?,
    }
    if asked.method == b"HEAD" {
        send(
            out,
            format!("HTTP/1.1 200 OK\r\nContent-Length: {number}\r\n\r\n").as_bytes(),
        )?;
        return Ok(Then::Stay);
    }
    respond(out, input, kind, number)
}

fn respond(
    mut out: &TcpStream,
    input: &mut BufReader<&TcpStream>,
    kind: &str,
    number: usize,
) -> io::Result<Then> {
    let body = vec![b'd'; number];
    match kind {
        "status" => out.write_all(format!("HTTP/1.1 {number} Without\r\n\r\n").as_bytes())?,
        "error" => {
            out.write_all(
                format!("HTTP/1.1 {number} No\r\nContent-Length: 2\r\n\r\nno").as_bytes(),
            )?;
        }
        "chunked" => chunked(out, &body, b"")?,
        "trailers" => chunked(out, &body, b"X-Sum: 1\r\nX-More: 2\r\n")?,
        "close" => {
            out.write_all(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n")?;
            out.write_all(&body)?;
            return Ok(Then::Close);
        }
        "slow" => {
            let whole = [length(number).as_bytes(), &body].concat();
            for piece in whole.chunks(9) {
                out.write_all(piece)?;
            }
        }
        "hints" => {
            out.write_all(b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n")?;
            out.write_all(&[length(number).as_bytes(), &body].concat())?;
        }
        "cut" => {
            out.write_all(&[length(number + 1000).as_bytes(), &body].concat())?;
            return Ok(Then::Close);
        }
        "half" => {
            out.write_all(&[length(number + 1000).as_bytes(), &body].concat())?;
            wait_for_end(input)?;
            return Ok(Then::Close);
        }
        "never" => {
            wait_for_end(input)?;
            return Ok(Then::Close);
        }
        "reset" => {
            sockopt::set_socket_linger(out.as_fd(), Some(Duration::ZERO))?;
            return Ok(Then::Close);
        }
        "empty" => return Ok(Then::Close),
        _ => out.write_all(&[length(number).as_bytes(), &body].concat())?,
    }
    Ok(Then::Stay)
}

fn length(number: usize) -> String {
    format!("HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nContent-Length: {number}\r\n\r\n")
}

fn chunked(out: &TcpStream, body: &[u8], trailers: &[u8]) -> io::Result<()> {
    let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for piece in body.chunks(5000) {
        bytes.extend(format!("{:x};piece\r\n", piece.len()).bytes());
        bytes.extend(piece);
        bytes.extend(b"\r\n");
    }
    bytes.extend(b"0\r\n");
    bytes.extend(trailers);
    bytes.extend(b"\r\n");
    send(out, &bytes)
}

/// Answers before the body has come, and waits for the other end to go.
fn early(out: &TcpStream, input: &mut BufReader<&TcpStream>, status: usize) -> io::Result<Then> {
    let head = format!("HTTP/1.1 {status} Early\r\nContent-Length: 5\r\n\r\nearly");
    send(out, head.as_bytes())?;
    wait_for_end(input)?;
    Ok(Then::Close)
}

/// Says what it opened, then sends back what it gets until that ends.
fn tunnel(out: &TcpStream, input: &mut BufReader<&TcpStream>, asked: &Asked) -> io::Result<Then> {
    send(out, match &asked.method[..] {
        b"CONNECT" => b"HTTP/1.1 200 Established\r\n\r\n".as_slice(),
        _ => b"HTTP/1.1 101 Switching Protocols\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    })?;
    io::copy(input, &mut &*out)?;
    Ok(Then::Close)
}

fn wait_for_end(input: &mut BufReader<&TcpStream>) -> io::Result<()> {
    io::copy(input, &mut io::sink()).map(drop)
}

fn send(mut out: &TcpStream, bytes: &[u8]) -> io::Result<()> {
    out.write_all(bytes)
}

// === impl Asked ===

impl Asked {
    /// The next head, unless the connection ends.
    fn read(input: &mut BufReader<&TcpStream>) -> io::Result<Option<Self>> {
        let first = line(input)?;
        let mut words = first.split(|b| *b == b' ');
        let method = words.next().unwrap_or_default().to_vec();
        let target = String::from_utf8_lossy(words.next().unwrap_or_default()).into_owned();
        if target.is_empty() {
            return Ok(None);
        }
        let mut body = match &method[..] {
            b"CONNECT" => Body::Tunnel,
            _ => Body::Length(0),
        };
        let mut path = target;
        loop {
            let field = String::from_utf8_lossy(&line(input)?).to_ascii_lowercase();
            let Some((name, value)) = field.split_once(':') else {
                return Ok(Some(Self { method, path, body }));
            };
            match (name, value.trim()) {
                ("content-length", value) => body = Body::Length(value.parse().unwrap_or(0)),
                ("transfer-encoding", "chunked") => body = Body::Chunked,
                ("upgrade", "websocket") => body = Body::Tunnel,
                ("x-refuse", _) => "/refuse".clone_into(&mut path),
                _ => {}
            }
        }
    }

    fn read_body(&self, input: &mut BufReader<&TcpStream>) -> io::Result<()> {
        match self.body {
            Body::Length(length) => skip(input, length),
            Body::Tunnel => Ok(()),
            Body::Chunked => loop {
                let size = String::from_utf8_lossy(&line(input)?).into_owned();
                let size = size.split(';').next().unwrap_or_default();
                match u64::from_str_radix(size, 16) {
                    Ok(0) => loop {
                        if line(input)?.is_empty() {
                            return Ok(());
                        }
                    },
                    Ok(size) => skip(input, size + 2)?,
                    Err(_) => return Err(io::ErrorKind::InvalidData.into()),
                }
            },
        }
    }
}

/// A line without its end; empty at the end of the connection.
fn line(input: &mut BufReader<&TcpStream>) -> io::Result<Vec<u8>> {
    let mut line = Vec::new();
    input.read_until(b'\n', &mut line)?;
    line.truncate(line.trim_ascii_end().len());
    Ok(line)
}

fn skip(input: &mut BufReader<&TcpStream>, bytes: u64) -> io::Result<()> {
    let copied = io::copy(&mut input.take(bytes), &mut io::sink())?;
    if copied < bytes {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(())
}
