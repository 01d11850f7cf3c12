//! Messages of HTTP/1 as the ends of a connection that need no more than their length read them.

use std::io::{BufRead, BufReader, Read, Write};

pub(crate) struct Message {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

// === impl Message ===

impl Message {
    /// Reads one whole message; none where the connection ended before it.
    pub(crate) fn receive(from: &mut impl BufRead) -> Option<Self> {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            if from.read_until(b'\n', &mut head).ok()? == 0 {
                return None;
            }
        }
        let head = String::from_utf8(head).expect("the tests write text");
        let mut message = Self {
            head,
            body: Vec::new(),
        };
        let length = message.header("Content-Length").unwrap_or("0");
        let length = length.parse().expect("a length is a number");
        message.body.resize(length, 0);
        from.read_exact(&mut message.body).ok()?;
        Some(message)
    }

    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let values = self.head.lines().filter_map(|line| line.split_once(": "));
        values
            .filter(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| value)
            .next()
    }

    /// The second word of the first line: path of a request, status of a response.
    pub(crate) fn second_word(&self) -> &str {
        let second = self.head.split_ascii_whitespace().nth(1);
        second.expect("the first line has three words")
    }
}

/// Lets `answer` write to the connection once for each request, until the client ends it.
pub(crate) fn answer_all<S: Read + Write>(stream: S, mut answer: impl FnMut(&Message, &mut S)) {
    let mut stream = BufReader::new(stream);
    while let Some(request) = Message::receive(&mut stream) {
        answer(&request, stream.get_mut());
    }
}
