//! Why the runtime can't be asked, and what to do about it.

use std::{
    error::Error,
    fmt, io,
    path::{Path, PathBuf},
};

use tonic::{Code, Status};

use super::client::{MAX_ANSWER, TIMEOUT};
use crate::text::printable;

/// Of what a runtime answers, so much stands in a message.
const MAX_SHOWN: usize = 256;

#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error(
        "no container runtime at {}: give the auditor the directory of its socket, or name the \
         socket",
        Paths(.0)
    )]
    NoSocket(Vec<PathBuf>),
    #[error("container runtime at {}: {cause}", .socket.display())]
    Runtime { socket: PathBuf, cause: Cause },
}

#[derive(Debug, thiserror::Error)]
pub(super) enum Cause {
    #[error(
        "no such socket: give the auditor the directory that it is in, because a runtime makes a \
         new socket when it starts"
    )]
    Missing,
    #[error("permission denied: run the auditor as root, with the host's security label")]
    Denied,
    #[error("nobody listens there: start the runtime")]
    Refused,
    #[error("no answer within {} s: see whether the runtime hangs", TIMEOUT.as_secs())]
    Silent,
    #[error("does not speak runtime.v1: enable its CRI plugin, or name another socket")]
    NotCri,
    #[error("its list exceeds {} MiB", MAX_ANSWER >> 20)]
    TooLarge,
    #[error("{0}")]
    Transport(String),
    #[error("{0:?}: {1}")]
    Refusal(Code, String),
}

impl Failure {
    pub(super) fn new(socket: &Path, cause: Cause) -> Self {
        Self::Runtime {
            socket: socket.to_owned(),
            cause,
        }
    }
}

impl Cause {
    /// Of a connection that failed.
    pub(super) fn of(error: &(dyn Error + 'static)) -> Self {
        let mut text = error.to_string();
        let mut next = Some(error);
        while let Some(error) = next {
            if let Some(error) = error.downcast_ref::<io::Error>() {
                match error.kind() {
                    io::ErrorKind::NotFound => return Self::Missing,
                    io::ErrorKind::PermissionDenied => return Self::Denied,
                    io::ErrorKind::ConnectionRefused => return Self::Refused,
                    _ => (),
                }
            }
            text = error.to_string();
            next = error.source();
        }
        Self::Transport(shown(&text))
    }
}

impl From<Status> for Cause {
    fn from(status: Status) -> Self {
        // A status with a cause was made on this side, of a connection that failed.
        if let Some(cause) = status.source() {
            return Self::of(cause);
        }
        match status.code() {
            Code::Unimplemented => Self::NotCri,
            Code::OutOfRange => Self::TooLarge,
            code => Self::Refusal(code, shown(status.message())),
        }
    }
}

/// What others wrote, fit for one line.
fn shown(text: &str) -> String {
    let end = text.floor_char_boundary(MAX_SHOWN);
    printable(&text.as_bytes()[..end])
}

struct Paths<'a>(&'a [PathBuf]);

impl fmt::Display for Paths<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, path) in self.0.iter().enumerate() {
            let comma = if position == 0 { "" } else { ", " };
            write!(f, "{comma}{}", path.display())?;
        }
        Ok(())
    }
}
