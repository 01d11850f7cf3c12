//! The only form of a record that may be stored or sent.

use std::sync::Arc;

use bytes::Bytes;

/// A redacted record, encoded: two OTLP protobuf messages.
///
/// Only `redact` can make one, and only the journal gives one back, so whatever holds a `Sealed`
/// holds no secret. The bytes are encoded once and go to the journal and onto the wire as they are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    resource: Arc<[u8]>,
    record: Bytes,
}

impl Sealed {
    /// `resource` is an encoded `opentelemetry.proto.resource.v1.Resource`, `record` an encoded
    /// `opentelemetry.proto.logs.v1.LogRecord`.
    pub(super) fn new(resource: Arc<[u8]>, record: Bytes) -> Self {
        Self { resource, record }
    }

    /// Takes back from the journal what was sealed when it was put there.
    pub(crate) fn stored(resource: Arc<[u8]>, record: Vec<u8>) -> Self {
        Self::new(resource, record.into())
    }

    /// Lets later stages be tested without the stages before them.
    #[cfg(test)]
    pub(crate) fn for_test(resource: Arc<[u8]>, record: Vec<u8>) -> Self {
        Self::new(resource, record.into())
    }

    /// The audited workload. Records of one workload share the allocation.
    pub fn resource(&self) -> &Arc<[u8]> {
        &self.resource
    }

    pub fn record(&self) -> &[u8] {
        &self.record
    }
}
