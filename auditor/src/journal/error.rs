//! Why a journal can't be used.

use std::fmt::Display;
use std::io::{self, ErrorKind};
use std::path::PathBuf;

use super::evidence::KeyError;

#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    #[error("journal: {action} {thing}: {source}")]
    Io {
        action: &'static str,
        thing: String,
        source: io::Error,
    },
    #[error(
        "journal: {} is in use by {}; stop it, or give this one a directory of its own with \
         --journal-dir",
        directory.display(),
        process.map_or("another auditor".to_owned(), |pid| format!("process {pid}")),
    )]
    InUse {
        directory: PathBuf,
        process: Option<u32>,
    },
    #[error(
        "journal: {name} has version {version} of the format, this auditor knows version 1; use \
         the auditor that wrote it, or another directory"
    )]
    Version { name: String, version: u32 },
    #[error(
        "journal: {bytes} bytes are kept and not delivered, the limit is {limit}; no more is \
         taken until a destination acknowledges (or set journal.when_full to drop-oldest)"
    )]
    Full { bytes: u64, limit: u64 },
    #[error("journal: {name}: {source}")]
    Key { name: String, source: KeyError },
}

// === impl JournalError ===

impl JournalError {
    /// Makes an error of a failure in doing `action` to `thing`.
    pub(super) fn io(action: &'static str, thing: impl Display) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            action,
            thing: thing.to_string(),
            source,
        }
    }

    /// Whether the disk has no room, by its own account or by the quota's.
    pub(super) fn is_disk_full(&self) -> bool {
        matches!(
            self.kind(),
            Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded)
        )
    }

    /// Whether it takes another user to use the directory.
    pub fn is_denied(&self) -> bool {
        self.kind() == Some(ErrorKind::PermissionDenied)
    }

    pub(super) fn is_not_found(&self) -> bool {
        self.kind() == Some(ErrorKind::NotFound)
    }

    fn kind(&self) -> Option<ErrorKind> {
        match self {
            Self::Io { source, .. } => Some(source.kind()),
            _ => None,
        }
    }
}
