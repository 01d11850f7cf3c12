//! The outermost owners of pods: the deployment of a replica set, the cron job of a job.
//!
//! A pod of this node is told at once, with the reason why its owner is not known yet, and told
//! again with its owner. All that is told of these pods goes through here, so that what a look-up
//! brings is never told of a pod that went in the meantime. For a pod of another node the owner is
//! looked up when a record is about it, and told by its controller: once for all of its pods.

mod reference;
mod sought;

use std::sync::Arc;
use std::time::Duration;

use tokio::sync::mpsc::{Receiver, Sender};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep_until};
use tracing::warn;

use super::api::Api;
use super::backoff;
use super::failure::Failure;
use super::watch::Closed;
use crate::backoff::{Backoff, jitter};
use crate::identity::bounded::Bounded;
use crate::identity::known::{Known, Why};
use crate::identity::metadata::{Owner, Pod, Source, Update};
use reference::{Answer, Reference};
use sought::Sought;

/// Replica sets and jobs that are remembered: a node has hundreds of pods at a time, and speaks
/// with those of thousands at most.
const FOUND: usize = 4096;

/// Look-ups at a time: a node that starts does not take the server for itself.
const LOOKUPS: usize = 4;

/// What was asked for in vain is not asked for again so soon, however many records are about it.
const AGAIN: Duration = Duration::from_secs(5);

/// What is told of the pods of this node.
pub(super) enum Word {
    Pod(Pod),
    Update(Update),
}

pub(super) struct Owners {
    api: Api,
    updates: Sender<Update>,
    /// By uid of what was looked up.
    found: Bounded<Arc<str>, Known<Option<Owner>>>,
    /// When a look-up for records failed.
    failed: Bounded<Arc<str>, Instant>,
    sought: Sought,
    lookups: JoinSet<Answer>,
    retry_at: Option<Instant>,
    backoff: Backoff,
}

impl Owners {
    pub(super) fn new(api: Api, updates: Sender<Update>) -> Self {
        Self {
            api,
            updates,
            found: Bounded::new(FOUND),
            failed: Bounded::new(FOUND),
            sought: Sought::default(),
            lookups: JoinSet::new(),
            retry_at: None,
            backoff: backoff(),
        }
    }

    /// Runs until nobody tells of pods or takes the updates any more. `wanted` are pods of other
    /// nodes that records are about.
    pub(super) async fn run(
        mut self,
        mut told: Receiver<Word>,
        mut wanted: Receiver<Arc<Pod>>,
    ) -> Closed {
        loop {
            let retry_at = self.retry_at.unwrap_or_else(Instant::now);
            let done = tokio::select! {
                word = told.recv() => match word {
                    Some(word) => self.take(word).await,
                    None => Err(Closed),
                },
                Some(pod) = wanted.recv() => self.want(&pod).await,
                Some(answer) = self.lookups.join_next() => match answer {
                    Ok((uid, found)) => self.learn(&uid, found).await,
                    Err(_) => Ok(()),
                },
                () = sleep_until(retry_at), if self.retry_at.is_some() => {
                    self.ask_again();
                    Ok(())
                }
            };
            if done.is_err() {
                return Closed;
            }
            self.look_up();
        }
    }

    async fn take(&mut self, word: Word) -> Result<(), Closed> {
        match word {
            Word::Pod(pod) => self.pod(pod).await,
            Word::Update(update) => {
                match &update {
                    Update::PodGone(_, uid) => self.sought.forget(uid),
                    // What is there is named again.
                    Update::ListBegin(_) => self.sought.forget_all(),
                    Update::ListEnd(_) | Update::Back(_) => self.ask_again(),
                    _ => {}
                }
                self.send(update).await
            }
        }
    }

    async fn pod(&mut self, mut pod: Pod) -> Result<(), Closed> {
        self.sought.forget(&pod.uid);
        let Some(reference) = Reference::of(&pod) else {
            return self.tell(pod.into()).await;
        };
        if let Some(found) = self.found.get(&reference.uid) {
            complete(&mut pod, found);
            return self.tell(pod.into()).await;
        }
        pod.owner_unknown = Some(Why::NotYetKnown);
        let mut pod = Arc::new(pod);
        if !self.sought.add(reference, &pod) {
            Arc::make_mut(&mut pod).owner_unknown = Some(Why::IndexFull);
        }
        self.tell(pod).await
    }

    async fn want(&mut self, pod: &Pod) -> Result<(), Closed> {
        let Some(reference) = Reference::of(pod) else {
            return Ok(());
        };
        let of = Arc::clone(&reference.uid);
        if let Some(owner) = self.found.get(&of).cloned() {
            return self.send(Update::Owner { of, owner }).await;
        }
        let failed = self.failed.get(&of);
        if failed.is_some_and(|at| at.elapsed() < AGAIN) {
            return Ok(());
        }
        if self.sought.want(reference) {
            return Ok(());
        }
        let owner = Known::Absent(Why::IndexFull);
        self.send(Update::Owner { of, owner }).await
    }

    fn look_up(&mut self) {
        while self.lookups.len() < LOOKUPS
            && let Some(reference) = self.sought.next()
        {
            self.lookups.spawn(reference.look_up(self.api.clone()));
        }
    }

    async fn learn(
        &mut self,
        uid: &Arc<str>,
        found: Result<Known<Option<Owner>>, Failure>,
    ) -> Result<(), Closed> {
        let owner = match found {
            Ok(owner) => owner,
            Err(failure) => return self.fails(uid, &failure).await,
        };
        self.found.insert(Arc::clone(uid), owner.clone());
        let Some(waiting) = self.sought.found(uid) else {
            return Ok(());
        };
        for mut pod in waiting.pods.into_values() {
            complete(Arc::make_mut(&mut pod), &owner);
            self.tell(pod).await?;
        }
        if waiting.wanted {
            let of = Arc::clone(uid);
            self.send(Update::Owner { of, owner }).await?;
        }
        if self.sought.is_empty() {
            self.backoff.reset();
        }
        Ok(())
    }

    /// Those pods go without for the time being, and say why. For those of this node it is tried
    /// again, for others when a record is about them.
    async fn fails(&mut self, uid: &Arc<str>, failure: &Failure) -> Result<(), Closed> {
        if self.backoff.failures() == 0 {
            warn!("owners of pods can't be looked up: {failure}");
        }
        if self.retry_at.is_none() {
            self.retry_at = Some(Instant::now() + self.backoff.next(jitter()));
        }
        let why = failure.why();
        let (changed, was_wanted) = self.sought.failed(uid, why);
        for pod in changed {
            self.tell(pod).await?;
        }
        if was_wanted {
            let (of, owner) = (Arc::clone(uid), Known::Absent(why));
            self.failed.insert(Arc::clone(&of), Instant::now());
            self.send(Update::Owner { of, owner }).await?;
        }
        Ok(())
    }

    fn ask_again(&mut self) {
        self.retry_at = None;
        self.sought.ask_again();
    }

    async fn tell(&self, pod: Arc<Pod>) -> Result<(), Closed> {
        self.send(Update::Pod(Source::Kubernetes, pod)).await
    }

    async fn send(&self, update: Update) -> Result<(), Closed> {
        self.updates.send(update).await.map_err(|_| Closed)
    }
}

fn complete(pod: &mut Pod, owner: &Known<Option<Owner>>) {
    pod.owners.truncate(1);
    pod.owner_unknown = owner.why();
    pod.owners.extend(owner.value().cloned().flatten());
}

impl From<Update> for Word {
    fn from(update: Update) -> Self {
        Self::Update(update)
    }
}
