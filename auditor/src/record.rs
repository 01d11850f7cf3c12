//! The audit fact: what happened, when, between whom. Incomplete facts are facts.
//!
//! A [`Record`] still holds what was on the wire, secrets included; only `redact` may write it.

mod aggregate;
mod attributes;
mod event;
mod id;
mod recorder;
mod schema;
mod wire;

pub use aggregate::{Aggregate, Totals};
pub use attributes::{
    AttributeDoc, CLAIM_PREFIX, HEADER_REQUEST_PREFIX, HEADER_RESPONSE_PREFIX, attribute,
};
pub use event::{EventName, Phase, Severity};
pub use id::RecordIds;
pub use recorder::{Checkpoint, Coverage, Fact, Lifecycle, Loss, Record, Recorder, Recovered};
pub use schema::markdown;
pub use wire::{LogRecordWriter, ResourceWriter};
