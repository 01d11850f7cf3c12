//! The presentation language of TLS (RFC 8446, 3).

/// Reads fields off the front of some bytes; `None` where they end too soon.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fields<'a>(pub(super) &'a [u8]);

impl<'a> Fields<'a> {
    pub(super) fn take(&mut self, n: usize) -> Option<&'a [u8]> {
        let (taken, rest) = self.0.split_at_checked(n)?;
        self.0 = rest;
        Some(taken)
    }

    pub(super) fn u8(&mut self) -> Option<u8> {
        self.take(1).map(|bytes| bytes[0])
    }

    pub(super) fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?;
        Some(u16::from_be_bytes([bytes[0], bytes[1]]))
    }

    pub(super) fn u24(&mut self) -> Option<usize> {
        let bytes = self.take(3)?;
        Some(u32::from_be_bytes([0, bytes[0], bytes[1], bytes[2]]) as usize)
    }

    /// What a length of one byte announces.
    pub(super) fn vector8(&mut self) -> Option<Self> {
        let n = self.u8()?;
        self.take(n.into()).map(Self)
    }

    /// What a length of two bytes announces.
    pub(super) fn vector16(&mut self) -> Option<Self> {
        let n = self.u16()?;
        self.take(n.into()).map(Self)
    }

    /// What a length of three bytes announces.
    pub(super) fn vector24(&mut self) -> Option<Self> {
        let n = self.u24()?;
        self.take(n).map(Self)
    }

    /// The rest as numbers of two bytes.
    pub(super) fn numbers(self) -> impl Iterator<Item = u16> + use<'a> {
        let pairs = self.0.chunks_exact(2);
        pairs.map(|pair| u16::from_be_bytes([pair[0], pair[1]]))
    }

    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
