//! Plain-old-data that crosses the kernel boundary: no logic, fixed layout.
//!
//! The kernel programs write these types into the ring, the daemon's `decode` reads them.
//! Every type is `repr(C)` without implicit padding; `layout.rs` proves the sizes.

#![no_std]
#![deny(unsafe_code)]

mod counter;
mod directive;
mod event;
mod layout;
mod plaintext;

pub use counter::Counter;
pub use directive::{Directive, FlowDirective};
pub use event::{
    CHUNK_SIZES, COMM_LEN, Close, Data, Direction, Early, Header, Kind, MAX_CAPTURE, MAX_LEFT_OUT,
    Open, Owner, Role, Tuple, close_flag, data_flag,
};
pub use plaintext::{Plaintext, Site, UNBOUND_CAPTURE, site_flag};

/// Changes whenever a type in this crate changes shape; both sides are built together, so this
/// only guards against a stale object file.
pub const ABI_VERSION: u32 = 2;
