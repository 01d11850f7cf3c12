//! Messages of every shape, however they are cut.

use std::{
    io::{Read as _, Write as _},
    net::TcpStream,
    time::Duration,
};

use crate::support::{
    auditor::Auditor,
    nginx::Nginx,
    server::{ask, read_head, serve_one},
    shell::run,
};

#[test]
fn a_head_that_comes_byte_by_byte_is_one_request() {
    let nginx = Nginx::start();
    let auditor = Auditor::start(&[]);
    let cookies = "c".repeat(6 * 1024);
    let request = format!(
        "GET /ok?q=1 HTTP/1.1\r\nCookie: {cookies}\r\nHost: bytes.example\r\nConnection: close\r\n\r\n"
    );
    let mut stream = TcpStream::connect(("127.0.0.1", nginx.port)).unwrap();
    stream.set_nodelay(true).unwrap();
    for byte in request.as_bytes() {
        stream.write_all(&[*byte]).unwrap();
    }
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"));
    let finished = auditor.stop();
    finished.assert_nothing_lost();
    let inbound = finished.http("inbound", nginx.port);
    assert_eq!(inbound.len(), 1, "{}", finished.stdout);
    assert_eq!(inbound[0].text("url.path"), Some("/ok"));
    assert_eq!(inbound[0].text("server.address"), Some("bytes.example"));
    assert!(inbound[0].list("auditor.capture.incomplete").is_empty());
    assert!(!finished.stdout.contains("cccc"), "a cookie was recorded");
}

