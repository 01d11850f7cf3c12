//! Attributes of records about the node itself.

use super::attributes::Attributes;
use crate::record::{Coverage, Lifecycle, Loss, Record, attribute as a};

pub(super) fn loss(attributes: &mut Attributes<'_>, record: &Record, loss: &Loss) {
    let direction = loss
        .inbound
        .map(|inbound| if inbound { "inbound" } else { "outbound" });
    let what = [
        loss.stage,
        loss.reason,
        loss.unit,
        direction.unwrap_or("any"),
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
    attributes.body(&format!(
        "auditor {} {}",
        lifecycle.version, lifecycle.state
    ));
}
