//! The bytes themselves.

type Payload = (&'static str, fn() -> Vec<u8>);

const MIB: usize = 1 << 20;

/// A request as it should be but for one line of its head.
fn with_line(line: &[u8]) -> Vec<u8> {
    [
        b"GET /line HTTP/1.1\r\nHost: a\r\n",
        line,
        b"\r\nConnection: close\r\n\r\n",
    ]
    .concat()
}

fn with_target(target: &[u8]) -> Vec<u8> {
    [
        b"GET ",
        target,
        b" HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n",
    ]
    .concat()
}

fn with_body(lines: &str, body: &[u8]) -> Vec<u8> {
    [
        b"POST /body HTTP/1.1\r\nHost: a\r\n",
        lines.as_bytes(),
        b"\r\n\r\n",
        body,
    ]
    .concat()
}

/// Bytes without order, the same for the same seed.
pub(super) fn noise(seed: u64, length: usize) -> Vec<u8> {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1;
    let next = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        (state >> 32) as u8
    };
    std::iter::repeat_with(next).take(length).collect()
}

pub(super) const REQUESTS: [Payload; 37] = [
    ("nothing", Vec::new),
    ("one byte", || b"G".into()),
    ("noise", || noise(7, 4000)),
    ("much noise", || noise(8, MIB)),
    ("zeros", || vec![0; 100_000]),
    ("empty lines", || b"\r\n".repeat(1000)),
    ("a line of a megabyte", || {
        with_line(&[b"X-Long: ", &vec![b'x'; MIB][..]].concat())
    }),
    ("a target of a megabyte", || with_target(&vec![b'/'; MIB])),
    ("a method of a megabyte", || vec![b'M'; MIB]),
    ("ten thousand header lines", || {
        with_line(&b"X-Many: 1\r\n".repeat(10_000))
    }),
    ("a cookie of 30 KiB", || {
        with_line(&[b"Cookie: a=", &vec![b'c'; 30 * 1024][..]].concat())
    }),
    ("NUL in the target", || with_target(b"/nul\0nul")),
    ("NUL in a value", || with_line(b"User-Agent: nul\0nul")),
    ("NUL in a name", || with_line(b"X-N\0l: v")),
    ("bare LF", || {
        b"GET /lf HTTP/1.1\nHost: a\nConnection: close\n\n".into()
    }),
    ("bare CR", || b"GET /cr HTTP/1.1\rHost: a\r\r".into()),
    ("CR in a value", || with_line(b"User-Agent: a\rforged: 1")),
    ("CR and LF in the target", || {
        with_target(b"/a\r\nforged: 1\r\nX-Rest:")
    }),
    ("a record in the target", || {
        with_target(b"/\"}\n{\"event_name\":\"forged\",\"attributes\":{\"forged\":1}}")
    }),
    ("a record in a value", || {
        with_line(b"User-Agent: \",\"forged\":\"1\"}}\\\n{\"event_name\":\"forged\"}")
    }),
    ("a line for people in a value", || {
        with_line(b"User-Agent: a\x0bforged\x0cforged\xe2\x80\xa8forged\xc2\x85forged")
    }),
    ("commands for a terminal in the target", || {
        with_target(b"/\x1b[2J\x1b[1;31mforged\x1b]0;t\x07")
    }),
    ("commands for a terminal in a value", || {
        with_line(b"User-Agent: \x1b[2J\x9b31m\x1b]52;c;Zm9yZ2Vk\x07\x7f\x08\x08")
    }),
    ("text that runs backwards", || {
        with_target("/\u{202e}gpj.exe\u{feff}\u{200b}".as_bytes())
    }),
    ("a target that is not UTF-8", || {
        with_target(b"/\xff\xfe\xc0\xaf\xed\xa0\x80")
    }),
    ("a host that is not one", || {
        b"GET / HTTP/1.1\r\nHost: \x1b[31m\xff:99999\r\n\r\n".into()
    }),
    ("two lengths", || {
        with_body("Content-Length: 5\r\nContent-Length: 6", b"hello!")
    }),
    ("a length and chunks", || {
        with_body(
            "Content-Length: 4\r\nTransfer-Encoding: chunked",
            b"0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n",
        )
    }),
    ("an unknown coding", || {
        with_body(
            "Transfer-Encoding: chunked, forged",
            b"5\r\nhello\r\n0\r\n\r\n",
        )
    }),
    ("a negative length", || {
        with_body("Content-Length: -1", b"x")
    }),
    ("a length that does not fit", || {
        with_body("Content-Length: 18446744073709551616", b"x")
    }),
    ("the greatest length", || {
        with_body("Content-Length: 18446744073709551615", b"x")
    }),
    ("a chunk that does not fit", || {
        with_body(
            "Transfer-Encoding: chunked",
            b"FFFFFFFFFFFFFFFFF\r\nx\r\n0\r\n\r\n",
        )
    }),
    ("a chunk without a size", || {
        with_body("Transfer-Encoding: chunked", b"\r\nx\r\n0\r\n\r\n")
    }),
    ("a version that is none", || {
        b"GET /v HTTP/9.99\r\nHost: a\r\n\r\n".into()
    }),
    ("the preface of HTTP/2", || {
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0".into()
    }),
    ("a TLS handshake", || {
        [
            &b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..],
            &noise(9, 506),
        ]
        .concat()
    }),
];

pub(super) const RESPONSES: [Payload; 11] = [
    ("noise", || noise(11, 5000)),
    ("zeros", || vec![0; 5000]),
    ("a status that is none", || {
        b"HTTP/1.1 9999999 Forged\r\nContent-Length: 0\r\n\r\n".into()
    }),
    ("no status", || b"HTTP/1.1\r\n\r\n".into()),
    ("bare LF", || {
        b"HTTP/1.1 200 OK\nContent-Length: 2\n\nok".into()
    }),
    ("commands for a terminal", || {
        b"HTTP/1.1 200 \x1b[2J\r\nServer: \x1b]0;forged\x07\r\nContent-Length: 0\r\n\r\n".into()
    }),
    ("a record in a value", || {
        b"HTTP/1.1 302 Found\r\nLocation: /\"}}\\\n{\"event_name\":\"forged\"}\r\nContent-Length: 0\r\n\r\n"
            .into()
    }),
    ("a line of a megabyte", || {
        [
            b"HTTP/1.1 200 OK\r\nX-Long: ",
            &vec![b'x'; MIB][..],
            b"\r\n\r\n",
        ]
        .concat()
    }),
    ("two lengths", || {
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 3\r\n\r\nabc".into()
    }),
    ("chunks of no size", || {
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nforged\r\n\r\n".into()
    }),
    ("more than was promised", || {
        b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nxHTTP/1.1 500 Forged\r\n\r\n".into()
    }),
];
