//! RFC 3339 in UTC with nanoseconds, without a calendar library: it runs twice a record.

const NANOS_PER_SECOND: u64 = 1_000_000_000;
const SECONDS_PER_DAY: u64 = 86_400;
const DAYS_PER_ERA: u64 = 146_097;
/// Days from 0000-03-01, where the calendar below starts, to 1970-01-01.
const EPOCH: u64 = 719_468;

/// Appends `2026-11-24T03:49:07.000000001Z`.
pub(super) fn write(out: &mut Vec<u8>, unix_nano: u64) {
    let (seconds, nanos) = (unix_nano / NANOS_PER_SECOND, unix_nano % NANOS_PER_SECOND);
    let (days, second) = (seconds / SECONDS_PER_DAY, seconds % SECONDS_PER_DAY);
    let (year, month, day) = civil(days);
    digits(out, year, 4);
    out.push(b'-');
    digits(out, month, 2);
    out.push(b'-');
    digits(out, day, 2);
    out.push(b'T');
    digits(out, second / 3600, 2);
    out.push(b':');
    digits(out, second / 60 % 60, 2);
    out.push(b':');
    digits(out, second % 60, 2);
    out.push(b'.');
    digits(out, nanos, 9);
    out.push(b'Z');
}

/// Year, month and day of a day since 1970. Years start in March, so that the leap day is the
/// last day of its year and month lengths repeat in a pattern of five.
fn civil(days: u64) -> (u64, u64, u64) {
    let day = days + EPOCH;
    let (era, day) = (day / DAYS_PER_ERA, day % DAYS_PER_ERA);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let march_month = (5 * day + 2) / 153;
    let month = if march_month < 10 {
        march_month + 3
    } else {
        march_month - 9
    };
    let year = era * 400 + year + u64::from(month <= 2);
    (year, month, day - (153 * march_month + 2) / 5 + 1)
}

fn digits(out: &mut Vec<u8>, mut value: u64, width: usize) {
    let start = out.len();
    out.resize(start + width, b'0');
    for digit in out[start..].iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    fn written(unix_nano: u64) -> String {
        let mut out = Vec::new();
        super::write(&mut out, unix_nano);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn is_rfc_3339_with_nanoseconds() {
        assert_eq!(written(0), "1970-01-01T00:00:00.000000000Z");
        assert_eq!(
            written(951_782_400_000_000_001),
            "2000-02-29T00:00:00.000000001Z"
        );
        assert_eq!(written(u64::MAX), "2554-07-21T23:34:33.709551615Z");
    }

    #[test]
    fn agrees_with_the_calendar() {
        // A step that visits every month, weekday and hour within some centuries.
        for step in 0..20_000_u64 {
            let nanos = step * 919_393_123_456_789;
            let calendar = Timestamp::from_nanosecond(i128::from(nanos)).unwrap();
            assert_eq!(written(nanos), format!("{calendar:.9}"));
        }
    }
}
