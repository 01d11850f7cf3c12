//! The counts of journal and delivery, as Prometheus reads them.

use std::fmt;

use prometheus_client::{
    collector::Collector,
    encoding::{DescriptorEncoder, EncodeLabelSet, EncodeMetric},
    metrics::{counter::ConstCounter, gauge::ConstGauge},
};

use super::{Counts, Delivered, Journaled, Standing};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
struct Destination {
    destination: String,
}

impl Collector for Standing {
    fn encode(&self, mut to: DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let counts = self.counts();
        let Journaled {
            appended,
            written,
            durable,
            failures,
        } = counts.journal;
        for (name, help, count) in [
            (
                "auditor_journal_appended",
                "Records that this daemon put into the journal",
                appended,
            ),
            (
                "auditor_journal_failures",
                "Attempts to write the journal that failed",
                failures,
            ),
        ] {
            let counter = ConstCounter::new(count);
            let encoder = to.encode_descriptor(name, help, None, counter.metric_type())?;
            counter.encode(encoder)?;
        }
        for (name, help, count) in [
            (
                "auditor_journal_written",
                "Records that the journal has had since it was made",
                written,
            ),
            (
                "auditor_journal_durable",
                "Records among them that survive the node",
                durable,
            ),
        ] {
            let gauge = ConstGauge::new(count as i64);
            let encoder = to.encode_descriptor(name, help, None, gauge.metric_type())?;
            gauge.encode(encoder)?;
        }
        counts.by_destination(
            &mut to,
            "auditor_delivery_acknowledged",
            "Records that a destination took",
            |delivered| delivered.acknowledged,
        )?;
        counts.by_destination(
            &mut to,
            "auditor_delivery_rejected",
            "Records that a destination refused for good",
            |delivered| delivered.rejected,
        )?;
        counts.by_destination(
            &mut to,
            "auditor_delivery_unreadable",
            "Records that left the journal before a destination had them",
            |delivered| delivered.unreadable,
        )?;
        counts.waiting(&mut to)
    }
}

// === impl Counts ===

impl Counts {
    fn by_destination(
        &self,
        to: &mut DescriptorEncoder<'_>,
        name: &str,
        help: &str,
        count: impl Fn(&Delivered) -> u64,
    ) -> Result<(), fmt::Error> {
        let metric_type = ConstCounter::new(0u64).metric_type();
        let mut encoder = to.encode_descriptor(name, help, None, metric_type)?;
        for (destination, delivered) in &self.destinations {
            let label = Destination {
                destination: destination.clone(),
            };
            ConstCounter::new(count(delivered)).encode(encoder.encode_family(&label)?)?;
        }
        Ok(())
    }

    fn waiting(&self, to: &mut DescriptorEncoder<'_>) -> Result<(), fmt::Error> {
        let help = "Durable records that a destination has not acknowledged yet";
        let metric_type = ConstGauge::new(0i64).metric_type();
        let mut encoder =
            to.encode_descriptor("auditor_delivery_waiting", help, None, metric_type)?;
        for (destination, delivered) in &self.destinations {
            let label = Destination {
                destination: destination.clone(),
            };
            let waiting = self.journal.durable.saturating_sub(delivered.place);
            ConstGauge::new(waiting as i64).encode(encoder.encode_family(&label)?)?;
        }
        Ok(())
    }
}
