//! Waiting for a condition, with a deadline.

use std::thread;
use std::time::{Duration, Instant};

/// Long enough for the busiest machine; nothing waits for it that goes well.
pub(crate) const DEADLINE: Duration = Duration::from_secs(30);

const INTERVAL: Duration = Duration::from_millis(10);

/// What `check` found, once it finds something; fails with `what` after [`DEADLINE`].
pub(crate) fn until<T>(what: &str, mut check: impl FnMut() -> Option<T>) -> T {
    let end = Instant::now() + DEADLINE;
    loop {
        if let Some(found) = check() {
            return found;
        }
        assert!(Instant::now() < end, "waited in vain: {what}");
        thread::sleep(INTERVAL);
    }
}
