//! What will be done, decided and checked once.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::time::Duration;

use data_encoding::HEXLOWER;
use ring::digest;

use super::aggregation::{AggregationError, AggregationSettings};
use super::args::{OutputName, RunArgs};
use super::file::{
    ConnectionRecordKeys, File, FileError, HeaderChange, HeaderChanges, Otlp, TlsKeys,
};
use super::headers::{HeaderError, RecordedHeaders};
use super::identity::{IdentityError, IdentitySettings};
use super::journal::{JournalSettings, JournalSettingsError};
use super::kubernetes::KubernetesSettings;
use super::period::Period;
use super::redaction::{RedactionSettings, RedactionSettingsError};
use super::{cpus, environment};

#[cfg(test)]
mod tests;

const MIB: u32 = 1024 * 1024;

/// Because 50 000 requests a second write 57 MB a second: this is 140 ms of slack on one CPU.
const RING_BYTES_PER_CPU: u32 = 8 * MIB;
const RING_BYTES_DEFAULT_MIN: u32 = 16 * MIB;
const RING_BYTES_DEFAULT_MAX: u32 = 64 * MIB;

/// The largest page of a supported kernel; the ring is made of whole pages.
const RING_BYTES_MIN: u32 = 64 * 1024;
const RING_BYTES_MAX: u32 = 1024 * MIB;

/// Well within the 30 seconds that Kubernetes and systemd give or can be told to give.
const DRAIN_TIMEOUT: Duration = Duration::from_secs(10);

/// Often enough to see a download or a tunnel while it lasts, rare beside the records of ends.
const PERIODIC_INTERVAL: Duration = Duration::from_mins(1);
/// Looking at every connection has its cost.
const MIN_PERIODIC_INTERVAL: Duration = Duration::from_secs(1);

/// Arguments win over the environment, the environment over the file, the file over defaults.
/// A list of selectors is taken from one of them as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    pub output: Output,
    /// The collector by argument or file. `None` leaves it to the `OTEL_EXPORTER_OTLP_*`
    /// variables, which have ranks of their own; without those too, nothing is sent.
    pub otlp_endpoint: Option<String>,
    /// More collectors: a name for each, and where it is. Their settings are in variables.
    pub more_collectors: BTreeMap<String, String>,
    /// Where the daemon's own metrics and log go; nowhere unless it is set. Its settings are in
    /// variables, like those of the other collectors.
    pub telemetry_endpoint: Option<String>,
    /// `None` if nothing is kept on disk.
    pub journal: Option<JournalSettings>,
    /// Probe TLS libraries. Not unless it is asked for: every call then takes longer.
    pub tls_plaintext: bool,
    /// The container runtime's socket; `None` for whichever of the usual ones answers.
    pub cri_endpoint: Option<String>,
    pub kubernetes: KubernetesSettings,
    /// Where scrapers are answered; nowhere unless it is set.
    pub metrics_address: Option<SocketAddr>,
    /// Greater than zero.
    pub duration: Option<Duration>,
    /// A power of two, of whole pages.
    pub ring_bytes: u32,
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub headers: RecordedHeaders,
    pub connection_records: ConnectionRecords,
    pub identity: IdentitySettings,
    pub aggregate: AggregationSettings,
    pub redaction: RedactionSettings,
    pub node_name: Option<String>,
    pub cluster_name: Option<String>,
    /// The node's `/proc`.
    pub proc_root: PathBuf,
    /// How long what was captured may take to be delivered after the stop signal.
    pub drain_timeout: Duration,
    /// How often a connection or an exchange that goes on is told of.
    pub periodic_interval: Duration,
}

/// What goes to standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Output {
    None,
    Stdout { form: Form },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    Pretty,
    Json,
    OtlpJson,
}

