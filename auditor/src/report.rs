//! The evidence report: who accessed what in a period, what is missing, whether it is unchanged.
//!
//! Its facts are one set of plain data; the page and the JSON are two ways to write them down.

#![forbid(unsafe_code)]

mod access;
mod coverage;
mod facts;
mod html;
mod integrity;
mod moment;
mod questions;
mod ranking;
mod silence;
mod tally;
#[cfg(test)]
mod tests;
mod told;
mod volume;

use std::ops::ControlFlow;
use std::path::PathBuf;

use serde::Serialize;

use self::facts::Facts;
use self::integrity::Integrity;
use self::moment::Moment;
use self::questions::Answer;
use self::tally::Tally;
use crate::config::{ReportArgs, ReportForm, VerifyArgs};
use crate::exit::Exit;
use crate::journal::{Directory, JournalError, stretches};
use crate::query::{Present, TimeError, Window};
use crate::verify::{self, VerifyError};

#[derive(Clone, Debug, Serialize)]
pub struct Report {
    pub made: Moment,
    pub version: &'static str,
    /// Name of the key, which names the node.
    pub journal: String,
    /// The period asked for. `None`: from the beginning of the journal.
    pub since: Option<Moment>,
    pub until: Moment,
    #[serde(flatten)]
    pub facts: Facts,
    pub integrity: Integrity,
    pub answers: Vec<Answer>,
}

/// Why there is no report.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    #[error(transparent)]
    Time(#[from] TimeError),
    #[error(transparent)]
    Verify(#[from] VerifyError),
    #[error("{}: {source}; name the journal with --journal-dir", directory.display())]
    Journal {
        directory: PathBuf,
        source: JournalError,
    },
}

/// Verifies the journal, then reads it once more. Memory does not grow with it.
pub fn report(args: &ReportArgs) -> Result<Report, ReportError> {
    let made = Moment::now();
    let asked = Window::parse(
        args.since.as_deref(),
        args.until.as_deref(),
        &Present::read(),
    )?;
    let window = Window {
        since: asked.since,
        until: asked.until.min(made.0),
    };
    let statement = verify::verify(&VerifyArgs {
        journal_dir: args.journal_dir.clone(),
        public_key: args.public_key.clone(),
        checkpoint: args.checkpoint.clone(),
        ..VerifyArgs::default()
    })?;
    let tally = read(args, window).map_err(|source| ReportError::Journal {
        directory: args.journal_dir.clone(),
        source,
    })?;
    let facts = tally.facts(statement.growing);
    let integrity = Integrity::of(&statement);
    Ok(Report {
        made,
        version: env!("CARGO_PKG_VERSION"),
        journal: statement.report.key,
        since: args.since.as_ref().map(|_| Moment(window.since)),
        until: Moment(window.until),
        answers: questions::answers(&facts, &integrity),
        facts,
        integrity,
    })
}

fn read(args: &ReportArgs, window: Window) -> Result<Tally, JournalError> {
    let directory = Directory::visit(&args.journal_dir);
    let mut tally = Tally::new(window);
    for stretch in stretches(&directory)? {
        let missing = stretch.read(&directory, |stored| {
            if tally.take(stored).is_err() {
                tally.unreadable();
            }
            ControlFlow::Continue(())
        })?;
        tally.missing(missing);
    }
    Ok(tally)
}

// === impl Report ===

impl Report {
    pub fn render(&self, form: ReportForm) -> String {
        match form {
            ReportForm::Html => html::page(self),
            ReportForm::Json => {
                let json = serde_json::to_string_pretty(self);
                json.expect("it is strings and numbers") + "\n"
            }
        }
    }

    /// Whether the journal is as it was signed.
    pub fn exit(&self) -> Exit {
        if self.integrity.holds {
            Exit::Success
        } else {
            Exit::Failed
        }
    }
}

// === impl ReportError ===

impl ReportError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Time(_) | Self::Verify(_) => Exit::Usage,
            Self::Journal { .. } => Exit::Failed,
        }
    }
}
