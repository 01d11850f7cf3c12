//! Writes batches to a stream and stops quietly when nobody reads it any more.

use std::io::{self, ErrorKind, Write};
use std::ops::ControlFlow;

use super::{Pretty, json, otlp};
use crate::redact::Sealed;

/// Lines are gathered up to this size between writes.
const CHUNK: usize = 256 * 1024;

/// What a line looks like.
#[derive(Clone, Debug)]
pub enum Form {
    /// One flat object a record.
    Json,
    /// One OTLP request a batch.
    OtlpJson,
    Pretty(Pretty),
}

/// The records' way to standard output, or to anything else that takes bytes.
///
/// `Break` says that the reader has gone (`auditor run | head`): not an error, and the end.
pub struct StdoutSink<W> {
    out: W,
    form: Form,
    buffer: Vec<u8>,
    unreadable: u64,
}

impl<W: Write> StdoutSink<W> {
    pub fn new(out: W, form: Form) -> Self {
        Self {
            out,
            form,
            buffer: Vec::new(),
            unreadable: 0,
        }
    }

    /// Writes one batch; a line is never split between two calls.
    pub fn write(&mut self, batch: &[Sealed]) -> io::Result<ControlFlow<()>> {
        if matches!(self.form, Form::OtlpJson) {
            if !batch.is_empty() {
                self.append(batch);
            }
            return self.pass_on();
        }
        for sealed in batch {
            self.append(std::slice::from_ref(sealed));
            if self.buffer.len() >= CHUNK && self.pass_on()?.is_break() {
                return Ok(ControlFlow::Break(()));
            }
        }
        self.pass_on()
    }

    pub fn flush(&mut self) -> io::Result<ControlFlow<()>> {
        stopped(self.out.flush())
    }

    /// Records that were not written because their bytes are not a record.
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }

    fn append(&mut self, lines: &[Sealed]) {
        let start = self.buffer.len();
        let out = &mut self.buffer;
        let written = match &self.form {
            Form::OtlpJson => otlp::write_line(out, lines).map_err(|error| error.to_string()),
            Form::Json => lines
                .iter()
                .try_for_each(|sealed| json::write_line(out, sealed))
                .map_err(|error| error.to_string()),
            Form::Pretty(pretty) => lines
                .iter()
                .try_for_each(|sealed| pretty.write_line(out, sealed))
                .map_err(|error| error.to_string()),
        };
        let Err(reason) = written else { return };
        self.buffer.truncate(start);
        if let [_] = lines {
            self.unreadable += 1;
            tracing::error!(reason, "cannot print a record: its bytes are not one");
        } else {
            // One bad record must not take the batch with it.
            for sealed in lines {
                self.append(std::slice::from_ref(sealed));
            }
        }
    }

    fn pass_on(&mut self) -> io::Result<ControlFlow<()>> {
        let passed = self.out.write_all(&self.buffer);
        self.buffer.clear();
        stopped(passed)
    }
}

fn stopped(result: io::Result<()>) -> io::Result<ControlFlow<()>> {
    match result {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
        Err(error) => Err(error),
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use jiff::tz::TimeZone;
    use opentelemetry_proto::tonic::collector::logs::v1::ExportLogsServiceRequest;
    use serde_json::Value as Json;

    use super::*;
    use crate::export::sample::{access, resource, seal};

    fn batch() -> Vec<Sealed> {
        ["checkout", "cart", "checkout"]
            .map(|name| seal(&resource(name), &access()))
            .into()
    }

    fn written(form: Form, batch: &[Sealed]) -> (String, u64) {
        let mut out = Vec::new();
        let mut sink = StdoutSink::new(&mut out, form);
        assert_eq!(sink.write(batch).unwrap(), ControlFlow::Continue(()));
        assert_eq!(sink.flush().unwrap(), ControlFlow::Continue(()));
        let unreadable = sink.unreadable();
        (String::from_utf8(out).unwrap(), unreadable)
    }

    #[test]
    fn a_line_a_record_or_a_line_a_batch() {
        let pretty = Form::Pretty(Pretty {
            colour: false,
            zone: TimeZone::UTC,
        });
        assert_eq!(written(Form::Json, &batch()).0.lines().count(), 3);
        assert_eq!(written(pretty, &batch()).0.lines().count(), 3);
        assert_eq!(written(Form::OtlpJson, &batch()).0.lines().count(), 1);
        assert_eq!(written(Form::OtlpJson, &[]).0, "");
    }

    /// The names and forms that the Collector's JSON reader takes.
    #[test]
    fn otlp_json_is_what_the_collector_reads() {
        let (line, _) = written(Form::OtlpJson, &batch());
        let json: Json = serde_json::from_str(&line).unwrap();
        let groups = json["resourceLogs"].as_array().unwrap();
        assert_eq!(groups.len(), 2);
        let scope = &groups[0]["scopeLogs"][0];
        assert_eq!(scope["scope"]["name"], "auditor");
        assert_eq!(scope["logRecords"].as_array().unwrap().len(), 2);
        let record = &scope["logRecords"][0];
        assert_eq!(record["timeUnixNano"], "1790000000123456789");
        assert_eq!(record["observedTimeUnixNano"], "1790000000200000000");
        assert_eq!(record["severityNumber"], 9);
        assert_eq!(record["eventName"], "auditor.access.http");
        assert_eq!(record["traceId"], "0102030405060708090a0b0c0d0e0f10");
        assert_eq!(record["spanId"], "0102030405060708");
        assert_eq!(record["body"]["stringValue"], "GET shop.example/cart 200");
        let port = &record["attributes"][2];
        assert_eq!(port["key"], "network.peer.port");
        assert_eq!(port["value"]["intValue"], "51234");
        let incomplete = &record["attributes"][12]["value"]["arrayValue"]["values"];
        assert_eq!(incomplete[0]["stringValue"], "hole");
        assert!(serde_json::from_str::<ExportLogsServiceRequest>(&line).is_ok());
    }

    #[test]
    fn a_bad_record_is_counted_and_costs_no_other() {
        let pretty = Form::Pretty(Pretty {
            colour: false,
            zone: TimeZone::UTC,
        });
        for form in [Form::Json, Form::OtlpJson, pretty] {
            let mut batch = batch();
            batch[1] = Sealed::for_test(Arc::from([0x0a]), vec![0x0a, 0x05]);
            let (text, unreadable) = written(form, &batch);
            assert_eq!((text.lines().count(), unreadable), (2, 1));
        }
    }

    struct Pipe(ErrorKind);

    impl Write for Pipe {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(self.0.into())
        }

        fn flush(&mut self) -> io::Result<()> {
            Err(self.0.into())
        }
    }

    #[test]
    fn a_reader_that_left_ends_the_stream_and_other_errors_are_errors() {
        let mut sink = StdoutSink::new(Pipe(ErrorKind::BrokenPipe), Form::Json);
        assert_eq!(sink.write(&batch()).unwrap(), ControlFlow::Break(()));
        assert_eq!(sink.flush().unwrap(), ControlFlow::Break(()));
        let mut sink = StdoutSink::new(Pipe(ErrorKind::StorageFull), Form::Json);
        assert_eq!(
            sink.write(&batch()).unwrap_err().kind(),
            ErrorKind::StorageFull
        );
    }
}
