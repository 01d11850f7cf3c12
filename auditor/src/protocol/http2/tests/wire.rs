//! Frames and header blocks as bytes.

pub(super) const DATA: u8 = 0;
pub(super) const HEADERS: u8 = 1;
pub(super) const RST_STREAM: u8 = 3;
pub(super) const SETTINGS: u8 = 4;
pub(super) const PUSH_PROMISE: u8 = 5;
pub(super) const PING: u8 = 6;
pub(super) const GOAWAY: u8 = 7;
pub(super) const WINDOW_UPDATE: u8 = 8;
pub(super) const CONTINUATION: u8 = 9;

pub(super) const ACK: u8 = 1;
pub(super) const END_STREAM: u8 = 1;
pub(super) const END_HEADERS: u8 = 4;
pub(super) const PADDED: u8 = 8;
pub(super) const PRIORITY: u8 = 32;

pub(super) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let [_, a, b, c] = (payload.len() as u32).to_be_bytes();
    [&[a, b, c, kind, flags], &stream.to_be_bytes()[..], payload].concat()
}

/// Literal fields that are not inserted.
pub(super) fn block(fields: &[(&str, &str)]) -> Vec<u8> {
    literals(0x00, fields)
}

/// Literal fields that are inserted.
pub(super) fn inserted(fields: &[(&str, &str)]) -> Vec<u8> {
    literals(0x40, fields)
}

fn literals(kind: u8, fields: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in fields {
        block.push(kind);
        for text in [name, value] {
            assert!(text.len() < 127, "a length that takes one byte");
            block.push(text.len() as u8);
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}

/// Header block of a request.
pub(super) fn request(method: &str, path: &str) -> Vec<u8> {
    block(&[
        (":method", method),
        (":scheme", "http"),
        (":path", path),
        (":authority", "h"),
        ("x-id", "1"),
    ])
}

/// A request head.
pub(super) fn ask(stream: u32, flags: u8, method: &str, path: &str) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | flags, stream, &request(method, path))
}

pub(super) fn get(stream: u32, path: &str) -> Vec<u8> {
    ask(stream, END_STREAM, "GET", path)
}

/// A response head: an indexed status.
pub(super) fn ok(stream: u32, flags: u8) -> Vec<u8> {
    frame(HEADERS, END_HEADERS | flags, stream, &[0x88])
}
