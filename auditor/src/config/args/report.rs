//! Arguments of `auditor report`.

use std::path::PathBuf;

use clap::ValueEnum;

use super::JOURNAL_DIR;

/// What the report is about, and what to hold the journal against.
#[derive(Debug, clap::Args)]
pub struct ReportArgs {
    /// Directory of the journal; a daemon may be writing to it.
    #[arg(long, value_name = "DIR", default_value = JOURNAL_DIR)]
    pub journal_dir: PathBuf,

    /// Accesses that began then or later: 7d, 2026-11-01, 2026-11-24T09:00:00Z [default: all]
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,

    /// Accesses that began before then [default: now]
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,

    /// The node's public key, or a file that has it [default: key.pub of the journal, which proves
    /// nothing against who can write there]
    #[arg(long, value_name = "KEY|FILE")]
    pub public_key: Option<String>,

    /// A checkpoint that was kept off the node: the journal must agree with it. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,

    /// A page for a browser that needs nothing else, or the same facts as JSON.
    #[arg(long, value_enum, value_name = "FORM", default_value = "html")]
    pub output: ReportForm,
}

/// The names of the forms that a report can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    Html,
    Json,
}