#[test]
fn ten_requests_in_one_write_are_ten_records() {
    let nginx = Nginx::start();
    let auditor = Auditor::start(&[]);
    let mut stream = TcpStream::connect(("127.0.0.1", nginx.port)).unwrap();
    let mut requests = String::new();
    for n in 0..10 {
        let close = if n == 9 { "Connection: close\r\n" } else { "" };
        requests.push_str(&format!(
            "GET /1k?n={n} HTTP/1.1\r\nHost: p{n}.example\r\n{close}\r\n"
        ));
    }
    stream.write_all(requests.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let finished = auditor.stop();
    let inbound = finished.http("inbound", nginx.port);
    let hosts: Vec<_> = inbound
        .iter()
        .filter_map(|r| r.text("server.address"))
        .collect();
    let expected: Vec<_> = (0..10).map(|n| format!("p{n}.example")).collect();
    assert_eq!(hosts, expected);
    assert!(
        inbound
            .iter()
            .all(|r| r.int("http.response.body.size") == Some(1024))
    );
}

#[test]
fn a_request_hidden_behind_a_body_in_one_write_is_seen() {
    let (address, server) = serve_one(|mut stream| {
        read_head(&mut stream);
        let mut rest = vec![0; 50_000];
        stream.read_exact(&mut rest).unwrap();
        read_head(&mut stream);
        stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 404 Not Found\r\nContent-Length: 2\r\nConnection: close\r\n\r\nbb").unwrap();
    });
    let auditor = Auditor::start(&[]);
    let mut request = b"POST /front HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n".to_vec();
    request.extend_from_slice(&[b'x'; 50_000]);
    request.extend_from_slice(b"GET /hidden HTTP/1.1\r\nHost: b\r\n\r\n");
    ask(address, &request);
    server.join().unwrap();
    let finished = auditor.stop();
    let inbound = finished.http("inbound", address.port());
    let seen: Vec<_> = inbound
        .iter()
        .map(|r| {
            (
                r.text("url.path").unwrap(),
                r.int("http.response.status_code"),
                r.int("http.request.body.size"),
            )
        })
        .collect();
    assert_eq!(
        seen,
        [
            ("/front", Some(200), Some(50_000)),
            ("/hidden", Some(404), Some(0))
        ]
    );
}

#[test]
fn bodies_of_every_framing_have_their_size() {
    let answers: [(&str, &[u8], u64, u64); 5] = [
        ("HEAD", b"HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n", 200, 0),
        ("GET", b"HTTP/1.1 204 No Content\r\n\r\n", 204, 0),
        ("GET", b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5;x=y\r\nhello\r\n6\r\n world\r\n0\r\nDigest: d\r\n\r\n", 200, 11),
        ("GET", b"HTTP/1.0 200 OK\r\n\r\nuntil the end", 200, 13),
        ("GET", b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 3\r\n\r\nabc", 201, 3),
    ];
    let auditor = Auditor::start(&[]);
    let mut ports = Vec::new();
    for (method, answer, _, _) in &answers {
        let answer = answer.to_vec();
        let (address, server) = serve_one(move |mut stream| {
            read_head(&mut stream);
            stream.write_all(&answer).unwrap();
        });
        ask(
            address,
            format!("{method} /x HTTP/1.1\r\nHost: h\r\n\r\n").as_bytes(),
        );
        server.join().unwrap();
        ports.push(address.port());
    }
    let finished = auditor.stop();
    for ((_, answer, status, size), port) in answers.iter().zip(ports) {
        for direction in ["inbound", "outbound"] {
            let records = finished.http(direction, port);
            let what = String::from_utf8_lossy(answer);
            assert_eq!(records.len(), 1, "{direction} {what}");
            assert_eq!(
                records[0].int("http.response.status_code"),
                Some(*status),
                "{what}"
            );
            assert_eq!(
                records[0].int("http.response.body.size"),
                Some(*size),
                "{what}"
            );
            assert!(
                records[0].list("auditor.capture.incomplete").is_empty(),
                "{what}"
            );
        }
    }
}

#[test]
fn an_upgraded_connection_counts_both_ways() {
    let (address, server) = serve_one(|mut stream| {
        read_head(&mut stream);
        stream
            .write_all(
                b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
            )
            .unwrap();
        let mut bytes = [0; 7];
        stream.read_exact(&mut bytes).unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\r\n").unwrap();
    });
    let auditor = Auditor::start(&[]);
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /chat HTTP/1.1\r\nHost: h\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
        .unwrap();
    read_head(&mut stream);
    stream.write_all(b"\x81\x05hello").unwrap();
    let mut rest = Vec::new();
    stream.read_to_end(&mut rest).unwrap();
    drop(stream);
    server.join().unwrap();
    let finished = auditor.stop();
    let inbound = finished.http("inbound", address.port());
    assert_eq!(inbound.len(), 1, "{}", finished.stdout);
    assert_eq!(inbound[0].int("http.response.status_code"), Some(101));
    assert_eq!(inbound[0].int("http.request.body.size"), Some(7));
    assert_eq!(inbound[0].int("http.response.body.size"), Some(18));
}

#[test]
fn a_large_download_is_counted_and_not_copied() {
    let nginx = Nginx::start();
    let auditor = Auditor::start(&[]);
    run("curl", &["-sf", "-o", "/dev/null", &nginx.url("/256m")]);
    let finished = auditor.stop();
    let inbound = finished.http("inbound", nginx.port);
    assert_eq!(inbound[0].int("http.response.body.size"), Some(256 << 20));
    let copied = finished.figure("kernel:", "bytes_copied");
    assert!(copied < 64 * 1024, "{copied} bytes copied");
}

#[test]
fn a_connection_older_than_the_auditor_is_picked_up_and_marked() {
    let nginx = Nginx::start();
    let mut stream = TcpStream::connect(("127.0.0.1", nginx.port)).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(10)))
        .unwrap();
    let mut ask = |path: &str| {
        let request = format!("GET {path} HTTP/1.1\r\nHost: old.example\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let head = read_head(&mut stream);
        let length = head
            .lines()
            .find_map(|l| l.strip_prefix("Content-Length: "))
            .unwrap();
        let mut body = vec![0; length.trim().parse().unwrap()];
        stream.read_exact(&mut body).unwrap();
    };
    ask("/ok");
    let auditor = Auditor::start(&[]);
    ask("/1k");
    ask("/100k");
    ask("/ok");
    let finished = auditor.stop();
    let inbound = finished.http("inbound", nginx.port);
    let paths: Vec<_> = inbound
        .iter()
        .map(|r| {
            (
                r.text("url.path").unwrap(),
                r.int("http.response.status_code"),
            )
        })
        .collect();
    assert_eq!(
        paths,
        [("/1k", Some(200)), ("/100k", Some(200)), ("/ok", Some(200))],
        "{}",
        finished.stdout
    );
    assert_eq!(
        inbound[0].list("auditor.capture.incomplete"),
        ["joined_midway"]
    );
}
