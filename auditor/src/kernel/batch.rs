//! Ring bytes on their way to decode.

use std::mem::size_of;

use auditor_common::{Close, Data, Early, Header, Kind, Open, Plaintext};

/// Events copied out of the ring, in ring order.
#[derive(Debug, Default)]
pub struct EventBatch {
    bytes: Vec<u8>,
    ends: Vec<u32>,
}

impl EventBatch {
    pub fn with_capacity(bytes: usize) -> Self {
        Self {
            bytes: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(bytes / 128),
        }
    }

    /// Appends an event without the unused end of its reservation.
    pub fn push(&mut self, event: &[u8]) {
        let meant = meant_length(event).min(event.len());
        self.bytes.extend_from_slice(&event[..meant]);
        self.ends.push(self.bytes.len() as u32);
    }

    pub fn byte_len(&self) -> usize {
        self.bytes.len()
    }

    pub fn len(&self) -> usize {
        self.ends.len()
    }

    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    pub fn iter(&self) -> impl Iterator<Item = &[u8]> {
        let mut start = 0;
        self.ends.iter().map(move |&end| {
            let event = &self.bytes[start..end as usize];
            start = end as usize;
            event
        })
    }
}

/// Fixed part of the event and the bytes captured behind it; the whole if it makes no sense, which
/// is for decode to judge.
fn meant_length(event: &[u8]) -> usize {
    let Some(Ok(header)) = event
        .get(..size_of::<Header>())
        .map(bytemuck::try_pod_read_unaligned::<Header>)
    else {
        return event.len();
    };
    let fixed = match header.kind {
        k if k == Kind::Open as u8 => size_of::<Open>(),
        k if k == Kind::Data as u8 => size_of::<Data>(),
        k if k == Kind::Early as u8 => size_of::<Early>(),
        k if k == Kind::Close as u8 => size_of::<Close>(),
        k if k == Kind::Plaintext as u8 => size_of::<Plaintext>(),
        _ => return event.len(),
    };
    fixed + header.captured as usize
}
