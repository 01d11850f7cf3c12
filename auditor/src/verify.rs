//! Says whether a journal is complete and unchanged, and if not, what is wrong and where; and proves
//! that a record is in it.

#![forbid(unsafe_code)]

mod comparison;
mod exported;
mod proof;
mod record;
mod statement;

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

pub use comparison::{Comparison, Discrepancy, Mistake};
pub use proof::check;
pub use record::{RecordError, prove};
pub use statement::Statement;

use exported::Exported;

use crate::config::VerifyArgs;
use crate::exit::Exit;
use crate::export::view::RecordView;
use crate::journal::evidence::{self, KeyError, PublicKey, RecordProofError, Trust};
use crate::journal::{Directory, JournalError, Stored, public_key};

/// Why nothing could be verified.
#[derive(Debug, thiserror::Error)]
pub enum VerifyError {
    #[error("{}: {source}", directory.display())]
    Journal {
        directory: PathBuf,
        source: JournalError,
    },
    #[error("--public-key {given}: {source}")]
    Key { given: String, source: KeyError },
    #[error("--checkpoint {}: {source}", path.display())]
    Checkpoint { path: PathBuf, source: io::Error },
    #[error("--exported {}: {source}", path.display())]
    Exported { path: PathBuf, source: io::Error },
    #[error("--record {id}: {source}")]
    Record { id: String, source: RecordError },
    #[error("--proof {}: {source}", path.display())]
    File { path: PathBuf, source: io::Error },
    #[error("--proof {}: {source}", path.display())]
    Proof {
        path: PathBuf,
        source: RecordProofError,
    },
}

impl VerifyError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Record { .. } | Self::Proof { .. } => Exit::Failed,
            Self::Journal { .. }
            | Self::Key { .. }
            | Self::Checkpoint { .. }
            | Self::Exported { .. }
            | Self::File { .. } => Exit::Usage,
        }
    }
}

/// What `auditor verify` prints, and how it ends.
pub fn answer(args: &VerifyArgs) -> Result<(String, Exit), VerifyError> {
    match (&args.record, &args.proof) {
        (Some(id), _) => Ok((prove(args, id)?, Exit::Success)),
        (None, Some(path)) => Ok((check(args, path)?, Exit::Success)),
        (None, None) => {
            let statement = verify(args)?;
            Ok((statement.render(), statement.exit()))
        }
    }
}

/// Reads the whole journal; a daemon may be writing to it.
pub fn verify(args: &VerifyArgs) -> Result<Statement, VerifyError> {
    let directory = Directory::visit(&args.journal_dir);
    let failed = |source| VerifyError::Journal {
        directory: args.journal_dir.clone(),
        source,
    };
    let key = key(args, &directory)?;
    let mut checkpoints = given(args)?;
    let mut exported = args.exported.as_deref().map(self::exported).transpose()?;
    if let Some(exported) = &mut exported {
        // They left the node, so the journal must agree with them.
        checkpoints.append(&mut exported.notes);
    }
    let growing = Directory::is_owned(&args.journal_dir);
    let trust = Trust {
        key: &key,
        checkpoints: &checkpoints,
        growing,
    };
    let report = evidence::verify(&directory, trust).map_err(failed)?;
    let comparison = exported.map(|exported| Comparison::of(&directory, exported));
    Ok(Statement {
        report,
        exported: comparison.transpose().map_err(failed)?,
        public_key: key.to_string(),
        own_key: args.public_key.is_none(),
        growing,
        json: args.json,
    })
}

/// The given key, else that of the journal.
fn key(args: &VerifyArgs, directory: &Directory) -> Result<PublicKey, VerifyError> {
    match &args.public_key {
        Some(given) => named(given),
        None => public_key(directory).map_err(|source| VerifyError::Journal {
            directory: args.journal_dir.clone(),
            source,
        }),
    }
}

/// The given checkpoints: signed notes.
fn given(args: &VerifyArgs) -> Result<Vec<String>, VerifyError> {
    args.checkpoint
        .iter()
        .map(|path| checkpoint(path))
        .collect()
}

/// An attribute of a record.
fn text<'a>(stored: &Stored<'a>, name: &str) -> Option<&'a str> {
    let view = RecordView::parse(stored.record).ok()?;
    let mut attributes = view.attributes.into_iter().map_while(Result::ok);
    attributes.find(|(key, _)| *key == name)?.1.as_text()
}

/// A key, or a file that has one.
fn named(given: &str) -> Result<PublicKey, VerifyError> {
    let text = fs::read_to_string(given);
    let key = text.as_deref().unwrap_or(given).parse();
    key.map_err(|source| VerifyError::Key {
        given: given.to_owned(),
        source,
    })
}

fn exported(path: &Path) -> Result<Exported, VerifyError> {
    let file = File::open(path);
    let read = file.and_then(|file| Exported::read(BufReader::new(file)));
    read.map_err(|source| VerifyError::Exported {
        path: path.to_owned(),
        source,
    })
}

fn checkpoint(path: &Path) -> Result<String, VerifyError> {
    fs::read_to_string(path).map_err(|source| VerifyError::Checkpoint {
        path: path.to_owned(),
        source,
    })
}
