//! What stands behind the pipeline: the journal with its readers, or the outputs themselves.

use std::{
    collections::BTreeMap,
    sync::mpsc::sync_channel,
    thread,
    time::{Duration, Instant},
};

use tokio::{
    runtime::Runtime,
    sync::{mpsc, watch},
    task,
};

use super::{
    AppError,
    delivery::{Destination, Shared},
    follow::Follower,
    joined,
    journal::{Ended, GiveUp, Journal},
    notes::Notes,
    outputs::{self, Outputs, QUEUE, Written},
    owed, spawn,
};
use crate::{
    config::{self, Output, Settings},
    export::otlp::{Delivery, Drain, Exporter, OtlpSettings},
    identity::Workload,
    journal::Reader,
    telemetry::Standing,
};

/// The collector that has no name of its own.
const COLLECTOR: &str = "otlp";

/// Collectors by name.
pub(super) type Collectors = BTreeMap<String, Exporter>;

/// The stages behind the pipeline, at work.
pub(super) struct Downstream {
    stdout: Option<thread::JoinHandle<Written>>,
    kept: Option<Kept>,
    direct: Vec<task::JoinHandle<Delivery>>,
    drain: watch::Sender<Option<tokio::time::Instant>>,
}

/// The journal and who reads it.
struct Kept {
    journal: thread::JoinHandle<Ended>,
    destinations: Vec<task::JoinHandle<Destination>>,
    standing: Standing,
    give_up: GiveUp,
}

/// What a run came to behind the pipeline.
#[derive(Debug, Default)]
pub(super) struct Outcome {
    /// Records that the journal made of itself.
    pub(super) notes: u64,
    /// Records that some output will never get.
    pub(super) undelivered: u64,
    /// For the end of the log.
    pub(super) lines: Vec<String>,
}

/// Those that arguments, environment and file name.
pub(super) fn collectors(settings: &Settings) -> Result<Collectors, AppError> {
    let mut collectors = Collectors::new();
    let usual = OtlpSettings::from_lookup(settings.otlp_endpoint.as_deref(), config::variable)?;
    if let Some(usual) = usual {
        collectors.insert(COLLECTOR.to_owned(), Exporter::new(usual)?);
    }
    for (name, endpoint) in &settings.more_collectors {
        let lookup = |variable: &str| config::variable(&variable_of(name, variable));
        if let Some(other) = OtlpSettings::from_lookup(Some(endpoint), lookup)? {
            collectors.insert(name.clone(), Exporter::new(other)?);
        }
    }
    Ok(collectors)
}

/// `OTEL_EXPORTER_OTLP_HEADERS` is `AUDITOR_ARCHIVE_OTLP_HEADERS` for the collector `archive`.
pub(super) fn variable_of(collector: &str, variable: &str) -> String {
    let collector = collector.to_uppercase().replace('-', "_");
    let rest = variable.trim_start_matches("OTEL_EXPORTER_");
    format!("AUDITOR_{collector}_{rest}")
}

// === impl Downstream ===

impl Downstream {
    /// Records go to the outputs and are kept nowhere.
    pub(super) fn direct(
        output: Output,
        collectors: Collectors,
        reader_gone: &mpsc::Sender<()>,
    ) -> Result<(Self, Outputs), AppError> {
        let (drain, deadline) = watch::channel(None);
        let mut outputs = Outputs::default();
        let mut downstream = Self {
            stdout: None,
            kept: None,
            direct: Vec::new(),
            drain,
        };
        for exporter in collectors.into_values() {
            let (understand_to_otlp, batches) = mpsc::channel(QUEUE);
            let task = tokio::spawn(exporter.run(batches, Drain::new(deadline.clone())));
            downstream.direct.push(task);
            outputs.add_task(understand_to_otlp);
        }
        if let Output::Stdout { form } = output {
            let (understand_to_stdout, batches) = sync_channel(QUEUE);
            let gone = reader_gone.clone();
            downstream.stdout = Some(spawn("stdout", move || {
                outputs::write_stdout(form, batches, &gone)
            })?);
            outputs.add_thread(understand_to_stdout);
        }
        Ok((downstream, outputs))
    }

