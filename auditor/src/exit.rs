//! What the process tells its caller.

#![forbid(unsafe_code)]

use std::process::ExitCode;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    Success = 0,
    /// The checked thing does not hold, or the run failed.
    Failed = 1,
    /// Usage or configuration.
    Usage = 2,
    /// A privilege or a feature of the kernel is missing.
    Missing = 3,
}

// === impl Exit ===

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
