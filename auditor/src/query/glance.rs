//! A look at a record's bytes, which is several times as fast as reading them.

use memchr::memmem::Finder;

use super::filter::Test;
use crate::export::view::Value;

/// What must stand in the bytes of a record that has an attribute which passes a test.
#[derive(Clone, Debug)]
pub(super) enum Glance {
    /// A text is encoded as it is.
    Text(Finder<'static>),
    /// So is the name of an attribute, and its value comes next.
    Value { key: Finder<'static>, test: Test },
}

// === impl Glance ===

impl Glance {
    pub(super) fn of(key: &str, test: &Test) -> Self {
        let finder = |text: &str| Finder::new(text).into_owned();
        match test.word() {
            Some(word) => Self::Text(finder(word)),
            None => Self::Value {
                key: finder(key),
                test: test.clone(),
            },
        }
    }

    /// False only if no such attribute can be in the record.
    pub(super) fn may_pass(&self, record: &[u8]) -> bool {
        match self {
            Self::Text(word) => word.find(record).is_some(),
            Self::Value { key, test } => key.find_iter(record).any(|at| {
                let behind = &record[at + key.needle().len()..];
                // Who wrote it in another order, or said the name elsewhere, is not judged here.
                Value::after_key(behind).is_none_or(|value| test.passes(&value))
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{EventName, LogRecordWriter, Severity, attribute as a};

    fn record(path: &str, status: Option<u64>) -> Vec<u8> {
        let mut writer = LogRecordWriter::new(EventName::HttpAccess, Severity::Info, 1, 1);
        writer.string(a::URL_PATH, path);
        if let Some(status) = status {
            writer.int(a::HTTP_RESPONSE_STATUS_CODE, status);
        }
        writer.finish()
    }

    #[test]
    fn a_number_is_seen_where_its_name_is() {
        let failed = Test::Status("5xx".parse().unwrap());
        let glance = Glance::of(a::HTTP_RESPONSE_STATUS_CODE, &failed);
        assert!(glance.may_pass(&record("/", Some(503))));
        assert!(!glance.may_pass(&record("/", Some(200))));
        assert!(!glance.may_pass(&record("/503", None)));
    }

    #[test]
    fn the_name_in_another_place_hides_nothing() {
        let failed = Test::Status("5xx".parse().unwrap());
        let name = a::HTTP_RESPONSE_STATUS_CODE;
        let glance = Glance::of(name, &failed);
        for path in [format!("/{name}"), format!("/{name}\x12\x03\x18\x64")] {
            assert!(glance.may_pass(&record(&path, Some(503))), "{path:?}");
        }
        // The value before its name: 503, then the key.
        let mut swapped = b"\x32\x20\x12\x03\x18\xf7\x03\x0a\x19".to_vec();
        swapped.extend_from_slice(name.as_bytes());
        assert!(glance.may_pass(&swapped));
    }
}
