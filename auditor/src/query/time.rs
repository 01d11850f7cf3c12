//! A span of time as people write it.

use jiff::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use crate::config::Period;

/// From a moment on, up to and without another; nanoseconds since the epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    pub since: u64,
    pub until: u64,
}

/// The moment that words like `15m` are measured from, and the zone of times without an offset.
#[derive(Clone, Debug)]
pub struct Present {
    pub now: Timestamp,
    pub zone: TimeZone,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    #[error(
        "{option} {given:?} is not a time; write a length of time before now such as 15m or 7d, \
         or a moment such as 2026-11-24T09:00:00Z or \"2026-11-24 09:00\""
    )]
    Unreadable { option: &'static str, given: String },
    #[error("--since is not before --until: nothing can be in between")]
    Empty,
}

// === impl Window ===

impl Window {
    pub fn parse(
        since: Option<&str>,
        until: Option<&str>,
        present: &Present,
    ) -> Result<Self, TimeError> {
        let moment = |option, given: &str| {
            let nanoseconds = present.moment(given);
            nanoseconds.ok_or_else(|| TimeError::Unreadable {
                option,
                given: given.to_owned(),
            })
        };
        let since = since.map(|given| moment("--since", given)).transpose()?;
        let until = until.map(|given| moment("--until", given)).transpose()?;
        let window = Self {
            since: since.unwrap_or(0),
            until: until.unwrap_or(u64::MAX),
        };
        if window.since < window.until {
            Ok(window)
        } else {
            Err(TimeError::Empty)
        }
    }

    pub fn contains(&self, unix_nano: u64) -> bool {
        (self.since..self.until).contains(&unix_nano)
    }
}

// === impl Present ===

impl Present {
    pub fn read() -> Self {
        Self {
            now: Timestamp::now(),
            zone: TimeZone::system(),
        }
    }

    fn moment(&self, text: &str) -> Option<u64> {
        let text = text.trim();
        let timestamp = if let Ok(period) = text.parse::<Period>() {
            self.now.checked_sub(period.get()).ok()?
        } else if let Ok(timestamp) = text.parse::<Timestamp>() {
            timestamp
        } else {
            let civil: DateTime = text.parse().ok()?;
            self.zone.to_timestamp(civil).ok()?
        };
        // Before the epoch there were no records.
        Some(u64::try_from(timestamp.as_nanosecond()).unwrap_or(0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn present() -> Present {
        Present {
            now: "2026-11-24T12:00:00Z".parse().unwrap(),
            zone: TimeZone::fixed(jiff::tz::offset(2)),
        }
    }

    fn at(text: &str) -> u64 {
        let timestamp: Timestamp = text.parse().unwrap();
        timestamp.as_nanosecond() as u64
    }

    #[test]
    fn lengths_moments_and_civil_times_are_read() {
        for (given, meant) in [
            ("15m", "2026-11-24T11:45:00Z"),
            ("1d12h", "2026-11-23T00:00:00Z"),
            ("2026-11-24T09:00:00Z", "2026-11-24T09:00:00Z"),
            ("2026-11-24T09:00:00.5+01:00", "2026-11-24T08:00:00.5Z"),
            ("2026-11-24 09:00", "2026-11-24T07:00:00Z"),
            ("2026-11-24", "2026-11-23T22:00:00Z"),
        ] {
            let window = Window::parse(Some(given), None, &present()).unwrap();
            assert_eq!(window.since, at(meant), "{given}");
            assert_eq!(window.until, u64::MAX);
        }
    }

    #[test]
    fn the_end_is_not_within() {
        let window = Window::parse(Some("2h"), Some("1h"), &present()).unwrap();
        assert!(window.contains(at("2026-11-24T10:00:00Z")));
        assert!(!window.contains(at("2026-11-24T11:00:00Z")));
    }

    #[test]
    fn what_is_no_time_and_what_is_empty_is_refused() {
        for given in ["yesterday", "", "15", "2026-13-01", "-5m", "99999999d"] {
            let error = Window::parse(Some(given), None, &present()).unwrap_err();
            assert!(error.to_string().starts_with("--since"), "{given}: {error}");
        }
        assert_eq!(
            Window::parse(Some("1h"), Some("2h"), &present()),
            Err(TimeError::Empty)
        );
    }
}
