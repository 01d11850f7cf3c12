//! The journal's part of the settings.

use std::path::{Path, PathBuf};
use std::time::Duration;

use super::args::{FsyncName, RunArgs, WhenFullName};
use super::file::JournalKeys;
use super::period::Period;

/// Where the journal is unless somebody says otherwise.
pub const JOURNAL_DIR: &str = "/var/lib/auditor/journal";

const MIB: u64 = 1024 * 1024;
/// What a power cut may cost at most, beside what the disk lies about.
const FSYNC_INTERVAL: Duration = Duration::from_secs(1);
const FSYNC_BYTES: u64 = 4 * MIB;
/// A day of 150 records a second, of 600 bytes each.
const MAX_BYTES: u64 = 8192 * MIB;
const MAX_AGE: Duration = Duration::from_hours(30 * 24);
/// Retention removes whole segments, and keeps the newest.
const SEGMENT_BYTES: u64 = 64 * MIB;
const SEGMENT_BYTES_MIN: u64 = MIB;
const CHECKPOINT_INTERVAL: Duration = Duration::from_mins(1);

/// How records are kept on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JournalSettings {
    pub directory: PathBuf,
    pub fsync: Fsync,
    /// Of the whole journal, the segment that is being written included.
    pub max_bytes: u64,
    pub max_age: Duration,
    pub when_full: WhenFull,
    pub segment_bytes: u64,
    pub checkpoint_interval: Duration,
}

/// When records are made durable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fsync {
    /// Before anything else is taken.
    Always,
    /// When the oldest one has waited so long, or so many bytes have gathered.
    Within { time: Duration, bytes: u64 },
}

/// What happens when there is no room and destinations lag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenFull {
    Block,
    DropOldest,
}

#[derive(Debug, thiserror::Error)]
pub enum JournalSettingsError {
    #[error("journal.directory: {0} is not an absolute path")]
    Directory(PathBuf),
    #[error("journal.segment_bytes: {0} is less than 1048576")]
    SegmentBytes(u64),
    #[error("journal.max_bytes: {max} is less than two segments of {segment} bytes")]
    MaxBytes { max: u64, segment: u64 },
    #[error("journal.{0}: 0s is no time; write for example 1s")]
    Zero(&'static str),
}

// === impl JournalSettings ===

impl JournalSettings {
    /// `None` if nothing is to be kept. What was typed wins over the file.
    pub(super) fn decide(
        args: &RunArgs,
        keys: &JournalKeys,
    ) -> Result<Option<Self>, JournalSettingsError> {
        let typed = args.journal_dir.is_some();
        if args.no_journal || !typed && keys.enabled == Some(false) {
            return Ok(None);
        }
        let directory = args.journal_dir.clone().or_else(|| keys.directory.clone());
        let directory = directory.unwrap_or_else(|| Path::new(JOURNAL_DIR).to_owned());
        let settings = Self {
            directory,
            fsync: fsync(args.fsync, keys)?,
            max_bytes: keys.max_bytes.unwrap_or(MAX_BYTES),
            max_age: keys.max_age.map_or(MAX_AGE, Period::get),
            when_full: match args.when_full.or(keys.when_full) {
                Some(WhenFullName::DropOldest) => WhenFull::DropOldest,
                Some(WhenFullName::Block) | None => WhenFull::Block,
            },
            segment_bytes: keys.segment_bytes.unwrap_or(SEGMENT_BYTES),
            checkpoint_interval: time(
                "checkpoint_interval",
                keys.checkpoint_interval,
                CHECKPOINT_INTERVAL,
            )?,
        };
        settings.checked().map(Some)
    }

    /// The keys that ask for just these settings.
    pub(super) fn keys(settings: Option<&Self>) -> JournalKeys {
        let Some(settings) = settings else {
            return JournalKeys {
                enabled: Some(false),
                ..JournalKeys::default()
            };
        };
        let (fsync, within) = match settings.fsync {
            Fsync::Always => (FsyncName::Always, None),
            Fsync::Within { time, bytes } => (FsyncName::Interval, Some((time, bytes))),
        };
        JournalKeys {
            enabled: Some(true),
            directory: Some(settings.directory.clone()),
            fsync: Some(fsync),
            fsync_interval: within.map(|(time, _)| time.into()),
            fsync_bytes: within.map(|(_, bytes)| bytes),
            max_bytes: Some(settings.max_bytes),
            max_age: Some(settings.max_age.into()),
            when_full: Some(match settings.when_full {
                WhenFull::Block => WhenFullName::Block,
                WhenFull::DropOldest => WhenFullName::DropOldest,
            }),
            segment_bytes: Some(settings.segment_bytes),
            checkpoint_interval: Some(settings.checkpoint_interval.into()),
        }
    }

