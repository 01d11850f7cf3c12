//! Lines of the daemon's log on their way to a collector.

use std::{
    fmt,
    time::{SystemTime, UNIX_EPOCH},
};

use prometheus_client::metrics::counter::Counter;
use tokio::sync::mpsc;
use tracing::{
    Event, Level, Subscriber,
    field::{Field, Visit},
};
use tracing_subscriber::layer::{Context, Layer};

/// Lines that may wait for a collector: what a bad hour writes. The rest is on standard error.
const QUEUE: usize = 1024;
/// Bytes of one line; the settings at start are the longest.
const MAX_TEXT: usize = 16 * 1024;

/// A line of the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// Nanoseconds since the epoch.
    pub unix_ns: u64,
    pub level: Level,
    pub text: String,
    pub fields: Vec<(&'static str, String)>,
}

/// Where lines come out.
#[derive(Debug)]
pub struct Lines {
    waiting: mpsc::Receiver<Line>,
    left_out: Counter,
}

/// Where they go in: it never waits, and what has no place is counted.
#[derive(Debug)]
pub(super) struct LineTap {
    to_collector: mpsc::Sender<Line>,
    left_out: Counter,
}

pub(super) fn channel() -> (LineTap, Lines) {
    let (to_collector, waiting) = mpsc::channel(QUEUE);
    let left_out = Counter::default();
    let tap = LineTap {
        to_collector,
        left_out: left_out.clone(),
    };
    (tap, Lines { waiting, left_out })
}

// === impl Lines ===

impl Lines {
    /// Everything that waits.
    pub fn take(&mut self) -> Vec<Line> {
        std::iter::from_fn(|| self.waiting.try_recv().ok()).collect()
    }

    /// Lines that had no place.
    pub fn left_out(&self) -> &Counter {
        &self.left_out
    }
}

// === impl LineTap ===

impl<S: Subscriber> Layer<S> for LineTap {
    /// Below INFO the client that sends the lines would write about each of its requests, and so
    /// send for ever.
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        let level = *event.metadata().level();
        if level > Level::INFO {
            return;
        }
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let mut written = Written::default();
        event.record(&mut written);
        let line = Line {
            unix_ns: now.unwrap_or_default().as_nanos() as u64,
            level,
            text: written.text,
            fields: written.fields,
        };
        if self.to_collector.try_send(line).is_err() {
            self.left_out.inc();
        }
    }
}

/// What a line says.
#[derive(Default)]
struct Written {
    text: String,
    fields: Vec<(&'static str, String)>,
}

// === impl Written ===

impl Written {
    fn keep(&mut self, field: &Field, mut value: String) {
        value.truncate(value.floor_char_boundary(MAX_TEXT));
        match field.name() {
            "message" => self.text = value,
            name => self.fields.push((name, value)),
        }
    }
}

impl Visit for Written {
    fn record_str(&mut self, field: &Field, value: &str) {
        self.keep(field, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.keep(field, format!("{value:?}"));
    }
}

#[cfg(test)]
mod tests {
    use tracing_subscriber::layer::SubscriberExt as _;

    use super::*;

    #[test]
    fn a_line_goes_with_its_fields_and_never_waits() {
        let (tap, mut lines) = channel();
        let subscriber = tracing_subscriber::registry().with(tap);
        tracing::subscriber::with_default(subscriber, || {
            tracing::warn!(records = 7, name = "a b", "it is {}", "so");
            tracing::debug!("of the client that sends");
            let taken = lines.take();
            let [line] = &taken[..] else {
                panic!("{taken:?}")
            };
            assert_eq!((line.level, line.text.as_str()), (Level::WARN, "it is so"));
            let fields = [("records", "7".to_owned()), ("name", "a b".to_owned())];
            assert_eq!(line.fields, fields);
            for _ in 0..QUEUE + 3 {
                tracing::info!("flood");
            }
        });
        assert_eq!((lines.take().len(), lines.left_out().get()), (QUEUE, 3));
    }

    #[test]
    fn a_line_is_bounded() {
        let (tap, mut lines) = channel();
        let subscriber = tracing_subscriber::registry().with(tap);
        let long = "é".repeat(MAX_TEXT);
        tracing::subscriber::with_default(subscriber, || tracing::info!("x{long}"));
        assert_eq!(lines.take()[0].text.len(), MAX_TEXT - 1);
    }
}
