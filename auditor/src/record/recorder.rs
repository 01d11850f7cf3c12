//! What the session found → records.

use std::{ops::Range, sync::Arc};

use super::{Aggregate, EventName};
use crate::{
    clock::Clock,
    protocol::{Exchange, Reason},
    session::{Closed, ConnectionFacts, Moment, Ongoing, Output},
};

/// What a record tells of.
#[derive(Debug)]
pub enum Fact {
    Opened {
        connection: Arc<ConnectionFacts>,
        /// `None` if it is not known which side opened it.
        inbound: Option<bool>,
    },
    Http {
        moment: Moment,
        connection: Arc<ConnectionFacts>,
        inbound: bool,
        number: u32,
        exchange: Box<Exchange>,
        /// Name of the TLS library that had it in the clear; `None` for what was not encrypted.
        library: Option<Arc<str>>,
    },
    Aggregate(Box<Aggregate>),
    Ongoing {
        connection: Arc<ConnectionFacts>,
        inbound: Option<bool>,
        ongoing: Ongoing,
    },
    Connection {
        connection: Arc<ConnectionFacts>,
        /// `None` if it is not known which side opened it.
        inbound: Option<bool>,
        closed: Closed,
    },
    Loss(Loss),
    Coverage(Coverage),
    Lifecycle(Lifecycle),
    Recovered(Recovered),
    Checkpoint(Checkpoint),
}

/// Something that could not be recorded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loss {
    pub stage: &'static str,
    pub reason: &'static str,
    /// What is counted: `exchange`, `event` or `record`.
    pub unit: &'static str,
    /// Which destination did not get it, if that is what was lost.
    pub destination: Option<Box<str>>,
    /// By sequence, where the records are in the journal, or were, if they had a place there.
    pub within: Option<Range<u64>>,
    /// Where it is known: requests that would have been recorded as inbound, or not.
    pub inbound: Option<bool>,
    pub count: u64,
    /// Boot time of the period in which it happened.
    pub first_ns: u64,
    pub last_ns: u64,
}

/// What can and cannot be seen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Coverage {
    pub state: &'static str,
    pub tier: &'static str,
    /// What is not seen, as words.
    pub gaps: Vec<&'static str>,
}

/// The daemon itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lifecycle {
    pub state: &'static str,
    pub version: &'static str,
    /// Of the settings in force.
    pub settings: Arc<str>,
}

/// What was met in the journal of a daemon that did not stop in order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recovered {
    /// Records found.
    pub records: u64,
    /// Records whose place is empty.
    pub lost_records: u64,
    /// Bytes that are no whole frame.
    pub torn_bytes: u64,
    /// When that daemon last recorded something, nanoseconds since the epoch.
    pub last: Option<u64>,
}

/// A signed head of the journal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// The signed note as it stands in the journal.
    pub note: String,
    /// Records that it covers.
    pub records: u64,
}

/// An audit fact with its times.
#[derive(Debug)]
pub struct Record {
    /// When it began, nanoseconds since the epoch.
    pub time: u64,
    /// When it was read.
    pub observed: u64,
    /// When it began, on the boot-time clock.
    pub boot_ns: u64,
    pub fact: Fact,
}

impl Record {
    pub fn event(&self) -> EventName {
        match self.fact {
            Fact::Http { .. } | Fact::Aggregate(_) => EventName::HttpAccess,
            Fact::Opened { .. } | Fact::Ongoing { .. } | Fact::Connection { .. } => {
                EventName::ConnectionAccess
            }
            Fact::Loss(_) => EventName::Loss,
            Fact::Coverage(_) => EventName::Coverage,
            Fact::Lifecycle(_) | Fact::Recovered(_) => EventName::Lifecycle,
            Fact::Checkpoint(_) => EventName::Checkpoint,
        }
    }

    /// The connection it tells of.
    pub fn connection(&self) -> Option<&Arc<ConnectionFacts>> {
        match &self.fact {
            Fact::Opened { connection, .. }
            | Fact::Ongoing { connection, .. }
            | Fact::Http { connection, .. }
            | Fact::Connection { connection, .. } => Some(connection),
            Fact::Aggregate(aggregate) => Some(&aggregate.connection),
            _ => None,
        }
    }
}

/// Makes records, and counts those that stand in for a lost request.
#[derive(Debug, Default)]
pub struct Recorder {
    clock: Clock,
    orphans: [u64; 2],
}

impl Recorder {
    pub fn record(&mut self, output: Output) -> Record {
        match output {
            Output::Opened {
                connection,
                inbound,
            } => {
                let opened = connection.opened.0;
                self.make(
                    opened,
                    Fact::Opened {
                        connection,
                        inbound,
                    },
                )
            }
            Output::Ongoing {
                connection,
                inbound,
                ongoing,
            } => {
                let opened = connection.opened.0;
                self.make(
                    opened,
                    Fact::Ongoing {
                        connection,
                        inbound,
                        ongoing,
                    },
                )
            }
            Output::Exchange {
                moment,
                connection,
                inbound,
                number,
                exchange,
                library,
            } => {
                // What was encrypted the kernel did not count as requests.
                if library.is_none()
                    && moment == Moment::End
                    && exchange.incomplete.has(Reason::RequestMissing)
                {
                    self.orphans[usize::from(inbound)] += 1;
                }
                self.make(
                    exchange.began(),
                    Fact::Http {
                        moment,
                        connection,
                        inbound,
                        number,
                        exchange,
                        library,
                    },
                )
            }
            Output::Closed {
                connection,
                inbound,
                closed,
            } => {
                let began = closed.opened.unwrap_or(closed.closed).0;
                self.make(
                    began,
                    Fact::Connection {
                        connection,
                        inbound,
                        closed,
                    },
                )
            }
        }
    }

    /// A record about the node itself, now.
    pub fn node(&mut self, fact: Fact) -> Record {
        let began = match &fact {
            Fact::Loss(loss) => loss.first_ns,
            _ => Clock::boot_now(),
        };
        self.make(began, fact)
    }

    /// Records so far that were made from a response alone, for requests received (`true`) or sent.
    pub fn orphans(&self, inbound: bool) -> u64 {
        self.orphans[usize::from(inbound)]
    }

    /// Wall time of a boot time, nanoseconds since the epoch, as records have it.
    pub fn wall(&self, boot_ns: u64) -> u64 {
        self.clock.wall(boot_ns)
    }

    /// To be called now and then: the wall clock may have been set.
    pub fn refresh(&mut self) {
        self.clock.refresh();
    }

    fn make(&self, boot_ns: u64, fact: Fact) -> Record {
        Record {
            time: self.clock.wall(boot_ns),
            observed: self.clock.wall(Clock::boot_now()),
            boot_ns,
            fact,
        }
    }
}
