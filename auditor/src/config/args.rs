//! What was typed.

mod query;
mod report;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;
use serde::{Deserialize, Serialize};

pub use query::{QueryArgs, QueryForm};
pub use report::{ReportArgs, ReportForm};

use super::journal::JOURNAL_DIR;
use super::period::Period;

const SELECTORS: &str = "\
Selectors:
  KEY=VALUE[,KEY=VALUE...]; all of them must match. The option may be repeated: one match is enough.
  direction   inbound or outbound
  port        port of the server
  address     address of the peer, or a network: 10.0.0.0/8
  service     service.name of the workload
  container   container id, or its beginning
  namespace   Kubernetes namespace of the workload
  pod         name of the pod
  pod-uid     uid of the pod
  executable  name of the program
  path        beginning of an HTTP path
  A value may end in *, except port, address and direction.";

const EXIT_CODES: &str = "\
Exit codes:
  0  success
  1  the checked thing does not hold, or the run failed
  2  usage or configuration error
  3  missing privilege or kernel feature";

/// Node-level access auditor: every HTTP and TCP access on the node as an OpenTelemetry log.
#[derive(Debug, Parser)]
#[command(name = "auditor", version, after_help = EXIT_CODES)]
#[command(
    propagate_version = true,
    subcommand_required = true,
    arg_required_else_help = true
)]
pub struct Args {
    #[command(subcommand)]
    pub command: Command,
}

#[derive(Debug, Subcommand)]
pub enum Command {
    /// Audit this node until stopped. Records go to the journal, and from there to standard
    /// output, to collectors, or both.
    Run(Box<RunArgs>),
    /// Say what this node can and cannot capture, and why.
    Doctor(DoctorArgs),
    /// Check that the journal is complete and unchanged.
    Verify(VerifyArgs),
    /// Search the journal: who accessed what, when, and how it ended.
    Query(Box<QueryArgs>),
    /// Write an evidence report: who accessed what, what is missing, whether it is unchanged.
    Report(ReportArgs),
    /// Print a completion script for a shell.
    Completions { shell: Shell },
    /// Print the manual page: auditor man | man -l -
    Man,
    /// Print the schema of the records, as Markdown.
    Schema,
}

#[derive(Clone, Debug, Default, clap::Args)]
#[command(after_help = SELECTORS)]
pub struct RunArgs {
    /// Configuration file (YAML). What is given here or in the environment wins over it.
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,

    /// What to write to standard output [default: pretty on a terminal, else json]
    #[arg(long, value_enum, value_name = "FORM")]
    pub output: Option<OutputName>,

    /// Collector to send records to, for example http://collector:4317. Wins over
    /// OTEL_EXPORTER_OTLP_ENDPOINT; the other OTEL_EXPORTER_OTLP_* variables apply.
    #[arg(long, value_name = "URL")]
    pub otlp_endpoint: Option<String>,

    /// Directory of the journal: every record is there before it is sent
    /// [default: /var/lib/auditor/journal]
    #[arg(long, value_name = "DIR", conflicts_with = "no_journal")]
    pub journal_dir: Option<PathBuf>,

    /// Keep nothing on disk: what is not delivered when the auditor ends is gone.
    #[arg(long)]
    pub no_journal: bool,

    /// When records are made durable [default: interval]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub fsync: Option<FsyncName>,

    /// What to do when the journal has no room and destinations lag [default: block]
    #[arg(long, value_enum, value_name = "WHAT")]
    pub when_full: Option<WhenFullName>,

    /// Socket of the container runtime, for example unix:///run/containerd/containerd.sock
    /// [default: the usual one that answers]
    #[arg(long, value_name = "SOCKET")]
    pub cri_endpoint: Option<String>,

    /// How to reach the API server from outside the cluster: a kubeconfig, with its current context
    /// [default: the service account, inside a cluster]
    #[arg(long, value_name = "FILE")]
    pub kubeconfig: Option<PathBuf>,

    /// Answer at this address, for example 127.0.0.1:9090: Prometheus under /metrics, probes under
    /// /healthz and /readyz.
    #[arg(long, value_name = "ADDRESS:PORT")]
    pub metrics_address: Option<SocketAddr>,

