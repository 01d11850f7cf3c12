//! Hellos and records to order.

/// A record with this payload.
pub(super) fn record(kind: u8, payload: &[u8]) -> Vec<u8> {
    let length = u16::try_from(payload.len()).unwrap().to_be_bytes();
    [&[kind, 3, 3], &length[..], payload].concat()
}

/// A handshake message in a record of its own.
pub(super) fn handshake(kind: u8, body: &[u8]) -> Vec<u8> {
    record(22, &message(kind, body))
}

pub(super) fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u32::try_from(body.len()).unwrap().to_be_bytes();
    [&[kind], &length[1..], body].concat()
}

/// An extension with this content.
pub(super) fn extension(kind: u16, content: &[u8]) -> Vec<u8> {
    [&kind.to_be_bytes()[..], &vector16(content)].concat()
}

pub(super) fn vector8(content: &[u8]) -> Vec<u8> {
    [&[u8::try_from(content.len()).unwrap()], content].concat()
}

pub(super) fn vector16(content: &[u8]) -> Vec<u8> {
    let length = u16::try_from(content.len()).unwrap().to_be_bytes();
    [&length[..], content].concat()
}

pub(super) fn numbers(numbers: &[u16]) -> Vec<u8> {
    numbers.iter().flat_map(|n| n.to_be_bytes()).collect()
}

/// Body of a ClientHello.
pub(super) fn client_hello(version: u16, ciphers: &[u16], extensions: &[Vec<u8>]) -> Vec<u8> {
    [
        version.to_be_bytes().to_vec(),
        vec![7; 32],
        vector8(&[]),
        vector16(&numbers(ciphers)),
        vector8(&[0]),
        vector16(&extensions.concat()),
    ]
    .concat()
}

/// Body of a ServerHello.
pub(super) fn server_hello(version: u16, cipher: u16, extensions: &[Vec<u8>]) -> Vec<u8> {
    [
        version.to_be_bytes().to_vec(),
        vec![8; 32],
        vector8(&[]),
        cipher.to_be_bytes().to_vec(),
        vec![0],
        vector16(&extensions.concat()),
    ]
    .concat()
}
