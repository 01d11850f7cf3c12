//! From sealed records to what is next: the journal, or the sinks themselves.
//!
//! All queues are bounded. Who lags holds up the stages before it, up to the ring, where the
//! kernel counts what it can't hold.

use std::{
    io::{self, IsTerminal as _},
    ops::ControlFlow,
    sync::mpsc::SyncSender,
};

use tokio::sync::mpsc;

use crate::{
    config::Form,
    export::stdout::{self, Pretty, StdoutSink},
    redact::Sealed,
};

/// Batches that may wait for a sink.
pub(super) const QUEUE: usize = 64;

/// Where batches go.
#[derive(Default)]
pub(super) struct Outputs(Vec<Sink>);

enum Sink {
    Thread(SyncSender<Vec<Sealed>>),
    Task(mpsc::Sender<Vec<Sealed>>),
}

impl Outputs {
    pub(super) fn add_thread(&mut self, batches: SyncSender<Vec<Sealed>>) {
        self.0.push(Sink::Thread(batches));
    }

    pub(super) fn add_task(&mut self, batches: mpsc::Sender<Vec<Sealed>>) {
        self.0.push(Sink::Task(batches));
    }

    /// Hands a batch to every sink. A sink that is gone is let go of.
    pub(super) fn send(&mut self, batch: Vec<Sealed>) {
        // The last sink gets the batch itself.
        let mut copies = std::iter::repeat_n(batch, self.0.len());
        self.0
            .retain(|sink| copies.next().is_some_and(|batch| sink.takes(batch)));
    }
}

impl Sink {
    /// False if nobody is there any more.
    fn takes(&self, batch: Vec<Sealed>) -> bool {
        match self {
            Self::Thread(sender) => sender.send(batch).is_ok(),
            Self::Task(sender) => sender.blocking_send(batch).is_ok(),
        }
    }
}

/// How the standard output ended.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Written {
    /// Records that could not be written.
    pub(super) undelivered: u64,
}

/// Writes batches to standard output until there are no more, or nobody reads.
pub(super) fn write_stdout(
    form: Form,
    batches: impl IntoIterator<Item = Vec<Sealed>>,
    reader_gone: &mpsc::Sender<()>,
) -> Written {
    let form = match form {
        Form::Json => stdout::Form::Json,
        Form::OtlpJson => stdout::Form::OtlpJson,
        Form::Pretty => stdout::Form::Pretty(Pretty {
            colour: io::stdout().is_terminal() && crate::config::variable("NO_COLOR").is_none(),
            zone: jiff::tz::TimeZone::system(),
        }),
    };
    let mut sink = StdoutSink::new(io::stdout().lock(), form);
    let mut written = Written::default();
    let mut open = true;
    for batch in batches {
        if !open {
            written.undelivered += batch.len() as u64;
            continue;
        }
        let result = sink.write(&batch).and_then(|flow| match flow {
            ControlFlow::Continue(()) => sink.flush(),
            ControlFlow::Break(()) => Ok(flow),
        });
        match result {
            Ok(ControlFlow::Continue(())) => {}
            Ok(ControlFlow::Break(())) => {
                open = false;
                // Nobody reads any more: the run is over.
                let _ = reader_gone.try_send(());
            }
            Err(error) => {
                tracing::error!(%error, "write to standard output: its records are undelivered from here on");
                written.undelivered += batch.len() as u64;
                open = false;
                let _ = reader_gone.try_send(());
            }
        }
    }
    written.undelivered += sink.unreadable();
    written
}
