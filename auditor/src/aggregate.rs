//! Probes and scrapes told in sum: one record for many, with their exact number.
//!
//! Off unless configured. What makes an exchange a probe is its own word, so only what tells
//! nothing new is summed up: it succeeded, it was seen whole, it asked and did not change, and of
//! a probe it is known that a process of this node sent it, outside pods. All else goes out as it
//! is.
//! What is being summed up when the daemon is killed is lost, like all that is on its way.

#![forbid(unsafe_code)]

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::Arc;

use crate::config::{AggregationSettings, TrafficClass};
use crate::identity::{Caller, LocalProcess, Resolved, Workload};
use crate::protocol::{Exchange, Head};
use crate::record::{Aggregate, Fact, Totals};
use crate::session::Moment;

#[cfg(test)]
mod tests;

/// Three probes and a scrape of each of 110 pods, the usual limit of a node, at both ends.
const MAX_KINDS: usize = 1024;

/// Memory that the heads of one exchange may take. Those of probes are small; a larger one is not
/// worth keeping.
const MAX_HEADS: usize = 4 * 1024;

/// Sums up records of one kind.
#[derive(Debug)]
pub struct Aggregator {
    settings: AggregationSettings,
    kinds: HashMap<Kind, Resolved>,
}

/// All that exchanges summed up have in common.
#[derive(Debug, PartialEq, Eq, Hash)]
struct Kind {
    workload: Arc<Workload>,
    process: Option<LocalProcess>,
    other: Option<Arc<Workload>>,
    inbound: bool,
    local: IpAddr,
    peer: IpAddr,
    server_port: u16,
    method: Box<[u8]>,
    target: Box<[u8]>,
    host: Box<[u8]>,
    agent: Box<[u8]>,
    caller: Caller,
    status: u16,
}

impl Aggregator {
    pub fn new(settings: AggregationSettings) -> Self {
        Self {
            settings,
            kinds: HashMap::new(),
        }
    }

    /// Keeps the record, or appends to `out` what goes out.
    pub fn step(&mut self, resolved: Resolved, out: &mut Vec<Resolved>) {
        let Some(kind) = self.kind(&resolved) else {
            out.push(resolved);
            return;
        };
        if !self.kinds.contains_key(&kind) && self.kinds.len() >= MAX_KINDS {
            self.flush(out);
        }
        match self.kinds.get_mut(&kind) {
            Some(sum) => add(sum, &resolved),
            None => {
                self.kinds.insert(kind, begin(resolved));
            }
        }
    }

    /// Appends the sums whose interval is over at `now_ns` of the boot-time clock.
    pub fn due(&mut self, now_ns: u64, out: &mut Vec<Resolved>) {
        let interval = self.settings.interval.as_nanos() as u64;
        let over = |sum: &Resolved| now_ns.saturating_sub(sum.record.boot_ns) >= interval;
        let due = self.kinds.extract_if(|_, sum| over(sum));
        out.extend(due.map(|(_, sum)| sum));
    }

    /// Appends all sums.
    pub fn flush(&mut self, out: &mut Vec<Resolved>) {
        out.extend(self.kinds.drain().map(|(_, sum)| sum));
    }

    /// `None` for what has to be told by itself.
    fn kind(&self, resolved: &Resolved) -> Option<Kind> {
        let Fact::Http {
            moment: Moment::End,
            connection,
            inbound,
            exchange,
            library: None,
            ..
        } = &resolved.record.fact
        else {
            return None;
        };
        let caller = resolved.caller.as_ref()?;
        let class = caller.traffic?;
        let asking = if *inbound {
            resolved.other.socket().map(|workload| &**workload)
        } else {
            Some(&*resolved.workload)
        };
        let credible = match class {
            TrafficClass::HealthProbe => asking.is_some_and(Workload::is_of_host),
            TrafficClass::Scrape => true,
        };
        if !credible || !self.settings.classes.contains(&class) {
            return None;
        }
        let (request, status) = ordinary(exchange)?;
        let field = |name| request.values(name).next().unwrap_or_default().into();
        Some(Kind {
            workload: Arc::clone(&resolved.workload),
            process: resolved.process.clone(),
            other: resolved.other.socket().cloned(),
            inbound: *inbound,
            local: connection.local.ip(),
            peer: connection.peer.ip(),
            server_port: connection.server_port(*inbound),
            method: request.method()?.into(),
            target: request.target()?.into(),
            host: field("host"),
            agent: field("user-agent"),
            caller: caller.clone(),
            status,
        })
    }
}

/// Head and status of an exchange that only says once more that all is well.
fn ordinary(exchange: &Exchange) -> Option<(&Head, u16)> {
    let request = exchange.request.as_ref()?.head.as_ref()?;
    let response = exchange.response.as_ref()?.head.as_ref()?;
    let status = response.status()?;
    let small = request.footprint() + response.footprint() <= MAX_HEADS;
    let asks = matches!(request.method()?, b"GET" | b"HEAD");
    let whole = exchange.incomplete.is_empty() && !exchange.tunnel;
    let well = (200..300).contains(&status);
    (small && asks && whole && well).then_some((request, status))
}

/// The first of its kind becomes the record of all.
fn begin(mut resolved: Resolved) -> Resolved {
    let time = resolved.record.time;
    resolved.record.fact = match resolved.record.fact {
        Fact::Http {
            connection,
            inbound,
            number,
            exchange,
            ..
        } => {
            let mut totals = Totals::default();
            totals.add(time, &exchange);
            Fact::Aggregate(Box::new(Aggregate {
                connection,
                inbound,
                number,
                first: exchange,
                totals,
            }))
        }
        other => other,
    };
    resolved
}

fn add(sum: &mut Resolved, resolved: &Resolved) {
    if let (Fact::Aggregate(aggregate), Fact::Http { exchange, .. }) =
        (&mut sum.record.fact, &resolved.record.fact)
    {
        aggregate.totals.add(resolved.record.time, exchange);
        sum.record.observed = resolved.record.observed;
    }
}
