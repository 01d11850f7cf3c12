//! Names of events, phases and severities.

/// `EventName` of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EventName {
    HttpAccess,
    ConnectionAccess,
    Loss,
    Coverage,
    Lifecycle,
    Checkpoint,
}

impl EventName {
    pub const ALL: [Self; 6] = [
        Self::HttpAccess,
        Self::ConnectionAccess,
        Self::Loss,
        Self::Coverage,
        Self::Lifecycle,
        Self::Checkpoint,
    ];

    pub fn as_str(self) -> &'static str {
        match self {
            Self::HttpAccess => "auditor.access.http",
            Self::ConnectionAccess => "auditor.access.connection",
            Self::Loss => "auditor.loss",
            Self::Coverage => "auditor.coverage",
            Self::Lifecycle => "auditor.lifecycle",
            Self::Checkpoint => "auditor.checkpoint",
        }
    }

    /// When such a record is made.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::HttpAccess => {
                "One HTTP exchange, at its end; a long one also at its start and periodically. Where configured, one record for many probes or scrapes, with their number."
            }
            Self::ConnectionAccess => {
                "One TCP connection, at its close, a long one also periodically; where configured, at its opening too."
            }
            Self::Loss => "Interactions or events that could not be recorded, with their number.",
            Self::Coverage => {
                "What this node can be seen by, on start and stop; what a workload's label leaves out of the audit, when that is first obeyed."
            }
            Self::Lifecycle => {
                "The daemon started or stopped, or found a journal that was not closed in order."
            }
            Self::Checkpoint => {
                "Signed head of the journal, every minute or 100,000 records and at the stop; kept off the node it proves later what was there."
            }
        }
    }
}

/// Which part of an interaction a record tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Start,
    Periodic,
    End,
}

impl Phase {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Start => "start",
            Self::Periodic => "periodic",
            Self::End => "end",
        }
    }
}

/// Severity of a record, by its OpenTelemetry number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Severity {
    Info = 9,
    Error = 17,
}

impl Severity {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Info => "INFO",
            Self::Error => "ERROR",
        }
    }
}
