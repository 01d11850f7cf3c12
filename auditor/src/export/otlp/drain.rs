//! When to stop trying.

use std::time::Duration;

use tokio::sync::watch;
use tokio::time::{Instant, sleep, sleep_until};

/// Holds the deadline for delivery: none while the daemon runs, and an instant once it stops.
///
/// A sender that is dropped without having set one gives up at once: nobody is left who could.
#[derive(Clone, Debug)]
pub struct Drain(watch::Receiver<Option<Instant>>);

/// Why a pause is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pause {
    Elapsed,
    /// The daemon has begun to stop.
    Stopping,
    /// The deadline has passed.
    Passed,
}

impl Drain {
    pub fn new(deadline: watch::Receiver<Option<Instant>>) -> Self {
        Self(deadline)
    }

    /// Returns when the deadline has passed. May be dropped and called again.
    pub async fn passed(&mut self) {
        loop {
            let deadline = *self.0.borrow_and_update();
            let Some(deadline) = deadline else {
                if self.0.changed().await.is_err() {
                    return;
                }
                continue;
            };
            tokio::select! {
                () = sleep_until(deadline) => return,
                changed = self.0.changed() => if changed.is_err() {
                    return sleep_until(deadline).await;
                },
            }
        }
    }

    /// Waits so long at most. A daemon that stops has no time to wait for a try that was put off
    /// while it ran, so the pause ends when a deadline is set.
    pub async fn pause(&mut self, wait: Duration) -> Pause {
        let is_stopping = self.0.borrow_and_update().is_some();
        if is_stopping {
            return tokio::select! {
                biased;
                () = self.passed() => Pause::Passed,
                () = sleep(wait) => Pause::Elapsed,
            };
        }
        tokio::select! {
            () = sleep(wait) => Pause::Elapsed,
            changed = self.0.changed() => match changed {
                Ok(()) => Pause::Stopping,
                Err(_) => Pause::Passed,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use tokio::time::timeout;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn follows_the_deadline_as_it_is_set_and_moved() {
        let (set, deadline) = watch::channel(None);
        let mut drain = Drain::new(deadline);
        assert!(
            timeout(Duration::from_hours(1), drain.passed())
                .await
                .is_err()
        );
        let start = Instant::now();
        set.send(Some(start + Duration::from_secs(9))).unwrap();
        assert!(
            timeout(Duration::from_secs(1), drain.passed())
                .await
                .is_err()
        );
        set.send(Some(start + Duration::from_secs(3))).unwrap();
        drop(set);
        drain.passed().await;
        assert_eq!(start.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn gives_up_when_nobody_can_set_a_deadline() {
        let (set, deadline) = watch::channel(None);
        drop(set);
        Drain::new(deadline).passed().await;
    }
}
