//! Pods and containers of this node as its container runtime knows them: containerd, CRI-O, or any
//! other that speaks the Container Runtime Interface `runtime.v1` on a Unix socket.
//!
//! The runtime knows a container before its first process runs, the API server tells of it later.
//! Only calls that read are made: `ListContainers`, `ListPodSandbox` and `PodSandboxStatus`.
//! `GetContainerEvents` isn't: containerd 1.7 hands each event to one caller only, and what the
//! auditor takes the kubelet would miss. Instead a container that a record asks for is looked up at
//! once, and everything is listed every few seconds.

mod client;
mod failure;
mod inventory;
mod pod;
mod settings;
mod wire;

use std::{path::Path, sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    time::{Instant, sleep_until},
};

use super::{
    bounded::Bounded,
    metadata::{Source, Update},
};
use client::Client;
use failure::Failure;
use inventory::Inventory;
pub use settings::{CriSettings, CriSettingsError};

/// Between two lists when nobody asks; the kubelet itself lists every second.
const POLL: Duration = Duration::from_secs(5);
/// Between two lists, however much is asked for: a pod that lives for 300 ms is found.
const MIN_GAP: Duration = Duration::from_millis(100);
/// What a list did not have is not looked for again so soon.
const UNKNOWN_FOR: Duration = Duration::from_secs(2);
/// Ids that were asked for and remembered as such.
const MAX_ASKED: usize = 4096;

/// Between attempts to reach the runtime. A restart takes a second or so, and the first pods after
/// it are to be known.
const FIRST_RETRY: Duration = Duration::from_millis(100);
const LAST_RETRY: Duration = Duration::from_secs(2);

/// Follows the container runtime and tells what changes.
#[derive(Debug)]
pub struct Cri {
    settings: CriSettings,
    updates: mpsc::Sender<Update>,
    asked: mpsc::Receiver<Arc<str>>,
    inventory: Inventory,
    /// When each id was last looked for.
    looked_for: Bounded<Arc<str>, Instant>,
}

/// Why the runtime is not followed any more.
enum Stop {
    /// Nobody listens.
    Closed,
    Away(Failure),
}

impl Cri {
    /// `asked` are container ids and pod uids that somebody wants to know of.
    pub fn new(
        settings: CriSettings,
        updates: mpsc::Sender<Update>,
        asked: mpsc::Receiver<Arc<str>>,
    ) -> Self {
        Self {
            settings,
            updates,
            asked,
            inventory: Inventory::default(),
            looked_for: Bounded::new(MAX_ASKED),
        }
    }

    /// Runs until the other end of one of its channels is gone. While the runtime can't be asked it
    /// says so once and keeps trying.
    pub async fn run(mut self) {
        let (mut wait, mut away) = (FIRST_RETRY, false);
        loop {
            let stop = match self.connect().await {
                Ok(client) => {
                    (wait, away) = (FIRST_RETRY, false);
                    self.follow(client).await
                }
                Err(stop) => stop,
            };
            let Stop::Away(failure) = stop else { return };
            if !away {
                away = true;
                let reason = Update::Away(Source::Cri, failure.to_string());
                if self.updates.send(reason).await.is_err() {
                    return;
                }
            }
            if self.pause(wait).await.is_none() {
                return;
            }
            wait = (wait * 2).min(LAST_RETRY);
        }
    }

    /// Tells everything that the first runtime says which answers.
    async fn connect(&mut self) -> Result<Client, Stop> {
        let mut failure = None;
        for socket in self.settings.candidates() {
            match self.greet(&socket).await {
                Err(Stop::Away(first)) => failure = failure.or(Some(first)),
                other => return other,
            }
        }
        let failure = failure.unwrap_or_else(|| self.settings.nothing_there());
        Err(Stop::Away(failure))
    }

    async fn greet(&mut self, socket: &Path) -> Result<Client, Stop> {
        let mut client = Client::connect(socket).await?;
        let listing = client.list(&self.inventory).await?;
        self.inventory.apply(listing);
        self.send(Update::ListBegin(Source::Cri)).await?;
        for pod in self.inventory.all() {
            self.send(pod).await?;
        }
        self.send(Update::ListEnd(Source::Cri)).await?;
        tracing::info!(
            socket = %socket.display(),
            pods = self.inventory.len(),
            "the container runtime answers"
        );
        Ok(client)
    }

    /// Tells what changes, for as long as the runtime answers.
    async fn follow(&mut self, mut client: Client) -> Stop {
        loop {
            let turn = async {
                self.due(Instant::now()).await?;
                let listing = client.list(&self.inventory).await?;
                for update in self.inventory.apply(listing) {
                    self.send(update).await?;
                }
                Ok(())
            };
            if let Err(stop) = turn.await {
                return stop;
            }
        }
    }

    /// Waits until it is time for the next list.
    async fn due(&mut self, last: Instant) -> Result<(), Stop> {
        let mut due = last + POLL;
        loop {
            tokio::select! {
                () = sleep_until(due) => return Ok(()),
                id = self.asked.recv() => {
                    let id = id.ok_or(Stop::Closed)?;
                    if let Some(pod) = self.inventory.find(&id) {
                        self.send(pod).await?;
                    } else if self.is_worth_a_look(id) {
                        due = last + MIN_GAP;
                    }
                }
            }
        }
    }

    fn is_worth_a_look(&mut self, id: Arc<str>) -> bool {
        let looked = self.looked_for.get(&id);
        let recently = looked.is_some_and(|at| at.elapsed() < UNKNOWN_FOR);
        if !recently {
            self.looked_for.insert(id, Instant::now());
        }
        !recently
    }

    /// What is asked for meanwhile is in the list that a new connection begins with.
    async fn pause(&mut self, wait: Duration) -> Option<()> {
        let end = Instant::now() + wait;
        loop {
            tokio::select! {
                () = sleep_until(end) => return Some(()),
                id = self.asked.recv() => id.map(drop)?,
            }
        }
    }

    async fn send(&self, update: Update) -> Result<(), Stop> {
        let sent = self.updates.send(update).await;
        sent.map_err(|_| Stop::Closed)
    }
}

impl From<Failure> for Stop {
    fn from(failure: Failure) -> Self {
        Self::Away(failure)
    }
}

#[cfg(test)]
mod tests;
