//! Attributes of records about the node itself.

use super::attributes::Attributes;
use crate::record::{Checkpoint, Coverage, Lifecycle, Loss, Record, Recovered, attribute as a};

pub(super) fn loss(attributes: &mut Attributes<'_>, record: &Record, loss: &Loss) {
    let direction = loss
        .inbound
        .map(|inbound| if inbound { "inbound" } else { "outbound" });
    let what = [
        loss.stage,
        loss.reason,
        loss.unit,
        direction.or(loss.destination.as_deref()).unwrap_or("any"),
    ]
    .join("-");
    attributes.node_id(&what, record.boot_ns, loss.count);
    attributes.string(a::LOSS_STAGE, loss.stage);
    attributes.string(a::LOSS_REASON, loss.reason);
    attributes.string(a::LOSS_UNIT, loss.unit);
    attributes.int(a::LOSS_COUNT, loss.count);
    let period = loss.last_ns.saturating_sub(loss.first_ns);
    attributes.int(a::LOSS_LAST_TIME, record.time + period);
    if let Some(direction) = direction {
        attributes.string(a::DIRECTION, direction);
    }
    if let Some(destination) = &loss.destination {
        attributes.string(a::LOSS_DESTINATION, destination);
    }
    if let Some(within) = &loss.within {
        attributes.int(a::LOSS_FIRST_SEQUENCE, within.start);
        attributes.int(a::LOSS_NEXT_SEQUENCE, within.end);
    }
    attributes.body(&format!(
        "{} {}(s) lost at stage {}: {}",
        loss.count, loss.unit, loss.stage, loss.reason
    ));
}

pub(super) fn coverage(attributes: &mut Attributes<'_>, record: &Record, coverage: &Coverage) {
    attributes.node_id("coverage", record.boot_ns, 0);
    attributes.string(a::COVERAGE_STATE, coverage.state);
    attributes.string(a::COVERAGE_TIER, coverage.tier);
    if !coverage.gaps.is_empty() {
        attributes.strings(a::COVERAGE_GAPS, &coverage.gaps);
    }
    attributes.body(&format!(
        "coverage {}: tier {}",
        coverage.state, coverage.tier
    ));
}

pub(super) fn lifecycle(attributes: &mut Attributes<'_>, record: &Record, lifecycle: &Lifecycle) {
    attributes.node_id("lifecycle", record.boot_ns, 0);
    attributes.string(a::LIFECYCLE_STATE, lifecycle.state);
    attributes.string(a::LIFECYCLE_VERSION, lifecycle.version);
    attributes.string(a::LIFECYCLE_SETTINGS, &lifecycle.settings);
    attributes.body(&format!(
        "auditor {} {}",
        lifecycle.version, lifecycle.state
    ));
}

pub(super) fn recovered(attributes: &mut Attributes<'_>, record: &Record, recovered: &Recovered) {
    attributes.node_id("recovered", record.boot_ns, 0);
    attributes.string(a::LIFECYCLE_STATE, "recovered");
    attributes.string(a::LIFECYCLE_VERSION, env!("CARGO_PKG_VERSION"));
    attributes.int(a::JOURNAL_RECORDS, recovered.records);
    attributes.int(a::JOURNAL_LOST_RECORDS, recovered.lost_records);
    attributes.int(a::JOURNAL_TORN_BYTES, recovered.torn_bytes);
    if let Some(last) = recovered.last {
        attributes.int(a::JOURNAL_LAST_TIME, last);
    }
    attributes.body(&format!(
        "the daemon before did not stop in order: {} records found, {} lost, {} bytes torn",
        recovered.records, recovered.lost_records, recovered.torn_bytes
    ));
}

pub(super) fn checkpoint(
    attributes: &mut Attributes<'_>,
    record: &Record,
    checkpoint: &Checkpoint,
) {
    attributes.node_id("checkpoint", record.boot_ns, checkpoint.records);
    attributes.string(a::CHECKPOINT_NOTE, &checkpoint.note);
    attributes.int(a::CHECKPOINT_RECORDS, checkpoint.records);
    attributes.body(&format!("checkpoint of {} records", checkpoint.records));
}
