//! One direction, from bytes to facts.

use super::{
    facts::{Facts, Gap},
    message::Messages,
    record::{Content, Item, NoRecord, Records},
    sslv2,
};
use crate::protocol::Side;

/// Length of an alert that is not encrypted.
const ALERT: usize = 2;

/// Reads one direction as far as it is of use.
#[derive(Debug)]
pub(super) struct Direction {
    side: Side,
    records: Records,
    messages: Messages,
    /// A hello in the form of SSL 2 that is being read.
    old_hello: Option<sslv2::Hello>,
    /// An alert in the clear that is being read.
    alert: Option<Vec<u8>>,
    /// No byte was read.
    is_new: bool,
    /// Some record was read.
    has_begun: bool,
    is_done: bool,
}

impl Direction {
    pub(super) fn new(side: Side) -> Self {
        Self {
            side,
            records: Records::default(),
            messages: Messages::default(),
            old_hello: None,
            alert: None,
            is_new: true,
            has_begun: false,
            is_done: false,
        }
    }

    /// Nothing more is of use.
    pub(super) fn is_done(&self) -> bool {
        self.is_done
    }

    pub(super) fn feed(&mut self, mut bytes: &[u8], facts: &mut Facts) {
        if std::mem::take(&mut self.is_new) && self.side == Side::Request {
            let marked = bytes.first().is_some_and(|first| first & sslv2::MARK != 0);
            self.old_hello = marked.then(sslv2::Hello::default);
        }
        self.read_old_hello(&mut bytes, facts);
        while !self.is_done {
            match self.records.next(&mut bytes) {
                Ok(Some(item)) => self.take(&item, facts),
                Ok(None) => return,
                Err(NoRecord) => {
                    let answer = !self.has_begun && self.side == Side::Response;
                    self.give_up(if answer { Gap::NotTls } else { Gap::Malformed }, facts);
                }
            }
        }
    }

    /// What follows cannot be read.
    pub(super) fn give_up(&mut self, gap: Gap, facts: &mut Facts) {
        if !self.is_done {
            self.is_done = true;
            self.messages = Messages::default();
            facts.note_gap(gap);
        }
    }

    fn read_old_hello(&mut self, bytes: &mut &[u8], facts: &mut Facts) {
        let Some(hello) = &mut self.old_hello else {
            return;
        };
        match hello.feed(bytes) {
            sslv2::Read::More => {}
            sslv2::Read::Whole(hello) => {
                self.old_hello = None;
                self.has_begun = true;
                facts.note_client(hello);
            }
            sslv2::Read::Foreign => self.give_up(Gap::Malformed, facts),
        }
    }

    fn take(&mut self, item: &Item<'_>, facts: &mut Facts) {
        match *item {
            Item::Header(content, length) => {
                self.has_begun = true;
                self.begin(content, length, facts);
            }
            Item::Payload(Content::Handshake, bytes) => {
                let side = self.side;
                self.messages
                    .feed(bytes, |message| facts.note_message(side, message));
            }
            Item::Payload(Content::Alert, bytes) => self.read_alert(bytes, facts),
            Item::Payload(Content::ChangeCipherSpec | Content::ApplicationData, _) => {}
        }
    }

    fn begin(&mut self, content: Content, length: usize, facts: &mut Facts) {
        match content {
            Content::Handshake => {}
            // An encrypted one is longer.
            Content::Alert => self.alert = (length == ALERT).then(Vec::new),
            Content::ChangeCipherSpec => {
                facts.note_changed_cipher(self.side);
                // In TLS 1.3 it is for show, and what follows says of itself what it is.
                let hidden = facts.version().is_some_and(|v| !v.hides_handshake());
                self.is_done = hidden;
            }
            Content::ApplicationData => {
                facts.note_protected(self.side, length);
                self.is_done = true;
            }
        }
    }

    fn read_alert(&mut self, bytes: &[u8], facts: &mut Facts) {
        let Some(alert) = &mut self.alert else {
            return;
        };
        alert.extend_from_slice(bytes);
        if let [level, description] = alert[..] {
            facts.note_plain_alert(self.side, level, description);
            self.alert = None;
        }
    }
}

#[cfg(test)]
impl Direction {
    /// Bytes kept.
    pub(super) fn held(&self) -> usize {
        self.messages.held()
    }
}