/// Which records a connection makes of itself, besides those of the exchanges on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ConnectionRecords {
    pub open: bool,
    pub close: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    #[error(transparent)]
    File(#[from] FileError),
    #[error(transparent)]
    Header(#[from] HeaderError),
    #[error(transparent)]
    Identity(#[from] IdentityError),
    #[error(transparent)]
    Journal(#[from] JournalSettingsError),
    #[error(
        "otlp.more: {0:?} is no name for a collector; use 1 to 32 of a-z, 0-9 and -, not \"otlp\" or \"telemetry\""
    )]
    CollectorName(String),
    #[error(transparent)]
    Aggregation(#[from] AggregationError),
    #[error(transparent)]
    Redaction(#[from] RedactionSettingsError),
    #[error("ring_bytes: {0} is not a power of two between 65536 and 1073741824")]
    RingBytes(u32),
    #[error("duration: 0s would audit nothing; leave it out to run until stopped")]
    NoDuration,
    #[error("proc_root: {0} is not an absolute path")]
    ProcRoot(PathBuf),
}

/// What decides beside arguments and file.
struct Surroundings<'a> {
    lookup: &'a dyn Fn(&str) -> Option<String>,
    stdout: Stdout,
    cpus: u32,
}

#[derive(Clone, Copy)]
enum Stdout {
    Terminal,
    Elsewhere,
}

// === impl Settings ===

impl Settings {
    pub fn load(args: RunArgs) -> Result<Self, ConfigError> {
        let file = match &args.config {
            Some(path) => File::read(path)?,
            None => File::default(),
        };
        Self::of(args, file)
    }

    /// What arguments, environment and this file come to.
    pub(super) fn of(args: RunArgs, file: File) -> Result<Self, ConfigError> {
        let stdout = if io::stdout().is_terminal() {
            Stdout::Terminal
        } else {
            Stdout::Elsewhere
        };
        let surroundings = Surroundings {
            lookup: &environment::variable,
            stdout,
            cpus: cpus::online(),
        };
        Self::decide(args, file, &surroundings)
    }

    /// The settings as a configuration file that asks for just these, fit to be shown.
    pub fn to_yaml(&self) -> String {
        self.file().to_yaml()
    }

    fn file(&self) -> File {
        File {
            output: Some(self.output.into()),
            otlp: Otlp {
                endpoint: self.otlp_endpoint.as_deref().map(without_secrets),
                more: shown(&self.more_collectors),
                telemetry: self.telemetry_endpoint.as_deref().map(without_secrets),
            },
            journal: JournalSettings::keys(self.journal.as_ref()),
            tls: TlsKeys {
                plaintext: Some(self.tls_plaintext),
            },
            cri_endpoint: self.cri_endpoint.clone(),
            kubernetes: self.kubernetes.keys(),
            metrics_address: self.metrics_address,
            duration: self.duration.map(Period::from),
            ring_bytes: Some(self.ring_bytes),
            include: self.include.clone(),
            exclude: self.exclude.clone(),
            headers: HeaderChanges {
                request: HeaderChange::to(&self.headers.request),
                response: HeaderChange::to(&self.headers.response),
            },
            connection_records: ConnectionRecordKeys {
                open: Some(self.connection_records.open),
                close: Some(self.connection_records.close),
            },
            identity: self.identity.keys(),
            aggregate: self.aggregate.keys(),
            redaction: self.redaction.keys(),
            node_name: self.node_name.clone(),
            cluster_name: self.cluster_name.clone(),
            proc_root: Some(self.proc_root.clone()),
            drain_timeout: Some(self.drain_timeout.into()),
            periodic_interval: Some(self.periodic_interval.into()),
        }
    }

    /// Tells these settings from others: SHA-256 of their YAML, in hexadecimal.
    pub fn digest(&self) -> String {
        let yaml = self.to_yaml();
        HEXLOWER.encode(digest::digest(&digest::SHA256, yaml.as_bytes()).as_ref())
    }

    /// Takes over what may change while the daemon runs. Returns the keys that differ all the same:
    /// they need a restart.
    pub fn adopt(&mut self, asked: &Self) -> Vec<String> {
        self.include.clone_from(&asked.include);
        self.exclude.clone_from(&asked.exclude);
        self.headers.clone_from(&asked.headers);
        self.identity.clone_from(&asked.identity);
        self.aggregate.clone_from(&asked.aggregate);
        self.redaction.clone_from(&asked.redaction);
        self.file().differences(&asked.file())
    }

    fn decide(
        args: RunArgs,
        file: File,
        surroundings: &Surroundings<'_>,
    ) -> Result<Self, ConfigError> {
        let lookup = surroundings.lookup;
        let by_file = file
            .otlp
            .endpoint
            .filter(|_| !environment::names_collector(lookup));
        let journal = JournalSettings::decide(&args, &file.journal)?;
        Ok(Self {
            more_collectors: named(file.otlp.more)?,
            telemetry_endpoint: file.otlp.telemetry,
            journal,
            tls_plaintext: args.tls_plaintext || file.tls.plaintext.unwrap_or(false),
            output: output(args.output.or(file.output), surroundings.stdout),
            otlp_endpoint: args.otlp_endpoint.or(by_file),
            cri_endpoint: args.cri_endpoint.or(file.cri_endpoint),
            kubernetes: KubernetesSettings::of(args.kubeconfig, file.kubernetes),
            metrics_address: args.metrics_address.or(file.metrics_address),
            duration: duration(args.duration.or(file.duration))?,
            ring_bytes: ring_bytes(args.ring_bytes.or(file.ring_bytes), surroundings.cpus)?,
            include: first_given(args.include, file.include),
            exclude: first_given(args.exclude, file.exclude),
            headers: RecordedHeaders::changed(&file.headers)?,
            connection_records: ConnectionRecords {
                open: file.connection_records.open.unwrap_or(false),
                close: file.connection_records.close.unwrap_or(true),
            },
            identity: IdentitySettings::checked(&file.identity)?,
            aggregate: AggregationSettings::checked(&file.aggregate)?,
            redaction: RedactionSettings::checked(&file.redaction)?,
            node_name: environment::node_name(lookup).or(file.node_name),
            cluster_name: environment::cluster_name(lookup).or(file.cluster_name),
            proc_root: proc_root(environment::proc_root(lookup).or(file.proc_root))?,
            drain_timeout: file.drain_timeout.map_or(DRAIN_TIMEOUT, Period::get),
            periodic_interval: file
                .periodic_interval
                .map_or(PERIODIC_INTERVAL, Period::get)
                .max(MIN_PERIODIC_INTERVAL),
        })
    }
}

// === impl Output ===

impl From<Output> for OutputName {
    fn from(output: Output) -> Self {
        match output {
            Output::None => Self::None,
            Output::Stdout { form: Form::Pretty } => Self::Pretty,
            Output::Stdout { form: Form::Json } => Self::Json,
            Output::Stdout {
                form: Form::OtlpJson,
            } => Self::OtlpJson,
        }
    }
}

fn output(name: Option<OutputName>, stdout: Stdout) -> Output {
    let form = match (name, stdout) {
        (Some(OutputName::None), _) => return Output::None,
        (Some(OutputName::Pretty), _) | (None, Stdout::Terminal) => Form::Pretty,
        (Some(OutputName::Json), _) | (None, Stdout::Elsewhere) => Form::Json,
        (Some(OutputName::OtlpJson), _) => Form::OtlpJson,
    };
    Output::Stdout { form }
}

fn duration(period: Option<Period>) -> Result<Option<Duration>, ConfigError> {
    match period.map(Period::get) {
        Some(Duration::ZERO) => Err(ConfigError::NoDuration),
        duration => Ok(duration),
    }
}

fn ring_bytes(bytes: Option<u32>, cpus: u32) -> Result<u32, ConfigError> {
    let Some(bytes) = bytes else {
        let wanted = RING_BYTES_PER_CPU
            .saturating_mul(cpus)
            .clamp(RING_BYTES_DEFAULT_MIN, RING_BYTES_DEFAULT_MAX);
        return Ok(wanted.next_power_of_two());
    };
    if bytes.is_power_of_two() && (RING_BYTES_MIN..=RING_BYTES_MAX).contains(&bytes) {
        Ok(bytes)
    } else {
        Err(ConfigError::RingBytes(bytes))
    }
}

fn proc_root(path: Option<PathBuf>) -> Result<PathBuf, ConfigError> {
    let path = path.unwrap_or_else(|| Path::new("/proc").to_owned());
    if path.is_absolute() {
        Ok(path)
    } else {
        Err(ConfigError::ProcRoot(path))
    }
}

/// The names stand in file names and in names of variables. `otlp` is the one without a name,
/// `telemetry` the one that gets no records.
fn named(more: BTreeMap<String, String>) -> Result<BTreeMap<String, String>, ConfigError> {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let fits = |name: &str| (1..=32).contains(&name.len()) && name.chars().all(allowed);
    let is_taken = |name: &str| ["otlp", "telemetry"].contains(&name);
    match more.keys().find(|name| !fits(name) || is_taken(name)) {
        Some(name) => Err(ConfigError::CollectorName(name.clone())),
        None => Ok(more),
    }
}

fn shown(more: &BTreeMap<String, String>) -> BTreeMap<String, String> {
    let entry = |(name, url): (&String, &String)| (name.clone(), without_secrets(url));
    more.iter().map(entry).collect()
}

fn first_given(arguments: Vec<String>, file: Vec<String>) -> Vec<String> {
    if arguments.is_empty() {
        file
    } else {
        arguments
    }
}

/// A URL may hold credentials before the host and a key in its query.
fn without_secrets(url: &str) -> String {
    let shown = url.split(['?', '#']).next().unwrap_or_default();
    let (scheme, rest) = shown.split_once("://").unwrap_or(("", shown));
    let authority_end = rest.find('/').unwrap_or(rest.len());
    let host = rest[..authority_end].rfind('@').map_or(0, |at| at + 1);
    let separator = if scheme.is_empty() { "" } else { "://" };
    format!("{scheme}{separator}{}", &rest[host..])
}
