//! Rules that changed: taken over between two records.

use super::Running;
use crate::{
    aggregate::Aggregator,
    record::{Fact, Lifecycle},
};

impl Running {
    /// Takes over what the configuration file asks for now, if it changed.
    pub(super) fn obey(&mut self) {
        while let Ok(rules) = self.stages.rules.try_recv() {
            // What was summed up under the old rules is told under them.
            self.stages.aggregator.flush(&mut self.resolved);
            self.seal_resolved();
            self.stages.aggregator = Aggregator::new(rules.aggregation);
            self.stages.scope = rules.scope;
            self.judge_left_out();
            self.stages.identifier.obey(rules.identity);
            self.stages.redactor.obey(rules.headers, rules.policies);
            self.stages.settings = rules.settings;
            self.tell_lifecycle("reloaded");
            self.flush();
        }
    }

    pub(super) fn tell_lifecycle(&mut self, state: &'static str) {
        let lifecycle = Lifecycle {
            state,
            version: env!("CARGO_PKG_VERSION"),
            settings: self.stages.settings.clone(),
        };
        let record = self.recorder.node(Fact::Lifecycle(lifecycle));
        self.seal(record);
    }
}
