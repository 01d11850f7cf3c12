//! Handshake messages, put together from records (RFC 8446, 4 and 5.1).

/// Longest message that is kept: a chain of certificates with room to spare. Of a longer one
/// nothing is.
const MAX_MESSAGE: usize = 64 * 1024;
const HEADER: usize = 4;

/// Types of handshake messages.
pub(super) const CLIENT_HELLO: u8 = 1;
pub(super) const SERVER_HELLO: u8 = 2;
pub(super) const CERTIFICATE: u8 = 11;
pub(super) const SERVER_KEY_EXCHANGE: u8 = 12;
pub(super) const SERVER_HELLO_DONE: u8 = 14;

/// A whole message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Message<'a> {
    pub(super) kind: u8,
    /// `None` if it is longer than what is kept.
    pub(super) body: Option<&'a [u8]>,
}

/// Puts the messages of one direction together.
#[derive(Debug, Default)]
pub(super) struct Messages {
    header: [u8; HEADER],
    filled: usize,
    body: Vec<u8>,
    /// Bytes of the body that are still to come.
    left: usize,
    is_kept: bool,
}

impl Messages {
    /// Reads the payload of handshake records.
    pub(super) fn feed(&mut self, mut bytes: &[u8], mut whole: impl FnMut(&Message<'_>)) {
        while !bytes.is_empty() {
            if self.filled < HEADER {
                let n = (HEADER - self.filled).min(bytes.len());
                self.header[self.filled..self.filled + n].copy_from_slice(&bytes[..n]);
                self.filled += n;
                bytes = &bytes[n..];
                if self.filled < HEADER {
                    return;
                }
                let [_, high, middle, low] = self.header;
                self.left = u32::from_be_bytes([0, high, middle, low]) as usize;
                self.is_kept = self.left <= MAX_MESSAGE && is_wanted(self.header[0]);
            }
            let n = self.left.min(bytes.len());
            if self.is_kept {
                self.body.extend_from_slice(&bytes[..n]);
            }
            self.left -= n;
            bytes = &bytes[n..];
            if self.left == 0 {
                whole(&Message {
                    kind: self.header[0],
                    body: self.is_kept.then_some(&self.body[..]),
                });
                self.filled = 0;
                // A hello is the only thing most connections ever keep.
                self.body = Vec::new();
            }
        }
    }
}

#[cfg(test)]
impl Messages {
    /// Bytes kept.
    pub(super) fn held(&self) -> usize {
        self.body.len()
    }
}

fn is_wanted(kind: u8) -> bool {
    matches!(
        kind,
        CLIENT_HELLO | SERVER_HELLO | CERTIFICATE | SERVER_KEY_EXCHANGE
    )
}