    /// Records go to the journal, and from there to the outputs.
    pub(super) fn kept(
        settings: &Settings,
        kept: &config::JournalSettings,
        collectors: Collectors,
        notes: Notes,
        reader_gone: &mpsc::Sender<()>,
    ) -> Result<(Self, Outputs), AppError> {
        let (standing, give_up) = (Standing::default(), GiveUp::default());
        let key = key_name(notes.auditor());
        let (destination_to_journal, owed) = owed::channel(collectors.len());
        let journal = Journal::open(
            kept,
            &key,
            notes.clone(),
            owed,
            standing.clone(),
            give_up.clone(),
        )?;
        let (drain, deadline) = watch::channel(None);
        let directory = journal.directory().clone();
        let begins = journal.begins();
        let shared = Shared {
            directory: directory.clone(),
            path: kept.directory.clone(),
            end: begins,
            notes,
            standing: standing.clone(),
            destination_to_journal,
        };
        let mut destinations = Vec::new();
        for (name, exporter) in collectors {
            let destination = Destination::open(&name, exporter, shared.clone())?;
            let drain = Drain::new(deadline.clone());
            destinations.push(tokio::spawn(destination.run(journal.follow(), drain)));
        }
        let mut stdout = None;
        if let Output::Stdout { form } = settings.output {
            let runtime = tokio::runtime::Handle::current();
            let reader = Reader::new(directory, begins);
            let place = journal.stdout_place().clone();
            let mut batches = Follower::new(reader, journal.follow(), place, runtime);
            let gone = reader_gone.clone();
            stdout = Some(spawn("stdout", move || {
                let mut written = outputs::write_stdout(form, &mut batches, &gone);
                written.undelivered += batches.missed();
                written
            })?);
        }
        let (understand_to_journal, batches) = sync_channel(QUEUE);
        let journal = spawn("journal", move || journal.run(&batches))?;
        let mut outputs = Outputs::default();
        outputs.add_thread(understand_to_journal);
        let downstream = Self {
            stdout,
            kept: Some(Kept {
                journal,
                destinations,
                standing,
                give_up,
            }),
            direct: Vec::new(),
            drain,
        };
        Ok((downstream, outputs))
    }

    /// How far journal and destinations are; without a journal nobody has a place in one.
    pub(super) fn standing(&self) -> Option<Standing> {
        self.kept.as_ref().map(|kept| kept.standing.clone())
    }

    /// From now on a disk that takes nothing is waited for until then only.
    pub(super) fn stopping(&self, until: Instant) {
        if let Some(kept) = &self.kept {
            kept.give_up.get_or_init(|| until);
        }
    }

    /// Waits for what is under way; to be called when the pipeline has ended.
    pub(super) fn drain(self, runtime: &Runtime, within: Duration) -> Outcome {
        let deadline = || Some(tokio::time::Instant::now() + within);
        if let Some(kept) = self.kept {
            let ended = joined(kept.journal);
            self.drain.send_replace(deadline());
            let mut destinations = Vec::new();
            for destination in kept.destinations {
                destinations.push(finished(runtime.block_on(destination)));
            }
            let written = self.stdout.map(joined).unwrap_or_default();
            let (notes, unkept) = ended.close();
            destinations.into_iter().for_each(Destination::close);
            let (lines, gone) = kept.standing.summary();
            return Outcome {
                notes,
                undelivered: written.undelivered + gone + unkept,
                lines,
            };
        }
        let written = self.stdout.map(joined).unwrap_or_default();
        self.drain.send_replace(deadline());
        let mut undelivered = written.undelivered;
        for task in self.direct {
            let delivery = finished(runtime.block_on(task));
            undelivered += delivery.undelivered + delivery.rejected;
        }
        Outcome {
            undelivered,
            ..Outcome::default()
        }
    }
}

/// A task that panicked takes the daemon with it, like a thread.
pub(super) fn finished<T>(task: Result<T, task::JoinError>) -> T {
    task.unwrap_or_else(|error| std::panic::resume_unwind(error.into_panic()))
}

/// The name of the journal's key: the node, in letters that a key's name may have.
fn key_name(auditor: &Workload) -> String {
    let node = auditor.attribute("k8s.node.name");
    let node = node.or_else(|| auditor.attribute("host.name"));
    let allowed = |c: &char| c.is_ascii_alphanumeric() || ".-_".contains(*c);
    let mut name: String = node.unwrap_or_default().chars().filter(allowed).collect();
    if name.is_empty() {
        name.push_str("node");
    }
    format!("{name}/auditor")
}

#[cfg(test)]
mod tests {
    use super::variable_of;

    #[test]
    fn a_named_collector_has_variables_of_its_own() {
        assert_eq!(
            variable_of("my-archive", "OTEL_EXPORTER_OTLP_LOGS_HEADERS"),
            "AUDITOR_MY_ARCHIVE_OTLP_LOGS_HEADERS"
        );
    }
}
