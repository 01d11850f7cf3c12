//! Searches the journal. Only reads, and needs nothing of a daemon that is writing to it.
//!
//! There is no index beside the segments: their headers tell when they were written, and most
//! records in them are passed over by a look at their bytes. `docs/query.md` has the measurement.

#![forbid(unsafe_code)]

mod csv;
mod filter;
mod glance;
mod printer;
#[cfg(test)]
pub(crate) mod sample;
mod search;
mod status;
#[cfg(test)]
mod tests;
mod time;

use std::collections::VecDeque;
use std::io::{self, Write};
use std::ops::ControlFlow;
use std::path::PathBuf;

pub use filter::{DECISION, Filter, FilterError};
pub use search::{Gaps, Search};
pub use time::{Present, TimeError, Window};

use self::csv::Table;
use self::printer::{Layout, Printer};
use crate::config::{QueryArgs, QueryForm};
use crate::exit::Exit;
use crate::export::stdout::{Form, Pretty};
use crate::journal::{Directory, Disk, JournalError};
use crate::redact::Sealed;

/// Records that are handed on at once.
const BATCH: usize = 1024;

/// What reads the answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    Terminal { colour: bool },
    Program,
}

/// Why nothing could be searched.
#[derive(Debug, thiserror::Error)]
pub enum QueryError {
    #[error(transparent)]
    Filter(#[from] FilterError),
    #[error("{}: {source}; name the journal with --journal-dir", directory.display())]
    Journal {
        directory: PathBuf,
        source: JournalError,
    },
    #[error("write the answer: {0}")]
    Write(#[from] io::Error),
}

// === impl QueryError ===

impl QueryError {
    pub fn exit(&self) -> Exit {
        match self {
            Self::Filter(_) => Exit::Usage,
            Self::Journal { .. } | Self::Write(_) => Exit::Failed,
        }
    }
}

/// Writes what matches to `out`, and says what may be missing from it.
pub fn query(args: &QueryArgs, reader: Reader, out: impl Write) -> Result<Gaps, QueryError> {
    let present = Present::read();
    let filter = Filter::of(args, &present)?;
    let mut printer = Printer::new(out, layout(args.output, reader, present));
    let failed = |source| QueryError::Journal {
        directory: args.journal_dir.clone(),
        source,
    };
    let directory = Directory::visit(&args.journal_dir);
    let search = Search::new(&directory, &filter).map_err(failed)?;
    let mut gaps = Gaps::default();
    let flow = match args.limit {
        None => all(&search, &mut printer, &mut gaps, failed)?,
        Some(limit) => {
            let newest = newest(&search, limit, &mut gaps).map_err(failed)?;
            printer.write(&newest)?
        }
    };
    if flow.is_continue() {
        printer.finish()?;
    }
    gaps.unreadable += printer.unreadable;
    Ok(gaps)
}

fn layout(output: Option<QueryForm>, reader: Reader, present: Present) -> Layout {
    let colour = reader == Reader::Terminal { colour: true };
    let default = match reader {
        Reader::Terminal { .. } => QueryForm::Pretty,
        Reader::Program => QueryForm::Json,
    };
    match output.unwrap_or(default) {
        QueryForm::Json => Layout::Lines(Form::Json),
        QueryForm::OtlpJson => Layout::Lines(Form::OtlpJson),
        QueryForm::Csv => Layout::Table(Box::new(Table::new())),
        QueryForm::Pretty => {
            let zone = present.zone;
            Layout::Days(Pretty { colour, zone }, None)
        }
    }
}

/// In the order of the journal, as they are found.
fn all<D: Disk>(
    search: &Search<'_, D>,
    printer: &mut Printer<impl Write>,
    gaps: &mut Gaps,
    failed: impl Fn(JournalError) -> QueryError,
) -> Result<ControlFlow<()>, QueryError> {
    let mut batch = Vec::with_capacity(BATCH);
    let mut written = Ok(ControlFlow::Continue(()));
    for stretch in search.stretches() {
        let read = search.read(stretch, |stored, _| {
            batch.push(stored.sealed());
            if batch.len() == BATCH {
                written = printer.write(&batch);
                batch.clear();
            }
            match written {
                Ok(flow) => flow,
                Err(_) => ControlFlow::Break(()),
            }
        });
        gaps.add(read.map_err(&failed)?);
        if std::mem::replace(&mut written, Ok(ControlFlow::Continue(())))?.is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
    Ok(printer.write(&batch)?)
}

/// From the newest segment back, until there are enough.
fn newest<D: Disk>(
    search: &Search<'_, D>,
    limit: usize,
    gaps: &mut Gaps,
) -> Result<Vec<Sealed>, JournalError> {
    let mut newest = VecDeque::new();
    for stretch in search.stretches().iter().rev() {
        let wanted = limit - newest.len();
        if wanted == 0 {
            break;
        }
        let mut found = VecDeque::new();
        let read = search.read(stretch, |stored, _| {
            if found.len() == wanted {
                found.pop_front();
            }
            found.push_back(stored.sealed());
            ControlFlow::Continue(())
        });
        gaps.add(read?);
        found.append(&mut newest);
        newest = found;
    }
    Ok(newest.into())
}
