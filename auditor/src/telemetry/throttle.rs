//! Keeps one cause from flooding the log.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use tracing::{Event, Level, Metadata, callsite::Identifier, subscriber::Interest};
use tracing_subscriber::layer::{Context, Filter};

/// Lines of one place in the code that are written in [`INTERVAL`]: enough to see what is wrong, and
/// with a hundred such places less than a megabyte a minute.
const MAX_LINES: u64 = 20;
const INTERVAL: Duration = Duration::from_secs(10);

/// Lets through what each place in the code may write, and says how much it left out. What was asked
/// for by `RUST_LOG`, below INFO, is let alone.
#[derive(Debug, Default)]
pub(super) struct Throttle {
    places: Mutex<HashMap<Identifier, Place>>,
}

#[derive(Debug)]
struct Place {
    since: Instant,
    lines: u64,
}

/// What becomes of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Verdict {
    /// It is written; so many before it were not.
    Written {
        left_out: u64,
    },
    LeftOut,
}

// === impl Throttle ===

impl<S> Filter<S> for Throttle {
    fn enabled(&self, _: &Metadata<'_>, _: &Context<'_, S>) -> bool {
        true
    }

    fn callsite_enabled(&self, _: &'static Metadata<'static>) -> Interest {
        // Asked for every line, not once for a place.
        Interest::sometimes()
    }

    fn event_enabled(&self, event: &Event<'_>, _: &Context<'_, S>) -> bool {
        if *event.metadata().level() > Level::INFO {
            return true;
        }
        let now = Instant::now();
        let mut places = self.places.lock().unwrap_or_else(PoisonError::into_inner);
        let place = places.entry(event.metadata().callsite());
        let verdict = place.or_insert_with(|| Place::new(now)).take(now);
        match verdict {
            Verdict::Written { left_out: 0 } => true,
            Verdict::Written { left_out } => {
                // Not by `tracing`, which is asking.
                eprintln!("{left_out} lines like the next one were left out");
                true
            }
            Verdict::LeftOut => false,
        }
    }
}

// === impl Place ===

impl Place {
    fn new(now: Instant) -> Self {
        Self {
            since: now,
            lines: 0,
        }
    }

    fn take(&mut self, now: Instant) -> Verdict {
        let mut left_out = 0;
        if now.duration_since(self.since) >= INTERVAL {
            left_out = self.lines.saturating_sub(MAX_LINES);
            *self = Self::new(now);
        }
        self.lines += 1;
        if self.lines > MAX_LINES {
            Verdict::LeftOut
        } else {
            Verdict::Written { left_out }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::{
        io,
        sync::{Arc, Mutex},
        time::Instant,
    };

    use tracing_subscriber::{
        Layer as _,
        fmt::{self, MakeWriter},
        layer::SubscriberExt as _,
    };

    use super::{INTERVAL, MAX_LINES, Place, Throttle, Verdict};

    #[derive(Clone, Default)]
    struct Written(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Written {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    impl MakeWriter<'_> for Written {
        type Writer = Self;

        fn make_writer(&self) -> Self {
            self.clone()
        }
    }

    #[test]
    fn one_place_does_not_keep_another_from_the_log() {
        let written = Written::default();
        let lines = fmt::layer().with_writer(written.clone());
        let lines = lines.with_filter(Throttle::default());
        let subscriber = tracing_subscriber::registry().with(lines);
        tracing::subscriber::with_default(subscriber, || {
            for number in 0..1000 {
                tracing::error!(number, "flood");
                tracing::debug!(number, "asked for");
            }
            tracing::warn!("drop");
        });
        let text = String::from_utf8(written.0.lock().unwrap().clone()).unwrap();
        let count = |word: &str| text.lines().filter(|line| line.contains(word)).count();
        assert_eq!(count("flood") as u64, MAX_LINES);
        assert_eq!((count("asked for"), count("drop")), (1000, 1));
    }

    #[test]
    fn what_was_left_out_is_told_with_the_next_line() {
        let start = Instant::now();
        let mut place = Place::new(start);
        for _ in 0..MAX_LINES {
            assert_eq!(place.take(start), Verdict::Written { left_out: 0 });
        }
        for _ in 0..5 {
            assert_eq!(place.take(start), Verdict::LeftOut);
        }
        let later = start + INTERVAL;
        assert_eq!(place.take(later), Verdict::Written { left_out: 5 });
        assert_eq!(place.take(later), Verdict::Written { left_out: 0 });
    }
}
