//! Says whether a journal is complete and unchanged, and if not, what is wrong and where.

#![forbid(unsafe_code)]

mod comparison;
mod exported;
mod statement;

use std::fs::{self, File};
use std::io::{self, BufReader};
use std::path::{Path, PathBuf};

pub use comparison::{Comparison, Discrepancy, Mistake};
pub use statement::Statement;

use exported::Exported;

use crate::config::VerifyArgs;
use crate::journal::evidence::{self, KeyError, PublicKey, Trust};
use crate::journal::{Directory, JournalError, public_key};

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
}

/// Reads the whole journal; a daemon may be writing to it.
pub fn verify(args: &VerifyArgs) -> Result<Statement, VerifyError> {
    let directory = Directory::visit(&args.journal_dir);
    let failed = |source| VerifyError::Journal {
        directory: args.journal_dir.clone(),
        source,
    };
    let key = match &args.public_key {
        Some(given) => named(given)?,
        None => public_key(&directory).map_err(failed)?,
    };
    let checkpoints = args.checkpoint.iter().map(|path| checkpoint(path));
    let mut checkpoints = checkpoints.collect::<Result<Vec<_>, _>>()?;
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
