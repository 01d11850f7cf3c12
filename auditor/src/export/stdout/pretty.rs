//! `--output pretty`: one line a record, for people.

mod access;
mod line;
#[cfg(test)]
mod tests;
mod tls;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use self::access::Access;
use self::line::{Colour, Line};
use crate::export::view::{Malformed, RecordView, Value};
use crate::redact::Sealed;

/// How to write for people. The caller knows whether a terminal reads, and which.
#[derive(Clone, Debug)]
pub struct Pretty {
    pub colour: bool,
    /// Times of day are written in this zone.
    pub zone: TimeZone,
}

impl Pretty {
    /// Appends one line. On an error the caller drops what was appended.
    pub(super) fn write_line(&self, out: &mut Vec<u8>, sealed: &Sealed) -> Result<(), Malformed> {
        let view = RecordView::parse(sealed.record())?;
        let access = Access::read(&view, sealed.resource())?;
        let mut line = Line::new(out, self.colour);
        self.time(&mut line, &view);
        if access.direction.is_some() {
            access.write(&mut line, body(&view));
        } else {
            line.text(Some(severity_colour(view.severity_number)), view.event_name);
            line.gap();
            line.text(None, body(&view));
        }
        line.end();
        Ok(())
    }

    fn time(&self, line: &mut Line<'_>, view: &RecordView<'_>) {
        let nanos = match view.time_unix_nano {
            0 => view.observed_time_unix_nano,
            nanos => nanos,
        };
        // Never fails: jiff's timestamps reach further than 64 bits of nanoseconds do.
        let timestamp = Timestamp::from_nanosecond(i128::from(nanos)).unwrap_or_default();
        let time = self.zone.to_datetime(timestamp).time();
        line.text(
            Some(Colour::Dim),
            &format!(
                "{:02}:{:02}:{:02}.{:03}",
                time.hour(),
                time.minute(),
                time.second(),
                time.millisecond()
            ),
        );
        line.gap();
    }
}

fn body<'a>(view: &RecordView<'a>) -> &'a str {
    if let Value::Text(text) = view.body {
        text
    } else {
        ""
    }
}

fn severity_colour(number: i32) -> Colour {
    match number {
        17.. => Colour::Red,
        13..=16 => Colour::Yellow,
        _ => Colour::Cyan,
    }
}
