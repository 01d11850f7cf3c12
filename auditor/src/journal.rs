//! Every record on the disk before it is sent anywhere: nothing lost from here on, only late.
//!
//! One [`Writer`] takes sealed records; a [`Reader`] and a [`Cursor`] for each destination follow
//! it at their own pace. The format, its invariants and what happens in a crash are in
//! `docs/journal-format.md`. Nothing here knows what a record says, waits or runs by itself: time
//! comes in as an argument, and the disk behind a trait.

#![forbid(unsafe_code)]

mod archive;
mod catalogue;
mod cursor;
mod disk;
mod error;
pub mod evidence;
mod frame;
mod header;
mod keys;
mod options;
mod reader;
mod recovery;
mod replay;
mod retention;
mod scan;
mod segment;
#[cfg(test)]
mod tests;
mod writer;

pub use archive::{Stored, Stretch, stretches};
pub use cursor::{Cursor, CursorName, NameError, Opened, Start};
pub use disk::{Directory, Disk, DiskFile};
pub use error::JournalError;
pub use keys::{public_key, signer};
pub use options::{Now, Options, Retention, SyncPolicy, WhenFull};
pub use reader::{Batch, Limit, Reader};
pub use recovery::Recovery;
pub use writer::{Event, Progress, TooLarge, Writer};
