//! The attributes of one record on their way into its encoding.

use std::{fmt::Write as _, net::IpAddr};

use crate::{
    record::{Fact, LogRecordWriter, Phase, Record, RecordIds, Severity, attribute as a},
    session::Moment,
};

/// Collects the attributes of a record.
pub(super) struct Attributes<'a> {
    writer: LogRecordWriter,
    ids: &'a RecordIds,
    text: &'a mut String,
}

impl<'a> Attributes<'a> {
    /// Writes into `buffer`, and makes texts in `text`; what is in them is gone.
    pub(super) fn new(
        record: &Record,
        ids: &'a RecordIds,
        buffer: Vec<u8>,
        text: &'a mut String,
    ) -> Self {
        let severity = match record.fact {
            Fact::Loss(_) => Severity::Error,
            _ => Severity::Info,
        };
        Self {
            writer: LogRecordWriter::within(
                buffer,
                record.event(),
                severity,
                record.time,
                record.observed,
            ),
            ids,
            text,
        }
    }

    pub(super) fn exchange_id(&mut self, cookie: u64, number: u32, moment: Moment) {
        let (phase, part) = phase(moment);
        self.id(|ids, text| {
            ids.exchange(cookie, number, text);
            RecordIds::part(phase, part, text);
        });
        self.string(a::RECORD_PHASE, phase.as_str());
        self.connection_id(cookie);
    }

    /// That of the first exchange, which has no record of its own.
    pub(super) fn aggregate_id(&mut self, cookie: u64, number: u32) {
        self.id(|ids, text| ids.exchange(cookie, number, text));
        self.string(a::RECORD_PHASE, Phase::End.as_str());
    }

    pub(super) fn ongoing_id(&mut self, cookie: u64, number: u32) {
        self.id(|ids, text| {
            ids.records(cookie, text);
            RecordIds::part(Phase::Periodic, number, text);
        });
        self.string(a::RECORD_PHASE, Phase::Periodic.as_str());
        self.connection_id(cookie);
    }

    pub(super) fn open_id(&mut self, cookie: u64) {
        self.id(|ids, text| ids.open(cookie, text));
        self.string(a::RECORD_PHASE, Phase::Start.as_str());
        self.connection_id(cookie);
    }

    pub(super) fn close_id(&mut self, cookie: u64) {
        self.id(|ids, text| ids.close(cookie, text));
        self.string(a::RECORD_PHASE, Phase::End.as_str());
        self.connection_id(cookie);
    }

    pub(super) fn node_id(&mut self, what: &str, boot_ns: u64, number: u64) {
        self.id(|ids, text| ids.node(what, boot_ns, number, text));
    }

    pub(super) fn string(&mut self, key: &str, value: &str) {
        self.writer.string(key, value);
    }

    pub(super) fn int(&mut self, key: &str, value: u64) {
        self.writer.int(key, value);
    }

    pub(super) fn bool(&mut self, key: &str, value: bool) {
        self.writer.bool(key, value);
    }

    pub(super) fn strings<S: AsRef<str>>(&mut self, key: &str, values: &[S]) {
        self.writer.strings(key, values);
    }

    /// A string that `write` makes.
    pub(super) fn text(&mut self, key: &str, write: impl FnOnce(&mut String)) {
        self.text.clear();
        write(self.text);
        self.writer.string(key, self.text);
    }

    pub(super) fn address(&mut self, key: &str, address: IpAddr) {
        self.text(key, |text| match address {
            // Most are of this kind, and the general way takes several times as long.
            IpAddr::V4(address) => {
                for (n, octet) in address.octets().into_iter().enumerate() {
                    if n > 0 {
                        text.push('.');
                    }
                    text.push_str(itoa::Buffer::new().format(octet));
                }
            }
            IpAddr::V6(address) => {
                let _ = write!(text, "{address}");
            }
        });
    }

    pub(super) fn body(&mut self, text: &str) {
        self.writer.body(text);
    }

    /// A body that `write` makes.
    pub(super) fn body_text(&mut self, write: impl FnOnce(&mut String)) {
        self.text.clear();
        write(self.text);
        self.writer.body(self.text);
    }

    pub(super) fn trace(&mut self, trace_id: &[u8; 16], span_id: [u8; 8]) {
        self.writer.trace(trace_id, &span_id);
    }

    pub(super) fn finish(self) -> Vec<u8> {
        self.writer.finish()
    }

    fn connection_id(&mut self, cookie: u64) {
        let ids = self.ids;
        self.text(a::CONNECTION_ID, |text| ids.connection(cookie, text));
    }

    fn id(&mut self, write: impl FnOnce(&RecordIds, &mut String)) {
        let ids = self.ids;
        self.text(a::RECORD_ID, |text| write(ids, text));
    }
}

fn phase(moment: Moment) -> (Phase, u32) {
    match moment {
        Moment::Start => (Phase::Start, 0),
        Moment::Periodic(number) => (Phase::Periodic, number),
        Moment::End => (Phase::End, 0),
    }
}
