//! A resolved record → [`Sealed`].

use std::{collections::HashMap, sync::Arc};

use bytes::{Bytes, BytesMut};

use super::{
    HeaderAllowList, Policies, Sealed, aggregate, attributes::Attributes, caller, connection, http,
    identity, node,
};
use crate::{
    identity::{Resolved, Workload},
    record::{Fact, RecordIds, ResourceWriter},
};

/// Encoded resources kept; a node has far fewer workloads.
const MAX_RESOURCES: usize = 16_384;

/// Some tens of records.
const BLOCK: usize = 64 * 1024;

/// Redacts and encodes records.
#[derive(Debug)]
pub struct Redactor {
    headers: HeaderAllowList,
    policies: Policies,
    ids: RecordIds,
    /// Encoded resources by workload: equal workloads are one allocation.
    resources: HashMap<usize, (Arc<Workload>, Arc<[u8]>)>,
    /// The record in the making, and a text in it.
    buffer: Vec<u8>,
    text: String,
    /// Where records are kept together, so that each takes no allocation of its own.
    block: BytesMut,
}

impl Redactor {
    pub fn new(headers: HeaderAllowList, policies: Policies, ids: RecordIds) -> Self {
        Self {
            headers,
            policies,
            ids,
            resources: HashMap::new(),
            buffer: Vec::new(),
            text: String::new(),
            block: BytesMut::new(),
        }
    }

    /// Redacts by these rules from now on.
    pub fn obey(&mut self, headers: HeaderAllowList, policies: Policies) {
        self.headers = headers;
        self.policies = policies;
    }

    /// Writes the record without its secrets.
    pub fn seal(&mut self, resolved: &Resolved) -> Sealed {
        let record = &resolved.record;
        let resource = self.resource(&resolved.workload);
        let policy = self.policies.of(resolved);
        let buffer = std::mem::take(&mut self.buffer);
        let mut attributes = Attributes::new(record, &self.ids, buffer, &mut self.text);
        match &record.fact {
            Fact::Opened {
                connection,
                inbound,
            } => {
                attributes.open_id(connection.cookie);
                connection::common(&mut attributes, connection, *inbound);
                connection::seen(&mut attributes, None);
                connection::opened(&mut attributes, connection, *inbound);
            }
            Fact::Ongoing {
                connection,
                inbound,
                ongoing,
            } => {
                attributes.ongoing_id(connection.cookie, ongoing.number);
                connection::common(&mut attributes, connection, *inbound);
                connection::seen(&mut attributes, None);
                connection::ongoing(&mut attributes, connection, *inbound, ongoing);
            }
            Fact::Http {
                moment,
                connection,
                inbound,
                number,
                exchange,
                library,
            } => {
                attributes.exchange_id(connection.cookie, *number, *moment);
                let library = library.as_deref();
                connection::common(&mut attributes, connection, Some(*inbound));
                connection::seen(&mut attributes, library);
                let wire = http::Wire::of(library);
                http::write(
                    &mut attributes,
                    *inbound,
                    exchange,
                    wire,
                    &self.headers,
                    policy,
                );
            }
            Fact::Aggregate(sum) => aggregate::write(&mut attributes, sum, policy),
            Fact::Connection {
                connection,
                inbound,
                closed,
            } => {
                attributes.close_id(connection.cookie);
                connection::common(&mut attributes, connection, *inbound);
                connection::seen(&mut attributes, None);
                connection::closed(&mut attributes, connection, *inbound, closed);
            }
            Fact::Loss(loss) => node::loss(&mut attributes, record, loss),
            Fact::Coverage(coverage) => node::coverage(&mut attributes, record, coverage),
            Fact::Lifecycle(lifecycle) => node::lifecycle(&mut attributes, record, lifecycle),
            Fact::Recovered(recovered) => node::recovered(&mut attributes, record, recovered),
            Fact::Checkpoint(head) => node::checkpoint(&mut attributes, record, head),
        }
        if let Some(caller) = &resolved.caller {
            caller::write(&mut attributes, caller, policy);
        }
        identity::write(&mut attributes, resolved);
        self.buffer = attributes.finish();
        Sealed::new(resource, self.keep())
    }

    /// The record that was made, beside those before it. A block lives as long as one of them.
    fn keep(&mut self) -> Bytes {
        if self.block.capacity() < self.buffer.len() {
            self.block = BytesMut::with_capacity(BLOCK.max(self.buffer.len()));
        }
        self.block.extend_from_slice(&self.buffer);
        self.block.split().freeze()
    }

    fn resource(&mut self, workload: &Arc<Workload>) -> Arc<[u8]> {
        let key = Arc::as_ptr(workload) as usize;
        if let Some((_, encoded)) = self.resources.get(&key) {
            return Arc::clone(encoded);
        }
        let mut writer = ResourceWriter::default();
        for (name, value) in workload.resource() {
            writer.string(name, value);
        }
        let encoded: Arc<[u8]> = writer.finish().into();
        if self.resources.len() >= MAX_RESOURCES {
            self.resources.clear();
        }
        // The workload is kept, so its address stays its own.
        let entry = (Arc::clone(workload), Arc::clone(&encoded));
        self.resources.insert(key, entry);
        encoded
    }
}
