//! What was asked for, in arguments, environment and file, made into what will be done.

#![forbid(unsafe_code)]

mod aggregation;
mod args;
mod cpus;
mod environment;
mod file;
mod headers;
mod identity;
mod journal;
mod kubernetes;
mod manual;
mod nearest;
mod period;
mod redaction;
mod settings;
mod watched;

pub use aggregation::{AggregationError, AggregationSettings, TrafficClass};
pub use args::{
    Args, Command, DoctorArgs, QueryArgs, QueryForm, ReportArgs, ReportForm, RunArgs, VerifyArgs,
};
pub use environment::{proc_root, variable};
pub use file::FileError;
pub use headers::{HeaderError, RecordedHeaders};
pub use identity::{IdentityError, IdentitySettings};
pub use journal::{Fsync, JournalSettings, JournalSettingsError, WhenFull};
pub use kubernetes::{KubernetesSettings, PeerScope};
pub use manual::{completions, manual};
pub use nearest::nearest;
pub use period::{Period, PeriodError};
pub use redaction::{
    PathPatterns, RedactionRule, RedactionSettings, RedactionSettingsError, Users,
};
pub use settings::{ConfigError, ConnectionRecords, Form, Output, Settings};
pub use watched::WatchedFile;