    fn checked(self) -> Result<Self, JournalSettingsError> {
        let (max, segment) = (self.max_bytes, self.segment_bytes);
        if !self.directory.is_absolute() {
            Err(JournalSettingsError::Directory(self.directory))
        } else if segment < SEGMENT_BYTES_MIN {
            Err(JournalSettingsError::SegmentBytes(segment))
        } else if max < segment.saturating_mul(2) {
            Err(JournalSettingsError::MaxBytes { max, segment })
        } else {
            Ok(self)
        }
    }
}

fn fsync(typed: Option<FsyncName>, keys: &JournalKeys) -> Result<Fsync, JournalSettingsError> {
    Ok(match typed.or(keys.fsync) {
        Some(FsyncName::Always) => Fsync::Always,
        Some(FsyncName::Interval) | None => Fsync::Within {
            time: time("fsync_interval", keys.fsync_interval, FSYNC_INTERVAL)?,
            bytes: keys.fsync_bytes.unwrap_or(FSYNC_BYTES),
        },
    })
}

fn time(
    key: &'static str,
    given: Option<Period>,
    usual: Duration,
) -> Result<Duration, JournalSettingsError> {
    match given.map_or(usual, Period::get) {
        Duration::ZERO => Err(JournalSettingsError::Zero(key)),
        time => Ok(time),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decide(args: &RunArgs, yaml: &str) -> Result<Option<JournalSettings>, JournalSettingsError> {
        let keys: Option<JournalKeys> = serde_saphyr::from_str(yaml).unwrap();
        JournalSettings::decide(args, &keys.unwrap_or_default())
    }

    #[test]
    fn records_are_kept_unless_somebody_says_otherwise() {
        let plain = RunArgs::default();
        let settings = decide(&plain, "").unwrap().unwrap();
        assert_eq!(settings.directory, Path::new(JOURNAL_DIR));
        assert_eq!(settings.when_full, WhenFull::Block);
        assert_eq!(decide(&plain, "enabled: false").unwrap(), None);
        let none = RunArgs {
            no_journal: true,
            ..RunArgs::default()
        };
        assert_eq!(decide(&none, "directory: /a").unwrap(), None);
        let typed = RunArgs {
            journal_dir: Some("/typed".into()),
            ..RunArgs::default()
        };
        let settings = decide(&typed, "{enabled: false, directory: /a}").unwrap();
        assert_eq!(settings.unwrap().directory, Path::new("/typed"));
    }

    #[test]
    fn what_is_shown_asks_for_the_same_again() {
        for yaml in [
            "enabled: false",
            "fsync: always",
            "{fsync_interval: 5s, fsync_bytes: 1000, max_bytes: 4194304, segment_bytes: 2097152}",
            "{when_full: drop-oldest, max_age: 7d, checkpoint_interval: 5s, directory: /a}",
        ] {
            let settings = decide(&RunArgs::default(), yaml).unwrap();
            let keys = JournalSettings::keys(settings.as_ref());
            let again = JournalSettings::decide(&RunArgs::default(), &keys).unwrap();
            assert_eq!(again, settings, "{yaml}");
        }
    }

    #[test]
    fn what_can_not_work_is_refused() {
        for (yaml, word) in [
            ("directory: here", "absolute"),
            ("segment_bytes: 1000", "segment_bytes"),
            ("max_bytes: 1000", "two segments"),
            ("fsync_interval: 0s", "fsync_interval"),
            ("checkpoint_interval: 0s", "checkpoint_interval"),
        ] {
            let error = decide(&RunArgs::default(), yaml).unwrap_err().to_string();
            assert!(error.contains(word), "{error}");
        }
    }
}
