//! The answer on its way out.

use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use super::csv::Table;
use crate::export::stdout::{Form, Pretty, StdoutSink};
use crate::export::view::RecordView;
use crate::redact::Sealed;

/// Writes records in one form; those of the daemon's own output, or a table.
pub(super) struct Printer<W> {
    out: W,
    form: Layout,
    /// Records that were not written because their bytes are not a record.
    pub(super) unreadable: u64,
}

pub(super) enum Layout {
    Lines(Form),
    /// Lines with the time of day, under lines with the day.
    Days(Pretty, Option<Date>),
    Table(Box<Table>),
}

// === impl Printer ===

impl<W: Write> Printer<W> {
    pub(super) fn new(out: W, form: Layout) -> Self {
        Self {
            out,
            form,
            unreadable: 0,
        }
    }

    /// `Break`: nobody reads any more.
    pub(super) fn write(&mut self, records: &[Sealed]) -> io::Result<ControlFlow<()>> {
        match &mut self.form {
            Layout::Lines(form) => {
                let form = form.clone();
                self.lines(form, records)
            }
            Layout::Days(pretty, day) => {
                let (pretty, mut last) = (pretty.clone(), *day);
                for records in records.chunk_by(|a, b| same_day(&pretty.zone, a, b)) {
                    let day = records
                        .first()
                        .and_then(|first| day_of(&pretty.zone, first));
                    if let Some(day) = day.filter(|day| last != Some(*day)) {
                        let heading = self.out.write_all(format!("{day}\n").as_bytes());
                        if stopped(heading)?.is_break() {
                            return Ok(ControlFlow::Break(()));
                        }
                        last = Some(day);
                    }
                    if self
                        .lines(Form::Pretty(pretty.clone()), records)?
                        .is_break()
                    {
                        return Ok(ControlFlow::Break(()));
                    }
                }
                self.form = Layout::Days(pretty, last);
                Ok(ControlFlow::Continue(()))
            }
            Layout::Table(table) => {
                let added = records.iter().map(|record| table.add(record));
                self.unreadable += added.filter(Result::is_err).count() as u64;
                stopped(self.out.write_all(&table.take()))
            }
        }
    }

    /// The names of the columns stand even over an empty table.
    pub(super) fn finish(&mut self) -> io::Result<()> {
        if self.write(&[])?.is_continue() {
            return stopped(self.out.flush()).map(|_| ());
        }
        Ok(())
    }

    fn lines(&mut self, form: Form, records: &[Sealed]) -> io::Result<ControlFlow<()>> {
        let mut sink = StdoutSink::new(&mut self.out, form);
        let flow = sink.write(records);
        self.unreadable += sink.unreadable();
        flow
    }
}

fn same_day(zone: &TimeZone, a: &Sealed, b: &Sealed) -> bool {
    day_of(zone, a) == day_of(zone, b)
}

fn day_of(zone: &TimeZone, sealed: &Sealed) -> Option<Date> {
    let view = RecordView::parse(sealed.record()).ok()?;
    let time = Timestamp::from_nanosecond(i128::from(view.time_unix_nano)).ok()?;
    Some(zone.to_datetime(time).date())
}

fn stopped(result: io::Result<()>) -> io::Result<ControlFlow<()>> {
    match result {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(error),
    }
}
