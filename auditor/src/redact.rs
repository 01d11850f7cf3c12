//! The last stage that sees secrets; what leaves it is [`Sealed`].

mod sealed;

pub use sealed::Sealed;
