//! One fact on the page. It names its place in the JSON, so that a test can hold the two together.

use maud::{Markup, html};

use crate::report::moment::Moment;

/// A count, with the thousands apart.
pub(super) fn number(place: &str, number: u64) -> Markup {
    html! { data value=(number) data-fact=(place) { (grouped(number)) } }
}

pub(super) fn bytes(place: &str, bytes: u64) -> Markup {
    html! { data value=(bytes) data-fact=(place) title={ (grouped(bytes)) " bytes" } { (size(bytes)) } }
}

pub(super) fn seconds(place: &str, seconds: u64) -> Markup {
    html! { data value=(seconds) data-fact=(place) { (length(seconds)) } }
}

pub(super) fn text(place: &str, text: &str) -> Markup {
    html! { bdi data-fact=(place) { (text) } }
}

/// A fact under a name that is for machines, in words.
pub(super) fn word(place: &str, value: &str, word: &str) -> Markup {
    html! { data value=(value) data-fact=(place) { (word) } }
}

/// What is not known is said to be so, in words that are no name.
pub(super) fn name(place: &str, name: Option<&str>) -> Markup {
    html! {
        @match name {
            Some(name) => (text(place, name)),
            None => span.absent { "not named" },
        }
    }
}

pub(super) fn moment(place: &str, moment: Moment) -> Markup {
    html! { time datetime=(moment) data-fact=(place) { (moment.plain()) } }
}

pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut grouped = String::with_capacity(digits.len() * 4 / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            grouped.push('\u{202f}');
        }
        grouped.push(digit);
    }
    grouped
}

fn size(bytes: u64) -> String {
    const UNITS: [&str; 6] = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    if bytes < 1024 {
        return format!("{bytes} B");
    }
    let mut size = bytes as f64 / 1024.0;
    let mut units = UNITS.iter();
    let mut unit = "KiB";
    while let Some(name) = units.next() {
        unit = name;
        if size < 1024.0 || units.len() == 0 {
            break;
        }
        size /= 1024.0;
    }
    format!("{size:.1} {unit}")
}

pub(super) fn length(seconds: u64) -> String {
    let (days, hours) = (seconds / 86_400, seconds / 3600 % 24);
    let (minutes, rest) = (seconds / 60 % 60, seconds % 60);
    let (large, small) = match (days, hours, minutes) {
        (0, 0, 0) => return format!("{rest} s"),
        (0, 0, _) => ((minutes, "min"), (rest, "s")),
        (0, _, _) => ((hours, "h"), (minutes, "min")),
        _ => ((days, "d"), (hours, "h")),
    };
    match small {
        (0, _) => format!("{} {}", large.0, large.1),
        (number, unit) => format!("{} {} {number} {unit}", large.0, large.1),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(grouped(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(grouped(999), "999");
        assert_eq!(size(1023), "1023 B");
        assert_eq!(size(1024), "1.0 KiB");
        assert_eq!(size(3 << 30), "3.0 GiB");
        assert_eq!(size(u64::MAX), "16.0 EiB");
        assert_eq!(length(59), "59 s");
        assert_eq!(length(3661), "1 h 1 min");
        assert_eq!(length(90_000), "1 d 1 h");
        assert_eq!(length(900), "15 min");
    }
}
