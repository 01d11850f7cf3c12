//! From the channel to the collector.

use std::ops::Range;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::{Instant, timeout_at};

use super::client::{Client, SetupError};
use super::courier::{Carry, Courier};
use super::delivery::Delivery;
use super::drain::Drain;
use super::request::MAX_RECORDS;
use super::settings::OtlpSettings;
use crate::redact::Sealed;

/// How long the first record of a request may wait for company.
const LINGER: Duration = Duration::from_millis(200);

/// Sends records to one collector, one request at a time.
pub struct Exporter {
    courier: Courier<Client>,
}

impl Exporter {
    /// Reads the certificates. Does not connect: the collector may come later.
    pub fn new(settings: OtlpSettings) -> Result<Self, SetupError> {
        Ok(Self {
            courier: Courier::new(Client::new(settings)?),
        })
    }

    /// Delivers one batch, for a caller that keeps its own place in the records: when this
    /// returns nothing undelivered, the place may move past the batch.
    pub async fn deliver(&mut self, batch: &[Sealed], drain: &mut Drain) -> Delivery {
        self.courier.deliver(batch, drain).await
    }

    /// The requests within the last batch of which not every record was taken: which ones, a
    /// collector does not say.
    pub fn refused(&self) -> &[Range<usize>] {
        self.courier.refused()
    }

    /// Delivers what the channel brings until it is closed or the deadline has passed.
    pub async fn run(mut self, records: mpsc::Receiver<Vec<Sealed>>, drain: Drain) -> Delivery {
        run(&mut self.courier, records, drain).await
    }
}

async fn run<C: Carry + Send>(
    courier: &mut Courier<C>,
    mut records: mpsc::Receiver<Vec<Sealed>>,
    mut drain: Drain,
) -> Delivery {
    let mut delivery = Delivery::default();
    let mut pending = Vec::new();
    loop {
        let open = tokio::select! {
            biased;
            () = drain.passed() => break,
            open = collect(&mut records, &mut pending) => open,
        };
        delivery += courier.deliver(&pending, &mut drain).await;
        pending.clear();
        if !open {
            return delivery;
        }
    }
    // What was sent to us and not fetched is ours to account for; a later sender is told.
    records.close();
    while let Some(batch) = records.recv().await {
        pending.extend(batch);
    }
    delivery.undelivered += pending.len() as u64;
    delivery
}

/// Gathers a request's worth of records, or what comes within the linger. False when no more can
/// come. Keeps nothing of its own, so that it may be dropped at any time.
async fn collect(records: &mut mpsc::Receiver<Vec<Sealed>>, pending: &mut Vec<Sealed>) -> bool {
    let Some(batch) = records.recv().await else {
        return false;
    };
    pending.extend(batch);
    let until = Instant::now() + LINGER;
    while pending.len() < MAX_RECORDS {
        match timeout_at(until, records.recv()).await {
            Ok(Some(batch)) => pending.extend(batch),
            Ok(None) => return false,
            Err(_) => break,
        }
    }
    true
}

#[cfg(test)]
mod tests {
    use tokio::sync::watch;

    use super::*;
    use crate::export::otlp::courier::script::{DONE, Script, batch, numbers};

    #[tokio::test(start_paused = true)]
    async fn gathers_what_comes_within_the_linger_and_no_more() {
        let (mut courier, sent) = Script::courier([DONE, DONE]);
        let (records, channel) = mpsc::channel(8);
        let (_set, deadline) = watch::channel(None);
        let exporter =
            tokio::spawn(async move { run(&mut courier, channel, Drain::new(deadline)).await });
        records.send(batch(0..2)).await.unwrap();
        records.send(batch(2..3)).await.unwrap();
        tokio::time::sleep(LINGER * 2).await;
        records.send(batch(3..4)).await.unwrap();
        drop(records);
        let delivery = exporter.await.unwrap();
        assert_eq!(
            delivery,
            Delivery {
                acknowledged: 4,
                ..Delivery::default()
            }
        );
        assert_eq!(numbers(&sent), [vec![0, 1, 2], vec![3]]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_full_request_does_not_linger() {
        let (mut courier, sent) = Script::courier([DONE, DONE, DONE]);
        let (records, channel) = mpsc::channel(8);
        let (_set, deadline) = watch::channel(None);
        records.send(batch(0..1100)).await.unwrap();
        drop(records);
        let start = Instant::now();
        let delivery = run(&mut courier, channel, Drain::new(deadline)).await;
        assert_eq!(start.elapsed(), Duration::ZERO);
        assert_eq!(delivery.acknowledged, 1100);
        assert_eq!(
            numbers(&sent).iter().map(Vec::len).collect::<Vec<_>>(),
            [512, 512, 76]
        );
    }

    #[tokio::test(start_paused = true)]
    async fn at_the_deadline_everything_received_is_accounted_for() {
        let (mut courier, sent) = Script::courier([DONE]);
        let (records, channel) = mpsc::channel(8);
        let (set, deadline) = watch::channel(None);
        records.send(batch(0..600)).await.unwrap();
        records.send(batch(600..700)).await.unwrap();
        let at = Instant::now() + Duration::from_secs(5);
        set.send(Some(at)).unwrap();
        let delivery = run(&mut courier, channel, Drain::new(deadline)).await;
        assert_eq!(Instant::now(), at);
        let expected = Delivery {
            acknowledged: 512,
            rejected: 0,
            undelivered: 188,
        };
        assert_eq!(delivery, expected);
        assert_eq!(delivery.total(), 700);
        assert!(numbers(&sent).len() > 2, "it went on trying");
        assert!(
            records.send(batch(0..1)).await.is_err(),
            "a later sender is told"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn what_is_being_gathered_at_the_deadline_is_undelivered() {
        let (mut courier, sent) = Script::courier([]);
        let (records, channel) = mpsc::channel(8);
        let (set, deadline) = watch::channel(None);
        records.send(batch(0..3)).await.unwrap();
        set.send(Some(Instant::now() + LINGER / 2)).unwrap();
        let delivery = run(&mut courier, channel, Drain::new(deadline)).await;
        assert_eq!(
            delivery,
            Delivery {
                undelivered: 3,
                ..Delivery::default()
            }
        );
        assert!(numbers(&sent).is_empty());
    }
}
