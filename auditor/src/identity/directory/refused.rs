//! What sources told of and the directory does not have.

/// Objects, by the reason; a list that tells of them again counts them again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Refused {
    /// There was no room.
    pub full: u64,
    /// Too large, or not to be understood.
    pub unread: u64,
}

impl Refused {
    pub fn is_none(self) -> bool {
        self == Self::default()
    }
}
