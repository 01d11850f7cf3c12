//! A range of HTTP statuses as people write it.

use std::ops::RangeInclusive;
use std::str::FromStr;

/// `404`, `5xx`, `400-499`, `>=400`, `>399`, `<=299`, `<300`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct StatusRange(RangeInclusive<i64>);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct NotAStatus;

// === impl StatusRange ===

impl StatusRange {
    pub(super) fn contains(&self, status: i64) -> bool {
        self.0.contains(&status)
    }
}

impl FromStr for StatusRange {
    type Err = NotAStatus;

    fn from_str(text: &str) -> Result<Self, NotAStatus> {
        range(text.trim()).map(Self).ok_or(NotAStatus)
    }
}

fn range(text: &str) -> Option<RangeInclusive<i64>> {
    if let Some(rest) = text.strip_prefix(">=") {
        return Some(status(rest)?..=i64::MAX);
    }
    if let Some(rest) = text.strip_prefix('>') {
        return Some(status(rest)? + 1..=i64::MAX);
    }
    if let Some(rest) = text.strip_prefix("<=") {
        return Some(0..=status(rest)?);
    }
    if let Some(rest) = text.strip_prefix('<') {
        return Some(0..=status(rest)? - 1);
    }
    if let Some((first, last)) = text.split_once('-') {
        return Some(status(first)?..=status(last)?);
    }
    if let Some(class) = text.strip_suffix("xx").or(text.strip_suffix("XX")) {
        let class: i64 = class.parse().ok()?;
        return (1..=9)
            .contains(&class)
            .then(|| class * 100..=class * 100 + 99);
    }
    let exactly = status(text)?;
    Some(exactly..=exactly)
}

fn status(text: &str) -> Option<i64> {
    let number = text.trim().parse().ok()?;
    (100..=999).contains(&number).then_some(number)
}

#[cfg(test)]
mod tests {
    use super::StatusRange;

    #[test]
    fn a_range_is_read_as_it_is_meant() {
        for (text, within, without) in [
            ("404", &[404][..], &[403, 405][..]),
            ("5xx", &[500, 599], &[499, 600]),
            ("400-499", &[400, 499], &[399, 500]),
            (">=400", &[400, 999], &[399]),
            (">400", &[401], &[400]),
            ("<300", &[100, 299], &[300]),
            ("<=300", &[300], &[301]),
        ] {
            let range: StatusRange = text.parse().unwrap();
            assert!(
                within.iter().all(|status| range.contains(*status)),
                "{text}"
            );
            assert!(
                !without.iter().any(|status| range.contains(*status)),
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_no_status_is_refused() {
        for text in ["", "5x", "xx", "40", "1000", ">", "-1", "4xx-5xx", "0xx"] {
            assert!(text.parse::<StatusRange>().is_err(), "{text}");
        }
    }
}
