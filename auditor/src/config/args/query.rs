//! Arguments of `auditor query`.

use std::path::PathBuf;

use clap::ValueEnum;

use super::JOURNAL_DIR;

const PATTERNS: &str = "\
Times:
  A length of time before now (15m, 36h, 7d), or a moment: 2026-11-24T09:00:00Z, 2026-11-24 09:00,
  2026-11-24; without an offset by the clock of this machine. It is compared with the beginning of
  an access.

Values:
  A value may end in *, a lone * asks only that the fact is there. An option that is repeated
  matches if one of its values does; different options must all match.

Order:
  As in the journal, which is the order in which the accesses were seen to end.";

/// What to look for in the journal, and how to show it.
#[derive(Debug, Default, clap::Args)]
#[command(after_help = PATTERNS)]
pub struct QueryArgs {
    /// Directory of the journal; a daemon may be writing to it.
    #[arg(long, value_name = "DIR", default_value = JOURNAL_DIR)]
    pub journal_dir: PathBuf,

    /// Accesses that began then or later.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,

    /// Accesses that began before then.
    #[arg(long, value_name = "TIME")]
    pub until: Option<String>,

    /// Kind of record: http, connection, loss, coverage, lifecycle, checkpoint, or a full name.
    #[arg(long, value_name = "EVENT")]
    pub event: Vec<String>,

    /// inbound or outbound, seen from the audited workload.
    #[arg(long, value_name = "DIRECTION")]
    pub direction: Vec<String>,

    /// Audited workload: its service.name, or the name of its owner.
    #[arg(long, value_name = "NAME")]
    pub workload: Vec<String>,

    /// Kubernetes namespace of the audited workload.
    #[arg(long, value_name = "NAME")]
    pub namespace: Vec<String>,

    /// Pod of the audited workload.
    #[arg(long, value_name = "NAME")]
    pub pod: Vec<String>,

    /// Container of the audited workload: its name, or the beginning of its id.
    #[arg(long, value_name = "NAME|ID")]
    pub container: Vec<String>,

    /// The other end: an address, a network such as 10.0.0.0/8, a workload, service, pod or node.
    #[arg(long, value_name = "PEER")]
    pub peer: Vec<String>,

    /// Principal that the request presented: user.id, user.name or the client id.
    #[arg(long, value_name = "NAME")]
    pub user: Vec<String>,

    /// Method of the request.
    #[arg(long, value_name = "METHOD")]
    pub method: Vec<String>,

    /// Beginning of the path.
    #[arg(long, value_name = "PREFIX")]
    pub path: Vec<String>,

    /// Status of the response: 404, 5xx, 400-499, >=400, <300.
    #[arg(long, value_name = "STATUS")]
    pub status: Vec<String>,

    /// How it failed (error.type), for example connect_failed.
    #[arg(long, value_name = "TYPE")]
    pub error: Vec<String>,

    /// What a policy decided: allow, deny, would_deny.
    #[arg(long, value_name = "DECISION")]
    pub decision: Vec<String>,

    /// Only the newest so many that match, oldest first.
    #[arg(long, value_name = "NUMBER")]
    pub limit: Option<usize>,

    /// How to show them [default: pretty on a terminal, else json]
    #[arg(long, value_enum, value_name = "FORM")]
    pub output: Option<QueryForm>,
}

/// The names of the forms that an answer can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum QueryForm {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
    /// One OTLP request a line, as a collector's otlpjsonfile receiver reads it.
    OtlpJson,
    /// A table for a spreadsheet.
    Csv,
}
