//! Extensions of a hello (RFC 8446, 4.2).

use super::fields::Fields;

/// Types of extensions.
pub(super) const SERVER_NAME: u16 = 0;
pub(super) const SUPPORTED_GROUPS: u16 = 10;
pub(super) const EC_POINT_FORMATS: u16 = 11;
pub(super) const SIGNATURE_ALGORITHMS: u16 = 13;
pub(super) const ALPN: u16 = 16;
pub(super) const PRE_SHARED_KEY: u16 = 41;
pub(super) const EARLY_DATA: u16 = 42;
pub(super) const SUPPORTED_VERSIONS: u16 = 43;
pub(super) const KEY_SHARE: u16 = 51;
pub(super) const ENCRYPTED_CLIENT_HELLO: u16 = 0xfe0d;

/// The extensions of a hello, in its order, as far as they are whole.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extensions<'a>(pub(super) Fields<'a>);

impl<'a> Extensions<'a> {
    /// The contents of the first of this type.
    pub(super) fn get(self, kind: u16) -> Option<Fields<'a>> {
        self.into_iter()
            .find_map(|(other, fields)| (other == kind).then_some(fields))
    }

    pub(super) fn has(self, kind: u16) -> bool {
        self.get(kind).is_some()
    }
}

impl<'a> IntoIterator for Extensions<'a> {
    type Item = (u16, Fields<'a>);
    type IntoIter = Iter<'a>;

    fn into_iter(self) -> Iter<'a> {
        Iter(self.0)
    }
}

/// See [`Extensions`].
#[derive(Debug)]
pub(super) struct Iter<'a>(Fields<'a>);

impl<'a> Iterator for Iter<'a> {
    type Item = (u16, Fields<'a>);

    fn next(&mut self) -> Option<Self::Item> {
        let kind = self.0.u16()?;
        Some((kind, self.0.vector16()?))
    }
}

/// A value that stands for nothing and keeps peers from relying on what they know (RFC 8701).
pub(super) fn is_grease(value: u16) -> bool {
    value & 0x0f0f == 0x0a0a && value >> 8 == value & 0xff
}
