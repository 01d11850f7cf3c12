//! Carries batches to the collector, in order, until each record has its outcome.

use std::ops::Range;
use std::time::Duration;

use bytes::Bytes;

use super::answer::{Accepted, Failure};
use super::delivery::Delivery;
use super::drain::{Drain, Pause};
use super::request;
use super::retry;
use crate::backoff::{Backoff, jitter};
use crate::redact::Sealed;

#[cfg(test)]
pub(super) mod script;
#[cfg(test)]
mod tests;

/// One attempt at one request.
pub(super) trait Carry {
    fn carry(&mut self, request: &Bytes) -> impl Future<Output = Result<Accepted, Failure>> + Send;
}

pub(super) struct Courier<C> {
    carrier: C,
    backoff: Backoff,
    /// Where in the last batch.
    refused: Vec<Range<usize>>,
}

impl<C: Carry + Send> Courier<C> {
    pub(super) fn new(carrier: C) -> Self {
        Self {
            carrier,
            backoff: retry::backoff(),
            refused: Vec::new(),
        }
    }

    /// Tries until the collector has answered for every record or the deadline has passed.
    pub(super) async fn deliver(&mut self, batch: &[Sealed], drain: &mut Drain) -> Delivery {
        let mut delivery = Delivery::default();
        self.refused.clear();
        // The next request is the last element.
        let mut waiting = request::split(batch);
        waiting.reverse();
        while let Some(range) = waiting.pop() {
            let records = range.len() as u64;
            match self.request(&batch[range.clone()], drain).await {
                Some(Ok(accepted)) => {
                    let taken = account(records, &accepted);
                    if taken.rejected > 0 {
                        self.refused.push(range);
                    }
                    delivery += taken;
                }
                // Of what is too large, or has something that is not taken, a part may be.
                Some(Err(reason)) if records > 1 => {
                    tracing::debug!(records, reason, "the request is not taken: sending halves");
                    waiting.extend(halves(range));
                }
                Some(Err(reason)) => {
                    tracing::warn!(records, reason, "the collector rejected records");
                    delivery.rejected += records;
                    self.refused.push(range);
                }
                None => {
                    delivery.undelivered +=
                        records + waiting.iter().map(|range| range.len() as u64).sum::<u64>();
                    return delivery;
                }
            }
        }
        delivery
    }

    /// The requests within the last batch of which not every record was taken.
    pub(super) fn refused(&self) -> &[Range<usize>] {
        &self.refused
    }

    /// `None` when the deadline passed before there was an answer.
    async fn request(
        &mut self,
        batch: &[Sealed],
        drain: &mut Drain,
    ) -> Option<Result<Accepted, String>> {
        let request = request::encode(batch);
        loop {
            let answer = tokio::select! {
                biased;
                () = drain.passed() => return None,
                answer = self.carrier.carry(&request) => answer,
            };
            let (trouble, after, reason) = match answer {
                Ok(accepted) => return Some(Ok(self.answered(accepted))),
                Err(Failure::TooLarge { reason } | Failure::Permanent { reason }) => {
                    return Some(Err(self.answered(reason)));
                }
                Err(Failure::Denied { reason }) => (Trouble::Denied, None, reason),
                Err(Failure::Again { after, reason }) => (Trouble::Passing, after, reason),
            };
            let wait = retry::wait(&mut self.backoff, after, jitter());
            self.failed(trouble, &reason, wait);
            match drain.pause(wait).await {
                Pause::Elapsed => {}
                Pause::Stopping => self.backoff.reset(),
                Pause::Passed => return None,
            }
        }
    }

    /// Says less and less often that the collector is still not there, or does not let us in.
    fn failed(&self, trouble: Trouble, reason: &str, wait: Duration) {
        let (failures, retry_ms) = (self.backoff.failures(), wait.as_millis());
        match trouble {
            Trouble::Denied if failures.is_power_of_two() => tracing::error!(
                failures,
                retry_ms,
                reason,
                "the collector denies access, trying again: check the endpoint and the credentials"
            ),
            Trouble::Passing if failures.is_power_of_two() => tracing::warn!(
                failures,
                retry_ms,
                reason,
                "cannot deliver records, trying again"
            ),
            Trouble::Denied | Trouble::Passing => tracing::debug!(
                failures,
                retry_ms,
                reason,
                "cannot deliver records, trying again"
            ),
        }
    }

    fn answered<T>(&mut self, answer: T) -> T {
        let failures = self.backoff.failures();
        if failures > 0 {
            tracing::info!(failures, "the collector answers again");
            self.backoff.reset();
        }
        answer
    }
}

/// Why a request has to be sent again.
#[derive(Clone, Copy)]
enum Trouble {
    /// It may be over by itself.
    Passing,
    /// Somebody has to put it right.
    Denied,
}

/// A server cannot reject more than it was sent, whatever it says.
fn account(records: u64, accepted: &Accepted) -> Delivery {
    let rejected = accepted.rejected.min(records);
    if rejected > 0 {
        tracing::warn!(
            rejected,
            reason = accepted.message,
            "the collector rejected records"
        );
    } else if !accepted.message.is_empty() {
        tracing::warn!(
            message = accepted.message,
            "the collector took the records and says"
        );
    }
    Delivery {
        acknowledged: records - rejected,
        rejected,
        undelivered: 0,
    }
}

/// The second half first, for a stack.
fn halves(range: Range<usize>) -> [Range<usize>; 2] {
    let middle = range.start + range.len() / 2;
    [middle..range.end, range.start..middle]
}
