//! From sealed records to the sinks. The journal will stand here.
//!
//! Both queues are bounded. A sink that lags holds up the stages before it, up to the ring, where
//! the kernel counts what it can't hold.

use std::{
    io::{self, IsTerminal as _},
    ops::ControlFlow,
    sync::mpsc::{Receiver, SyncSender},
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
pub(super) struct Outputs {
    pub(super) stdout: Option<SyncSender<Vec<Sealed>>>,
    pub(super) otlp: Option<mpsc::Sender<Vec<Sealed>>>,
}

impl Outputs {
    /// Hands a batch to every sink. A sink that is gone is let go of.
    pub(super) fn send(&mut self, batch: Vec<Sealed>) {
        match (&self.stdout, &self.otlp) {
            (Some(stdout), Some(otlp)) => {
                let gone = otlp.blocking_send(batch.clone()).is_err();
                if stdout.send(batch).is_err() {
                    self.stdout = None;
                }
                if gone {
                    self.otlp = None;
                }
            }
            (Some(stdout), None) => {
                if stdout.send(batch).is_err() {
                    self.stdout = None;
                }
            }
            (None, Some(otlp)) => {
                if otlp.blocking_send(batch).is_err() {
                    self.otlp = None;
                }
            }
            (None, None) => {}
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
    understand_to_stdout: &Receiver<Vec<Sealed>>,
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
    for batch in understand_to_stdout {
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
