//! Records (RFC 8446, 5.1).

/// Content type of a handshake.
pub(super) const HANDSHAKE: u8 = 22;
const CHANGE_CIPHER_SPEC: u8 = 20;
const ALERT: u8 = 21;
const APPLICATION_DATA: u8 = 23;
const HEADER: usize = 5;
/// Payload of the largest record (RFC 5246, 6.2.3).
const MAX_RECORD: usize = (1 << 14) + 2048;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Content {
    ChangeCipherSpec,
    Alert,
    Handshake,
    ApplicationData,
}

/// What a direction yields.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Item<'a> {
    /// A record of so many bytes begins.
    Header(Content, usize),
    /// Part of the payload of the record that began last.
    Payload(Content, &'a [u8]),
}

/// The bytes are no record.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct NoRecord;

/// Reads the records of one direction, wherever its bytes are cut.
#[derive(Debug, Default)]
pub(super) struct Records {
    header: [u8; HEADER],
    filled: usize,
    /// The record under way and what is still to come of it.
    current: Option<(Content, usize)>,
}

impl Records {
    /// Takes the next item off the front of `bytes`; `None` when they are used up.
    pub(super) fn next<'a>(&mut self, bytes: &mut &'a [u8]) -> Result<Option<Item<'a>>, NoRecord> {
        if let Some((content, left)) = self.current {
            let n = left.min(bytes.len());
            if n == 0 {
                return Ok(None);
            }
            let (payload, rest) = bytes.split_at(n);
            *bytes = rest;
            self.current = (left > n).then_some((content, left - n));
            return Ok(Some(Item::Payload(content, payload)));
        }
        let n = (HEADER - self.filled).min(bytes.len());
        let (head, rest) = bytes.split_at(n);
        self.header[self.filled..self.filled + n].copy_from_slice(head);
        self.filled += n;
        *bytes = rest;
        // A wrong first byte shall not wait for the others.
        let content = match self.header[0] {
            _ if self.filled == 0 => return Ok(None),
            CHANGE_CIPHER_SPEC => Content::ChangeCipherSpec,
            ALERT => Content::Alert,
            HANDSHAKE => Content::Handshake,
            APPLICATION_DATA => Content::ApplicationData,
            _ => return Err(NoRecord),
        };
        if self.filled < HEADER {
            return Ok(None);
        }
        self.filled = 0;
        let [_, major, _, high, low] = self.header;
        let length = usize::from(u16::from_be_bytes([high, low]));
        if major != 3 || length > MAX_RECORD {
            return Err(NoRecord);
        }
        self.current = (length != 0).then_some((content, length));
        Ok(Some(Item::Header(content, length)))
    }
}
