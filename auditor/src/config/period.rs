//! A length of time as people write it.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

/// Units with their milliseconds, the largest first.
const UNITS: [(&str, u64); 5] = [
    ("d", 86_400_000),
    ("h", 3_600_000),
    ("m", 60_000),
    ("s", 1_000),
    ("ms", 1),
];

/// `500ms`, `30s`, `1h30m`: whole numbers with units, the larger unit first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Period(Duration);

#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is not a time; write for example 500ms, 30s, 5m or 1h30m")]
pub struct PeriodError(String);

// === impl Period ===

impl Period {
    pub fn get(self) -> Duration {
        self.0
    }
}

impl From<Duration> for Period {
    fn from(duration: Duration) -> Self {
        Self(duration)
    }
}

impl FromStr for Period {
    type Err = PeriodError;

    fn from_str(text: &str) -> Result<Self, PeriodError> {
        millis(text)
            .map(|millis| Self(Duration::from_millis(millis)))
            .ok_or_else(|| PeriodError(text.to_owned()))
    }
}

/// The form that can be read back; less than a millisecond is not shown.
impl fmt::Display for Period {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut rest = self.0.as_millis() as u64;
        if rest == 0 {
            return formatter.write_str("0s");
        }
        for (unit, size) in UNITS {
            if rest >= size {
                write!(formatter, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

impl<'de> Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(de::Error::custom)
    }
}

impl Serialize for Period {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

fn millis(text: &str) -> Option<u64> {
    let mut rest = text.trim();
    let mut units = UNITS.iter();
    let mut total = 0_u64;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit())?;
        let (number, tail) = rest.split_at(digits);
        let letters = tail
            .find(|c: char| !c.is_ascii_alphabetic())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(letters);
        // Continues behind the last unit, so that none comes twice and none comes late.
        let (_, size) = units.find(|(name, _)| *name == unit)?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*size)?)?;
        rest = tail;
    }
    (!text.trim().is_empty()).then_some(total)
}

#[cfg(test)]
mod tests {
    use super::{Period, PeriodError};

    #[test]
    fn a_time_reads_as_it_is_written() {
        for (text, millis) in [
            ("500ms", 500),
            ("30s", 30_000),
            ("5m", 300_000),
            ("1h30m", 5_400_000),
            ("1d2h3m4s5ms", 93_784_005),
            (" 2s ", 2_000),
            ("0s", 0),
        ] {
            let period: Period = text.parse().unwrap();
            assert_eq!(period.get().as_millis(), millis, "{text}");
            assert_eq!(period.to_string(), text.trim());
        }
    }

    #[test]
    fn what_is_not_a_time_is_refused() {
        for text in [
            "",
            " ",
            "5",
            "s",
            "5x",
            "5s5s",
            "5m1h",
            "-5s",
            "1.5s",
            "5 s",
            "99999999999999d",
            "5é",
        ] {
            let error = text.parse::<Period>().unwrap_err();
            assert_eq!(error, PeriodError(text.to_owned()));
        }
    }
}