    /// Stop by itself after this time: 500ms, 30s, 5m, 1h30m.
    #[arg(long, value_name = "TIME")]
    pub duration: Option<Period>,

    /// See what is inside TLS too, by probes in the OpenSSL libraries of this node
    #[arg(long)]
    pub tls_plaintext: bool,

    /// Audit only what a selector matches.
    #[arg(long, value_name = "SELECTOR")]
    pub include: Vec<String>,

    /// Leave out what a selector matches; wins over --include.
    #[arg(long, value_name = "SELECTOR")]
    pub exclude: Vec<String>,

    /// Size of the ring that the kernel programs write to; a power of two.
    #[arg(long, value_name = "BYTES", hide = true)]
    pub ring_bytes: Option<u32>,
}

#[derive(Debug, clap::Args)]
pub struct DoctorArgs {
    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

#[derive(Debug, Default, clap::Args)]
pub struct VerifyArgs {
    /// Directory of the journal.
    #[arg(long, value_name = "DIR", default_value = JOURNAL_DIR)]
    pub journal_dir: PathBuf,

    /// The node's public key, or a file that has it [default: key.pub of the journal, which proves
    /// nothing against who can write there]
    #[arg(long, value_name = "KEY|FILE")]
    pub public_key: Option<String>,

    /// A checkpoint that was kept off the node: the journal must agree with it. May be repeated.
    #[arg(long, value_name = "FILE")]
    pub checkpoint: Vec<PathBuf>,

    /// Exported records to be held against the journal: JSON lines as standard output has them
    /// (json, otlp-json), or OTLP JSON lines of a collector.
    #[arg(long, value_name = "FILE")]
    pub exported: Option<PathBuf>,

    /// Write a proof that the record with this auditor.record.id is in the journal, to be checked
    /// with --proof: that it is among the records of the first given checkpoint that has it, else of
    /// one in the journal.
    #[arg(long, value_name = "ID", conflicts_with_all = ["exported", "json"])]
    pub record: Option<String>,

    /// Check a proof that --record wrote, and print its record. Needs no journal.
    #[arg(
        long,
        value_name = "FILE",
        requires = "public_key",
        conflicts_with_all = ["record", "exported", "checkpoint", "journal_dir", "json"]
    )]
    pub proof: Option<PathBuf>,

    /// Print one JSON object.
    #[arg(long)]
    pub json: bool,
}

/// The names of the forms that standard output can take.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutputName {
    /// For people.
    Pretty,
    /// One JSON object a line.
    Json,
    /// One OTLP request a line, as a collector's otlpjsonfile receiver reads it.
    OtlpJson,
    /// Nothing.
    None,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum FsyncName {
    /// After every batch.
    Always,
    /// Within journal.fsync_interval (1s) and journal.fsync_bytes (4 MiB).
    Interval,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum WhenFullName {
    /// Take no more: queues fill up to the ring, and what does not fit there is counted as lost.
    Block,
    /// Remove the oldest records, delivered or not; what a destination misses is told as lost.
    DropOldest,
}

#[cfg(test)]
mod tests {
    use clap::{CommandFactory as _, Parser as _, error::ErrorKind};

    use super::{Args, Command, OutputName};

    #[test]
    fn the_definition_holds_together() {
        Args::command().debug_assert();
    }

    #[test]
    fn selectors_are_repeatable_and_the_time_is_read() {
        let typed = "auditor run --include service=a --include port=80 --duration 1h30m \
                     --output otlp-json";
        let args = Args::parse_from(typed.split_whitespace());
        let Command::Run(run) = args.command else {
            panic!("not run");
        };
        assert_eq!(run.include, ["service=a", "port=80"]);
        assert_eq!(run.output, Some(OutputName::OtlpJson));
        assert_eq!(run.duration.map(|time| time.get().as_secs()), Some(5400));
    }

    #[test]
    fn a_usage_error_names_the_value_and_exits_with_two() {
        let error = Args::try_parse_from(["auditor", "run", "--duration", "5x"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::ValueValidation);
        assert_eq!(error.exit_code(), 2);
        assert!(error.to_string().contains("5x"), "{error}");
    }
}
